"""Tiny seeded models of Hugging Face's families: complete folders, and what transformers computes with them.

Every row of MODELS is a folder fixtures/families/<name>/ with the checkpoint and `expected.safetensors`: for each of its
pictures (a `case`, of the model's own size or of another `imageSize`) `<case>.tokens`, the last hidden state, and
`<case>.logits` where there is a head, `<case>.embedding` where pooled features go through a norm. Everything is computed in float64 from the weights as they are in the file, and
stored as F32. One exception: the float32 in which DINOv2 and timm resample position embeddings.
"""

import copy
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file

from noise import test_image
from preprocessing import make_processor, process

F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
BLOCKS = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
VIT = BLOCKS | {"intermediate_size": 20, "image_size": 16, "patch_size": 4}
DINO = BLOCKS | {"mlp_ratio": 2, "image_size": 20, "patch_size": 4}
TEXT = {"hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 4, "vocab_size": 5}
TEXT |= {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 0, "max_position_embeddings": 4}


def squash(height: int, width: int, **more) -> dict:
    size = {"size": {"height": height, "width": width}, "resample": 2}
    return {"image_processor_type": "ViTImageProcessor"} | size | HALF | more


def shortest_edge(edge: int, crop: int, **more) -> dict:
    shape = {"size": {"shortest_edge": edge}, "crop_size": {"height": crop, "width": crop}}
    return {"image_processor_type": "BitImageProcessor", "resample": 3} | shape | IMAGENET | more


def deit(size: int, crop: int) -> dict:
    shape = {"crop_size": {"height": crop, "width": crop}, "resample": 3}
    return squash(size, size, image_processor_type="DeiTImageProcessor", **shape, **IMAGENET)


def rescaled(height: int, width: int, **more) -> dict:
    size = {"size": {"height": height, "width": width}, "resample": 2}
    return {"image_processor_type": "DINOv3ViTImageProcessorFast"} | size | IMAGENET | more


@dataclass
class Case:
    """A picture, and how the processor's settings become those of another image size."""

    name: str
    image: list[int] | None = None  # height, width
    processor: dict = field(default_factory=dict)
    picture: dict = field(default_factory=lambda: {"kind": "gradient", "width": 31, "height": 26})


@dataclass
class TinyModel:
    name: str
    architecture: str
    config: dict
    processor: dict
    cases: list[Case] = field(default_factory=lambda: [Case("own")])
    classes: int = 5
    dtype: torch.dtype = F32
    version: int = 4  # whose tensor names the file has: transformers 4's or 5's
    prefix: str | None = None  # put before every name


def other_size(name: str, height: int, width: int) -> Case:
    return Case(name, [height, width], {"size": {"height": height, "width": width}})


LARGER = other_size("larger", 24, 24)
OBLONG = other_size("oblong", 12, 28)
BARELY = other_size("barely", 20, 16)
DINOV3 = VIT | {"num_register_tokens": 3, "layerscale_value": 0.5}
BEIT = VIT | {"use_relative_position_bias": True}
CLIP_VISION = VIT | {"projection_dim": 8}
MODELS = [
    TinyModel("vit", "ViTForImageClassification", VIT, squash(16, 16), [Case("own"), LARGER, OBLONG, BARELY]),
    TinyModel("vit-oblong", "ViTForImageClassification", VIT | {"image_size": [12, 20]}, squash(12, 20), version=5, dtype=F16),
    TinyModel("vit-model", "ViTModel", VIT | {"qkv_bias": False}, squash(16, 16), dtype=F16),
    TinyModel("vit-model-5", "ViTModel", VIT, squash(16, 16), version=5, prefix="module.", dtype=BF16),
    TinyModel("vit-multi-label", "ViTForImageClassification", VIT | {"problem_type": "multi_label_classification", "hidden_act": "gelu_pytorch_tanh"}, squash(16, 16), dtype=F16),
    TinyModel("vit-one-class", "ViTForImageClassification", VIT, squash(16, 16), classes=1, dtype=F16),
    TinyModel("vit-mae", "ViTMAEForPreTraining", VIT | {"decoder_hidden_size": 8, "decoder_num_hidden_layers": 1, "decoder_num_attention_heads": 1, "decoder_intermediate_size": 4, "mask_ratio": 0.0}, squash(16, 16), dtype=F16),
    TinyModel("vit-msn", "ViTMSNForImageClassification", VIT, squash(16, 16), dtype=BF16),
    TinyModel("i-jepa", "IJepaForImageClassification", VIT, squash(16, 16), [Case("own"), OBLONG], version=5, dtype=BF16),
    TinyModel("deit", "DeiTForImageClassification", VIT, deit(18, 16), version=4, dtype=BF16),
    TinyModel("deit-model", "DeiTModel", VIT, deit(18, 16), version=5, dtype=F16),
    TinyModel("deit-distilled", "DeiTForImageClassificationWithTeacher", VIT, deit(18, 16), [Case("own"), Case("larger", [24, 24], {"size": {"height": 27, "width": 27}, "crop_size": {"height": 24, "width": 24}})], dtype=F16),
    TinyModel("deit-distilled-5", "DeiTForImageClassificationWithTeacher", VIT, deit(18, 16), version=5, dtype=F16),
    # Images of the file's crop, not of the 20 × 20 pixels of the config.
    TinyModel("dinov2", "Dinov2ForImageClassification", DINO, shortest_edge(19, 16), [Case("own"), Case("trained", [20, 20], {"size": {"shortest_edge": 24}, "crop_size": {"height": 20, "width": 20}}), Case("oblong", [8, 28], {"size": {"shortest_edge": 33}, "crop_size": {"height": 8, "width": 28}})]),
    TinyModel("dinov2-model", "Dinov2Model", DINO | {"qkv_bias": False}, shortest_edge(24, 20), version=5, dtype=F16),
    TinyModel("dinov2-swiglu", "Dinov2ForImageClassification", DINO | {"use_swiglu_ffn": True}, shortest_edge(16, 16), dtype=F16),
    TinyModel("dinov2-swiglu-5", "Dinov2Model", DINO | {"use_swiglu_ffn": True}, shortest_edge(16, 16), version=5, dtype=BF16),
    TinyModel("dinov2-registers", "Dinov2WithRegistersForImageClassification", DINO | {"num_register_tokens": 3}, shortest_edge(16, 12), [Case("own"), Case("larger", [28, 24], {"size": {"shortest_edge": 37}, "crop_size": {"height": 28, "width": 24}})], dtype=F16),
    TinyModel("dinov2-registers-5", "Dinov2WithRegistersModel", DINO | {"use_swiglu_ffn": True}, shortest_edge(16, 16), version=5, dtype=BF16),
    TinyModel("clip", "CLIPForImageClassification", {"vision_config": CLIP_VISION, "text_config": TEXT}, shortest_edge(20, 16, image_processor_type="CLIPImageProcessor"), dtype=BF16),
    TinyModel("clip-model", "CLIPModel", {"vision_config": CLIP_VISION, "text_config": TEXT, "projection_dim": 8}, shortest_edge(16, 16, image_processor_type="CLIPImageProcessor"), dtype=F16),
    TinyModel("clip-vision", "CLIPVisionModel", CLIP_VISION, shortest_edge(16, 16, image_processor_type="CLIPImageProcessor"), [Case("own"), Case("larger", [24, 24], {"size": {"shortest_edge": 24}, "crop_size": {"height": 24, "width": 24}})], dtype=F16),
    TinyModel("siglip", "SiglipForImageClassification", {"vision_config": VIT, "text_config": TEXT | {"projection_size": 4}}, squash(16, 16, image_processor_type="SiglipImageProcessor"), [Case("own"), OBLONG], dtype=F16),
]  # fmt: skip
# Positions are rotations or biases of the scores.
MODELS_WITHOUT_EMBEDDED_POSITIONS = [
    TinyModel("dinov3", "DINOv3ViTModel", DINOV3, rescaled(16, 16), [Case("own"), LARGER, OBLONG], dtype=F16),
    TinyModel("dinov3-5", "DINOv3ViTModel", DINOV3 | {"query_bias": False, "value_bias": False, "num_register_tokens": 0}, rescaled(12, 20), version=5, dtype=BF16),
    TinyModel("dinov3-gated", "DINOv3ViTModel", DINOV3 | {"use_gated_mlp": True, "hidden_act": "silu", "rope_theta": 10.0, "key_bias": True}, rescaled(16, 16), version=5, dtype=F16),
    TinyModel("dinov3-no-biases", "DINOv3ViTModel", DINOV3 | {"proj_bias": False, "mlp_bias": False, "layer_norm_eps": 0.01, "patch_size": [4, 2]}, rescaled(16, 16), dtype=F16),
    TinyModel("dinov3-head", "DINOv3ViTForImageClassification", DINOV3, rescaled(16, 16), [Case("own"), OBLONG]),
    TinyModel("dinov3-head-on-both", "DINOv3ViTForImageClassification", DINOV3 | {"concat_mean": True}, rescaled(16, 16), version=5, dtype=BF16),
    TinyModel("beit", "BeitForImageClassification", BEIT, squash(16, 16, image_processor_type="BeitImageProcessor", resample=3), [Case("own"), LARGER, OBLONG]),
    TinyModel("beit-5", "BeitForImageClassification", BEIT | {"use_mean_pooling": False, "use_mask_token": True}, squash(16, 16, image_processor_type="BeitImageProcessor"), [Case("own"), OBLONG], version=5, dtype=BF16),
    TinyModel("beit-shared", "BeitModel", VIT | {"use_shared_relative_position_bias": True, "use_absolute_position_embeddings": True, "layer_scale_init_value": 0.0}, squash(16, 16, image_processor_type="BeitImageProcessor"), [Case("own"), LARGER], dtype=F16),
    TinyModel("beit-shared-5", "BeitModel", VIT | {"use_shared_relative_position_bias": True}, squash(16, 16, image_processor_type="BeitImageProcessor"), version=5, dtype=BF16),
    TinyModel("data2vec-vision", "Data2VecVisionForImageClassification", BEIT, squash(16, 16, image_processor_type="BeitImageProcessor"), [Case("own"), LARGER], dtype=BF16),
    TinyModel("aimv2", "Aimv2VisionModel", VIT | {"use_head": False}, shortest_edge(16, 16, image_processor_type="CLIPImageProcessor"), dtype=F16),
    TinyModel("aimv2-head", "Aimv2VisionModel", VIT | {"qkv_bias": True, "mlp_bias": True, "num_hidden_layers": 1}, shortest_edge(16, 16, image_processor_type="CLIPImageProcessor"), version=5, dtype=BF16),
]  # fmt: skip

# Stages of windows: a grid of 8 × 8 in windows of 4, then one of 4 × 4, which a window covers. 9 × 11 patches are filled
# up to whole windows, and to fours where stages meet.
SWIN = {"image_size": 16, "patch_size": 2, "embed_dim": 8, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4, "mlp_ratio": 2.0}
ODD = other_size("odd", 18, 22)
SWIN_MODELS = [
    TinyModel("swin", "SwinForImageClassification", SWIN, squash(16, 16), [Case("own"), ODD], dtype=BF16),
    TinyModel("swin-5", "SwinForImageClassification", SWIN | {"qkv_bias": False, "use_absolute_embeddings": True, "layer_norm_eps": 0.01, "hidden_act": "relu"}, squash(16, 16), [Case("own"), ODD], version=5, dtype=F16),
    TinyModel("swin-model", "SwinModel", SWIN | {"depths": [1, 2, 1, 1], "num_heads": [1, 2, 2, 4], "embed_dim": 4, "window_size": 3, "image_size": [32, 48]}, squash(48, 80), version=5, dtype=BF16),
    TinyModel("swinv2", "Swinv2ForImageClassification", SWIN, squash(16, 16), [Case("own"), ODD], dtype=F16),
    TinyModel("swinv2-model", "Swinv2Model", SWIN | {"depths": [2, 1], "qkv_bias": False, "window_size": 3, "pretrained_window_sizes": [2, 4], "layer_norm_eps": 0.01}, squash(20, 16), version=5, dtype=F16),
    TinyModel("swinv2-small-windows", "Swinv2Model", SWIN | {"depths": [1, 2], "window_size": 6}, squash(16, 16), [Case("own"), ODD], dtype=BF16),
]  # fmt: skip


class DINOv3ViTForImageClassification(transformers.DINOv3ViTModel):
    """What people put on it, for want of one in transformers: a linear head on the class token, or on that and the mean
    of the patches."""

    def __init__(self, config):
        super().__init__(config)
        self.both = getattr(config, "concat_mean", False)
        self.classifier = torch.nn.Linear(config.hidden_size * (1 + self.both), config.num_labels)

    def forward(self, pixel_values):
        output = super().forward(pixel_values)
        patches = output.last_hidden_state[:, 1 + self.config.num_register_tokens :]
        both = torch.cat([output.pooler_output, patches.mean(dim=1)], dim=1)
        output["logits"] = self.classifier(both if self.both else output.pooler_output)
        return output


def make_network(model: TinyModel) -> torch.nn.Module:
    architecture = globals().get(model.architecture) or getattr(transformers, model.architecture)
    labels = {i: f"class {i}" for i in range(model.classes)}
    classifies = "ForImageClassification" in model.architecture
    named = {"id2label": labels, "label2id": {name: i for i, name in labels.items()}} if classifies else {}
    return architecture(architecture.config_class(**model.config, **named))


def randomise(network: torch.nn.Module, seed: int) -> None:
    """Nothing is an identity: biases, norms, positions and LayerScale are random, queries and keys large enough that
    attention is far from uniform. NumPy's generator, because its streams do not change between versions."""
    random = np.random.Generator(np.random.PCG64(seed))
    for name, parameter in sorted(network.named_parameters()):
        values = random.standard_normal(tuple(parameter.shape))
        if name.endswith("bias"):
            values *= 0.3
        elif "self.logit_scale" in name:  # a logarithm, the first beyond the largest
            values = 2 + 0.5 * values
            values[0] = 5
        elif "continuous_position" in name:
            values /= np.sqrt(parameter.shape[1])
        elif "norm" in name or "lambda" in name:
            values = 1 + 0.3 * values
        elif name.endswith("weight") and "position" not in name:
            gain = 2 if "q_proj" in name or "k_proj" in name else 1
            values *= gain / np.sqrt(np.prod(parameter.shape[1:]))
        else:  # tokens and position embeddings
            values *= 0.5
        parameter.data = torch.from_numpy(values).to(parameter.dtype)


def save(network: torch.nn.Module, model: TinyModel, folder: Path) -> None:
    network.save_pretrained(folder, save_original_format=model.version == 4)
    if model.prefix:
        tensors = load_file(folder / "model.safetensors")
        renamed = {model.prefix + name: values for name, values in tensors.items()}
        save_file(renamed, folder / "model.safetensors", {"format": "pt"})
    (folder / "preprocessor_config.json").write_text(json.dumps(model.processor, indent=2) + "\n")


def compute(network: torch.nn.Module, pixel_values: torch.Tensor, resized: bool) -> dict[str, torch.Tensor]:
    """`tokens` [tokens, hidden] after the final norm, and `logits`, as the library's own forward pass gives them."""
    body = network.vision_model if hasattr(network, "vision_model") else network.base_model
    family = type(network).__name__
    if "DINOv3" in family:  # whose `model` is but the blocks
        body = network
    classifies = "ForImageClassification" in family
    # CLIP puts its final norm on the class token alone, and does without when it classifies.
    norm = body.post_layernorm if family.startswith("CLIP") and not classifies else torch.nn.Identity()
    options = {}
    if resized and "Dinov2" not in family and "DINOv3" not in family:  # which always takes any size
        options["interpolate_pos_encoding"] = True
    if family.startswith("ViTMAE"):  # leaves the patches in their order; shuffling is for training
        options["noise"] = torch.arange(16, dtype=torch.float64)[None]
    results = {}

    def keep(_module, _inputs, output):
        results["tokens"] = norm(output.last_hidden_state)[0]
        if getattr(network.config, "use_mean_pooling", False):  # through a norm, and so not the tokens' mean
            results["embedding"] = output.pooler_output[0]

    hook = body.register_forward_hook(keep)
    with torch.no_grad():
        output = (network if classifies else body)(pixel_values[None], **options)
    hook.remove()
    if classifies:
        results["logits"] = output.logits[0]
    return results


def processor_of(name: str):
    return transformers.DINOv3ViTImageProcessor if "DINOv3" in name else getattr(transformers, name + "Pil")


def write_model(model: TinyModel, seed: int, folder: Path) -> dict:
    network = make_network(model).eval()
    randomise(network, seed)
    network = network.to(model.dtype)
    save(network, model, folder)
    network = network.double()
    if hasattr(network, "rope_embeddings"):  # computed again, for they were rounded along with the weights
        network.rope_embeddings = type(network.rope_embeddings)(network.config).eval()
    for module in network.modules():
        if hasattr(module, "create_coords_table_and_index"):  # likewise
            module.relative_coords_table = module.create_coords_table_and_index()[0].double()
    expected, cases = {}, []
    processor = processor_of(model.processor["image_processor_type"])
    for i, case in enumerate(model.cases):
        picture = {"seed": 100 * seed + i, **case.picture}
        pixel_values = process(make_processor(processor, model.processor | case.processor), test_image(**picture))
        # A copy, because a Swin that has seen small images no longer shifts its windows.
        results = compute(copy.deepcopy(network), torch.from_numpy(pixel_values).double(), case.image is not None)
        for name, values in results.items():
            expected[f"{case.name}.{name}"] = values.float().contiguous()
        size = {"imageSize": {"height": case.image[0], "width": case.image[1]}} if case.image else {}
        cases.append({"name": case.name, "picture": picture} | size)
    save_file(expected, folder / "expected.safetensors")
    return {"name": model.name, "modelType": network.config.model_type, "cases": cases}


def write_families(fixtures: Path) -> None:
    shutil.rmtree(fixtures / "families", ignore_errors=True)
    rows = []
    seeded = [(MODELS, 300), (MODELS_WITHOUT_EMBEDDED_POSITIONS, 500), (SWIN_MODELS, 700)]
    for seed, model in [row for models, start in seeded for row in enumerate(models, start)]:
        folder = fixtures / "families" / model.name
        folder.mkdir(parents=True)
        rows.append(write_model(model, seed, folder))
    (fixtures / "families.json").write_text(json.dumps(rows, indent=1) + "\n")
