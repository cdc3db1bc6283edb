"""Tiny seeded CLIP and SigLIP models with both towers and a tokenizer: complete folders, and what transformers computes with them.

Every row of MODELS is a folder fixtures/zero-shot/<name>/ with the checkpoint, its tokenizer and
`expected.safetensors`, computed in float64 from the weights as they are in the file, and stored as F32:

    image_features [1, P]        of `picture`, projected, not normalised
    text_features [labels, P]    of LABELS, projected, not normalised
    probabilities [labels]       softmax(exp(logit_scale) · cosines), sigmoid(… + logit_bias) of SigLIP
    text.embeddings [77, D]      of the first label: token plus position embeddings
    text.blocks.{i} [77, D]      after every encoder block
    lens.image_features [layers, P]   what the tower's own end makes of its state after every block (the logit lens)
    lens.patches [layers, patches, P] and of each patch's own token, of CLIP

`zero-shot.json` has the pictures, the labels and their token ids, without padding.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from families import CLIP_VISION, F16, F32, VIT, randomise, shortest_edge, squash
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
    family: str = "clip"
    picture: dict = field(default_factory=lambda: {"kind": "gradient", "width": 31, "height": 26})


TEXT = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40}
MODELS = [
    ZeroShotModel("clip", TEXT),
    # As openai's files are: the wrong eos_token_id, which makes the pooled position that of the largest id.
    ZeroShotModel("clip-legacy-eos", TEXT | {"eos_token_id": 2, "hidden_act": "gelu"}, {"hidden_act": "gelu"}, F16),
    ZeroShotModel("siglip", TEXT | {"projection_size": 16}, family="siglip"),
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


def train_sentence_tokenizer() -> transformers.PreTrainedTokenizerFast:
    """Like SigLIP's: SentencePiece's Unigram on text in lower case without punctuation, filled up with the end token."""
    learner = Tokenizer(models.Unigram())
    learner.normalizer = normalizers.Sequence([
        normalizers.Lowercase(),
        normalizers.Replace(Regex(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"), ""),
        normalizers.NFKC(),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
    ])  # fmt: skip
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    learner.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=300, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False
    )
    learner.train_from_iterator(CORPUS, trainer)
    learner.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=learner, unk_token="<unk>", eos_token="</s>", pad_token="</s>", model_max_length=64
    )


def make_clip(model: ZeroShotModel) -> tuple:
    tokenizer = train_tokenizer()
    special = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    text = {"vocab_size": len(tokenizer), "max_position_embeddings": 77, "pad_token_id": 1} | special | model.text
    config = transformers.CLIPConfig(text_config=text, vision_config=CLIP_VISION | model.vision, projection_dim=8)
    processor = shortest_edge(16, 16, image_processor_type="CLIPImageProcessor")
    return tokenizer, transformers.CLIPModel(config), processor, transformers.CLIPImageProcessorPil


def make_siglip(model: ZeroShotModel) -> tuple:
    tokenizer = train_sentence_tokenizer()
    text = {"vocab_size": len(tokenizer), "max_position_embeddings": 64} | model.text
    config = transformers.SiglipConfig(text_config=text, vision_config=VIT | model.vision)
    processor = squash(16, 16, image_processor_type="SiglipImageProcessor")
    return tokenizer, transformers.SiglipModel(config), processor, transformers.SiglipImageProcessorPil


def write_model(model: ZeroShotModel, seed: int, folder: Path) -> dict:
    make = {"clip": make_clip, "siglip": make_siglip}[model.family]
    tokenizer, network, processor, processor_class = make(model)
    network = network.eval()
    randomise(network, seed)
    network.logit_scale.data = torch.tensor(2.3)
    if hasattr(network, "logit_bias"):
        network.logit_bias.data = torch.tensor([-1.7])
    network = network.to(model.dtype)
    network.save_pretrained(folder, save_original_format=True)
    tokenizer.save_pretrained(folder)
    packed = json.dumps(json.loads((folder / "tokenizer.json").read_text()), ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(packed + "\n")
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=2) + "\n")

    network = network.double()
    picture = {"seed": 100 * seed, **model.picture}
    pixel_values = process(make_processor(processor_class, processor), test_image(**picture))
    ids = tokenizer(LABELS, padding="max_length", truncation=True, return_tensors="pt").input_ids
    expected = compute(network, torch.from_numpy(pixel_values).double()[None], ids)
    save_file({name: values.float().contiguous() for name, values in expected.items()}, folder / "expected.safetensors")
    kept = tokenizer(LABELS, truncation=True).input_ids
    return {"name": model.name, "picture": picture, "labels": LABELS, "ids": kept}


def end_of(network: torch.nn.Module, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Features [1, P] of a state of the picture tower, and of CLIP those of its patches [1, patches, P]."""
    normed = network.vision_model.post_layernorm(state)
    if not hasattr(network, "visual_projection"):
        return network.vision_model.head(normed), None
    return network.visual_projection(normed[:, 0]), network.visual_projection(normed[:, 1:])


def compute(network: torch.nn.Module, pixel_values: torch.Tensor, ids: torch.Tensor) -> dict[str, torch.Tensor]:
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
        results["text_features"] = network.get_text_features(ids).pooler_output
        results["image_features"] = network.get_image_features(pixel_values).pooler_output
    for hook in hooks:
        hook.remove()
        states = network.vision_model(pixel_values, output_hidden_states=True).hidden_states[1:]
        ends = [end_of(network, state) for state in states]
        results["lens.image_features"] = torch.cat([feature for feature, _ in ends])
        if hasattr(network, "visual_projection"):
            results["lens.patches"] = torch.cat([patches for _, patches in ends])
    assert torch.allclose(results["lens.image_features"][-1:], results["image_features"], atol=1e-9)
    [logits] = output.logits_per_image
    results["probabilities"] = logits.sigmoid() if hasattr(network, "logit_bias") else logits.softmax(-1)
    return results


def write_zero_shot(fixtures: Path) -> None:
    shutil.rmtree(fixtures / "zero-shot", ignore_errors=True)
    rows = []
    for seed, model in enumerate(MODELS, start=800):
        folder = fixtures / "zero-shot" / model.name
        folder.mkdir(parents=True)
        rows.append(write_model(model, seed, folder))
    (fixtures / "zero-shot.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
