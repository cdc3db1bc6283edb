"""Tiny seeded models: complete Hugging Face folders, and every stage of their forward pass."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import ViTConfig, ViTForImageClassification

from noise import test_image
from preprocessing import PROCESSORS, make_processor, process
from reference_forward import reference_forward


@dataclass
class TinyModel:
    """One row of the table below. Sizes are chosen to leave a remainder for every vector width and block size."""

    name: str
    image: list[int]  # height, width
    patch: int | list[int]
    hidden: int
    heads: int
    layers: int
    mlp: int
    classes: int
    dtype: torch.dtype
    preprocessor: dict
    activation: str = "gelu"
    eps: float = 1e-12
    qkv_bias: bool = True
    version: int = 4  # whose tensor names the file has: transformers 4's or 5's
    picture: dict = field(default_factory=lambda: {"kind": "gradient", "width": 37, "height": 53})


def squash(height: int, width: int, **more) -> dict:
    return {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": height, "width": width},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    } | more


LEGACY_SQUARE = {
    "do_normalize": True,
    "do_resize": True,
    "feature_extractor_type": "ViTFeatureExtractor",
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "resample": 2,
    "size": 16,
}

IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}

DEIT = squash(36, 36, resample=3, **IMAGENET) | {
    "image_processor_type": "DeiTImageProcessor",
    "do_center_crop": True,
    "crop_size": {"height": 32, "width": 32},
}

ODD = squash(21, 21, **IMAGENET)

F32, F16, BF16, F64 = torch.float32, torch.float16, torch.bfloat16, torch.float64
SMALL = {"image": [8, 8], "patch": 4, "hidden": 8, "heads": 2, "layers": 1, "mlp": 12, "classes": 2} | {
    "preprocessor": squash(8, 8),
    "picture": {"kind": "noise", "width": 8, "height": 8},
}
MODELS = [
    TinyModel("square", [16, 16], 4, 24, 3, 2, 40, 5, F32, LEGACY_SQUARE),
    TinyModel("oblong", [20, 25], 5, 20, 2, 2, 52, 3, F32, squash(20, 25), eps=1e-6, qkv_bias=False),
    TinyModel("three-blocks", [32, 32], 8, 64, 4, 3, 96, 10, F16, DEIT),
    TinyModel("odd-sizes", [21, 21], [7, 3], 33, 3, 2, 37, 7, BF16, ODD, eps=0.05, version=5),
    TinyModel("one-head", [12, 12], 4, 80, 1, 1, 84, 6, BF16, squash(12, 12, resample=3)),
    TinyModel("many-tokens", [24, 24], 2, 36, 2, 1, 44, 9, F32, squash(24, 24), version=5),
    *(
        TinyModel(activation, dtype=dtype, activation=activation, version=version, **SMALL)
        for activation, dtype, version in (
            ("gelu_new", BF16, 4),
            ("gelu_pytorch_tanh", F16, 5),
            ("quick_gelu", F32, 4),
            ("relu", F16, 4),
            ("silu", F64, 5),
        )
    ),
]


def make_config(model: TinyModel) -> ViTConfig:
    return ViTConfig(
        image_size=model.image if model.image[0] != model.image[1] else model.image[0],
        patch_size=model.patch,
        hidden_size=model.hidden,
        num_attention_heads=model.heads,
        num_hidden_layers=model.layers,
        intermediate_size=model.mlp,
        hidden_act=model.activation,
        layer_norm_eps=model.eps,
        qkv_bias=model.qkv_bias,
        id2label={i: f"class {i}" for i in range(model.classes)},
        label2id={f"class {i}": i for i in range(model.classes)},
    )


def make_weights(network: ViTForImageClassification, seed: int) -> None:
    """Nothing is an identity: biases, layer norms and positions are random, queries and keys large enough that
    attention is far from uniform. NumPy's generator, because its streams do not change between versions."""
    random = np.random.Generator(np.random.PCG64(seed))
    for name, parameter in sorted(network.named_parameters()):
        values = random.standard_normal(tuple(parameter.shape))
        if name.endswith("bias"):
            values *= 0.3
        elif "layernorm" in name:
            values = 1 + 0.3 * values
        elif parameter.dim() > 1 and parameter.shape[0] > 1:
            gain = 2 if "q_proj" in name or "k_proj" in name else 1
            values *= gain / np.sqrt(np.prod(parameter.shape[1:]))
        else:  # class token and position embeddings
            values *= 0.5
        parameter.data = torch.from_numpy(values).to(parameter.dtype)


def observe_stages(network: ViTForImageClassification, pixel_values: torch.Tensor) -> dict[str, torch.Tensor]:
    """Every stage of transformers' own forward pass on [3, H, W], without the batch dimension."""
    stages = {}

    def keep(module, name):
        def hook(_module, _inputs, output):
            stages[name] = output[0]

        return module.register_forward_hook(hook)

    body = network.vit
    hooks = [keep(body.embeddings.patch_embeddings, "patches"), keep(body.embeddings, "tokens")]
    hooks += [keep(block, f"blocks.{i}") for i, block in enumerate(body.layers)]
    hooks += [keep(body.layernorm, "norm")]
    with torch.no_grad():
        stages["logits"] = network(pixel_values[None]).logits[0]
    for hook in hooks:
        hook.remove()
    stages["probabilities"] = stages["logits"].softmax(-1)
    return stages


def check_against_reference(config: ViTConfig, network: ViTForImageClassification, pixel_values, stages) -> None:
    weights = {name.removeprefix("vit."): value.numpy() for name, value in network.state_dict().items()}
    expected = reference_forward(config.to_dict(), weights, pixel_values.numpy())
    assert expected.keys() == stages.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(stages[name].numpy(), values, rtol=1e-11, atol=1e-11, err_msg=name)


def write_model(model: TinyModel, seed: int, folder: Path, stages_file: Path) -> dict:
    config = make_config(model)
    network = ViTForImageClassification(config)
    make_weights(network, seed)
    network = network.to(model.dtype)
    network.save_pretrained(folder, save_original_format=model.version == 4)
    (folder / "preprocessor_config.json").write_text(json.dumps(model.preprocessor, indent=2) + "\n")
    names = load_file(folder / "model.safetensors").keys()
    assert any(name.startswith("vit.encoder.layer.0.") for name in names) == (model.version == 4)
    assert any(name.startswith("vit.layers.0.") for name in names) == (model.version == 5)

    picture = {"seed": seed, **model.picture}
    family = "DeiT" if "crop_size" in model.preprocessor else "ViT"
    processor = make_processor(PROCESSORS[family], model.preprocessor)
    pixel_values = torch.from_numpy(process(processor, test_image(**picture)))
    network = network.double().eval()  # the weights as rounded in the file, all arithmetic in float64
    stages = observe_stages(network, pixel_values.double())
    check_against_reference(config, network, pixel_values.double(), stages)
    stages = {"pixel_values": pixel_values} | {name: values.float() for name, values in stages.items()}
    save_file({name: values.contiguous() for name, values in stages.items()}, stages_file)
    return {"name": model.name, "picture": picture}


def write_models(fixtures: Path) -> None:
    for folder in ("models", "stages"):
        shutil.rmtree(fixtures / folder, ignore_errors=True)
        (fixtures / folder).mkdir(parents=True)
    rows = []
    for seed, model in enumerate(MODELS, start=100):
        stages_file = fixtures / "stages" / f"{model.name}.safetensors"
        rows.append(write_model(model, seed, fixtures / "models" / model.name, stages_file))
    (fixtures / "models.json").write_text(json.dumps(rows, indent=1) + "\n")
