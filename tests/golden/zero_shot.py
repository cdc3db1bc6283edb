"""Tiny seeded CLIP models with both towers and a tokenizer: complete folders, and what transformers computes with them.

Every row of MODELS is a folder fixtures/zero-shot/<name>/ with the checkpoint, its tokenizer and
`expected.safetensors`, computed in float64 from the weights as they are in the file, and stored as F32:

    image_features [1, P]        of `picture`, projected, not normalised
    text_features [labels, P]    of LABELS, projected, not normalised
    probabilities [labels]       softmax(exp(logit_scale) · cosines)
    text.embeddings [77, D]      of the first label: token plus position embeddings
    text.blocks.{i} [77, D]      after every encoder block

`zero-shot.json` has the pictures, the labels and their token ids.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from families import CLIP_VISION, F16, F32, randomise, shortest_edge
from noise import test_image
from preprocessing import make_processor, process

BOS, EOS = "<|startoftext|>", "<|endoftext|>"

# Different lengths, case, accents, digits, emoji and odd spaces; the last does not fit into 77 tokens.
LABELS = [
    "a tabby cat",
    "A  Pizza\twith olives",
    "ein Straßenkaffee für 3,50 €",
    "猫と犬",
    "it's raining 🌧️!",
    "",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen " * 6,
]

CORPUS = (LABELS + ["a photo of a cat and a dog", "an image of a street in the rain", "a cup of coffee, a plate"]) * 3


@dataclass
class ZeroShotModel:
    name: str
    text: dict
    vision: dict = field(default_factory=dict)
    dtype: torch.dtype = F32
    picture: dict = field(default_factory=lambda: {"kind": "gradient", "width": 31, "height": 26})


TEXT = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40}
MODELS = [
    ZeroShotModel("clip", TEXT),
    # As openai's files are: the wrong eos_token_id, which makes the pooled position that of the largest id.
    ZeroShotModel("clip-legacy-eos", TEXT | {"eos_token_id": 2, "hidden_act": "gelu"}, {"hidden_act": "gelu"}, F16),
]


def train_tokenizer() -> transformers.CLIPTokenizer:
    """CLIP's own tokenizer with a vocabulary of its own: all bytes, inside words and at their ends, and 150 merges."""
    reference = transformers.CLIPTokenizer()
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = reference.backend_tokenizer.normalizer
    learner.pre_tokenizer = reference.backend_tokenizer.pre_tokenizer
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False
    )
    learner.train_from_iterator(CORPUS, trainer)
    merges = [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]
    tokens = alphabet + [letter + "</w>" for letter in alphabet] + ["".join(pair) for pair in merges] + [BOS, EOS]
    vocab = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    return transformers.CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77)


def write_model(model: ZeroShotModel, seed: int, folder: Path) -> dict:
    tokenizer = train_tokenizer()
    special = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    config = transformers.CLIPConfig(
        text_config={"vocab_size": len(tokenizer), "max_position_embeddings": 77, "pad_token_id": 1} | special | model.text,
        vision_config=CLIP_VISION | model.vision,
        projection_dim=8,
    )
    network = transformers.CLIPModel(config).eval()
    randomise(network, seed)
    network.logit_scale.data = torch.tensor(2.3)
    network = network.to(model.dtype)
    network.save_pretrained(folder, save_original_format=True)
    tokenizer.save_pretrained(folder)
    processor = shortest_edge(16, 16, image_processor_type="CLIPImageProcessor")
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=2) + "\n")

    network = network.double()
    picture = {"seed": 100 * seed, **model.picture}
    pixel_values = process(make_processor(transformers.CLIPImageProcessorPil, processor), test_image(**picture))
    ids = tokenizer(LABELS, padding="max_length", truncation=True, return_tensors="pt").input_ids
    expected = compute(network, torch.from_numpy(pixel_values).double()[None], ids)
    save_file({name: values.float().contiguous() for name, values in expected.items()}, folder / "expected.safetensors")
    lengths = [row.index(tokenizer.eos_token_id) + 1 for row in ids.tolist()]
    kept = [row[:length] for row, length in zip(ids.tolist(), lengths)]
    return {"name": model.name, "picture": picture, "labels": LABELS, "ids": kept}


def compute(network: transformers.CLIPModel, pixel_values: torch.Tensor, ids: torch.Tensor) -> dict[str, torch.Tensor]:
    results = {}
    text = network.text_model

    def keep(name):
        def hook(_module, _inputs, output):
            results[name] = (output[0] if isinstance(output, tuple) else output)[0]

        return hook

    hooks = [text.embeddings.register_forward_hook(keep("text.embeddings"))]
    for i, layer in enumerate(text.encoder.layers):
        hooks.append(layer.register_forward_hook(keep(f"text.blocks.{i}")))
    with torch.no_grad():
        output = network(input_ids=ids, pixel_values=pixel_values)
        results["text_features"] = network.text_projection(text(ids).pooler_output)
        results["image_features"] = network.visual_projection(network.vision_model(pixel_values).pooler_output)
    for hook in hooks:
        hook.remove()
    results["probabilities"] = output.logits_per_image.softmax(-1)[0]
    return results


def write_zero_shot(fixtures: Path) -> None:
    shutil.rmtree(fixtures / "zero-shot", ignore_errors=True)
    rows = []
    for seed, model in enumerate(MODELS, start=800):
        folder = fixtures / "zero-shot" / model.name
        folder.mkdir(parents=True)
        rows.append(write_model(model, seed, folder))
    (fixtures / "zero-shot.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
