"""Tiny ViTs as Google Research's code saves them (.npz), with the logits that timm computes from the very files."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from timm.models.vision_transformer import VisionTransformer

from noise import noise_tensor


@dataclass
class NpzModel:
    """How the parameters are spelled and stored; what is left out is as in the original ImageNet files."""

    name: str
    patch: int = 4
    grid: int = 3
    hidden: int = 24
    heads: int = 3
    mlp: int = 40
    classes: int = 5
    layers: int = 2
    prefix: str = ""
    big_vision: bool = False
    class_token: bool = True
    # big_vision adds positions before the class token comes.
    position_of_class: bool = True
    pre_logits: int = 0
    dtype: str = "F32"
    compressed: bool = False
    fortran: bool = False
    # As big_vision's scan=True writes the blocks: each tensor once, with a leading axis of blocks.
    stacked: bool = False


MODELS = [
    NpzModel("augreg"),
    NpzModel("imagenet-21k", prefix="opt/target/", pre_logits=24, compressed=True, patch=2, grid=4),
    NpzModel("big-vision", prefix="params/", big_vision=True, class_token=False, position_of_class=False, fortran=True, layers=1),
    NpzModel("big-vision-token", big_vision=True, position_of_class=False, dtype="F16", heads=2, hidden=20, layers=1),
    NpzModel("bfloat16", prefix="params/", big_vision=True, dtype="BF16", compressed=True, heads=4, layers=1),
    NpzModel("big-vision-stacked", prefix="params/img/", big_vision=True, stacked=True, dtype="F16", layers=3),
]


def spell(m: NpzModel, state: dict[str, torch.Tensor], random: np.random.Generator) -> dict[str, np.ndarray]:
    """A timm model's tensors by Flax's names, in Flax's layouts."""
    arrays = {}

    def dense(name: str, weight: torch.Tensor, bias: torch.Tensor) -> None:
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = weight.numpy().T, bias.numpy()

    def norm(name: str, timm: str) -> None:
        arrays[f"{name}/scale"], arrays[f"{name}/bias"] = state[f"{timm}.weight"].numpy(), state[f"{timm}.bias"].numpy()

    arrays["embedding/kernel"] = state["patch_embed.proj.weight"].numpy().transpose(2, 3, 1, 0)
    arrays["embedding/bias"] = state["patch_embed.proj.bias"].numpy()
    if m.class_token:
        arrays["cls"] = state["cls_token"].numpy()
    arrays["pos_embedding" if m.big_vision else "Transformer/posembed_input/pos_embedding"] = state["pos_embed"].numpy()
    norm("Transformer/encoder_norm", "norm")
    attention, norm2, mlp = (0, 1, 0) if m.big_vision else (1, 2, 3)
    by_head = (m.heads, m.hidden // m.heads)
    for i in range(m.layers):
        block, timm = f"Transformer/encoderblock_{i}", f"blocks.{i}"
        norm(f"{block}/LayerNorm_0", f"{timm}.norm1")
        norm(f"{block}/LayerNorm_{norm2}", f"{timm}.norm2")
        heads = f"{block}/MultiHeadDotProductAttention_{attention}"
        weights = state[f"{timm}.attn.qkv.weight"].numpy().reshape(3, *by_head, m.hidden)
        biases = state[f"{timm}.attn.qkv.bias"].numpy().reshape(3, *by_head)
        for name, weight, bias in zip(("query", "key", "value"), weights, biases):
            arrays[f"{heads}/{name}/kernel"], arrays[f"{heads}/{name}/bias"] = weight.transpose(2, 0, 1), bias
        projection = state[f"{timm}.attn.proj.weight"].numpy().reshape(m.hidden, *by_head)
        arrays[f"{heads}/out/kernel"] = projection.transpose(1, 2, 0)
        arrays[f"{heads}/out/bias"] = state[f"{timm}.attn.proj.bias"].numpy()
        for j in range(2):
            layer = f"{timm}.mlp.fc{j + 1}"
            dense(f"{block}/MlpBlock_{mlp}/Dense_{j}", state[f"{layer}.weight"], state[f"{layer}.bias"])
    if m.pre_logits:
        weight = random.standard_normal((m.pre_logits, m.hidden)) / np.sqrt(m.hidden)
        dense("pre_logits", torch.from_numpy(weight).float(), torch.from_numpy(random.standard_normal(m.pre_logits)).float())
    dense("head", state["head.weight"], state["head.bias"])
    return arrays


def store(m: NpzModel, arrays: dict[str, np.ndarray], path: Path) -> dict[str, np.ndarray]:
    """Writes the file; gives float32 arrays of what is in it, as timm can read them."""
    stored, exact = {}, {}
    for name, array in sorted(arrays.items()):
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if m.dtype == "BF16":
            # What NumPy makes of ml_dtypes' bfloat16, as it has no such type: two bytes.
            rounded = tensor.bfloat16()
            array, exact[name] = rounded.view(torch.int16).numpy().view("V2"), rounded.float().numpy()
        elif m.dtype == "F16":
            array = tensor.half().numpy()
            exact[name] = array.astype(np.float32)
        else:
            array = exact[name] = tensor.numpy()
        stored[m.prefix + name] = np.asfortranarray(array) if m.fortran else array
    (np.savez_compressed if m.compressed else np.savez)(path, **(stack_blocks(stored) if m.stacked else stored))
    return {m.prefix + name: array for name, array in exact.items()}


def stack_blocks(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The blocks' arrays as one each, "encoderblock/…", whose first axis is that of the blocks, in their order."""
    stacked: dict[str, list[np.ndarray]] = {}
    for name, array in arrays.items():
        stacked.setdefault(re.sub(r"/encoderblock_\d+/", "/encoderblock/", name), []).append(array)
    return {name: np.stack(of) if "/encoderblock/" in name else of[0] for name, of in stacked.items()}


def make_network(m: NpzModel, size: tuple[int, int]) -> VisionTransformer:
    return VisionTransformer(
        img_size=size,
        patch_size=m.patch,
        embed_dim=m.hidden,
        num_heads=m.heads,
        depth=m.layers,
        mlp_ratio=m.mlp / m.hidden,
        num_classes=m.classes,
        class_token=m.class_token,
        no_embed_class=not m.position_of_class,
        global_pool="token" if m.class_token else "avg",
        fc_norm=False,
    ).eval()


def randomise(network: VisionTransformer, random: np.random.Generator) -> None:
    for name, parameter in sorted(network.named_parameters()):
        values = random.standard_normal(tuple(parameter.shape))
        if name.endswith("bias"):
            values *= 0.3
        elif "norm" in name:
            values = 1 + 0.3 * values
        elif parameter.dim() > 1 and parameter.shape[0] > 1:
            values *= (2 if "qkv" in name else 1) / np.sqrt(np.prod(parameter.shape[1:]))
        else:
            values *= 0.5
        parameter.data = torch.from_numpy(values).float()


def compute_logits(m: NpzModel, exact: dict[str, np.ndarray], pixel_values: np.ndarray, scratch: Path) -> np.ndarray:
    """timm's reading of the file for pictures of this size, in float64. It leaves out pre_logits, which is a tanh layer
    before the head."""
    np.savez(scratch, **exact)
    network = make_network(m, pixel_values.shape[1:])
    network.load_pretrained(scratch)
    scratch.unlink()
    network = network.double()
    with torch.no_grad():
        tokens = network.forward_features(torch.from_numpy(pixel_values)[None].double())
        features = network.forward_head(tokens, pre_logits=True)
        if m.pre_logits:
            kernel, bias = (torch.from_numpy(exact[f"{m.prefix}pre_logits/{part}"]).double() for part in ("kernel", "bias"))
            features = torch.tanh(features @ kernel + bias)
        return network.head(features)[0].float().numpy()


def write_npz_models(fixtures: Path) -> None:
    folder = fixtures / "npz"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows, logits = [], {}
    for seed, m in enumerate(MODELS, start=300):
        random = np.random.Generator(np.random.PCG64(seed))
        edge = m.patch * m.grid
        network = make_network(m, (edge, edge))
        randomise(network, random)
        path = folder / f"{m.name}.npz"
        exact = store(m, spell(m, network.state_dict(), random), path)
        # Another shape of picture: fewer patches down, more across.
        height, width = m.patch * (m.grid - 1), m.patch * (m.grid + 2)
        for name, (down, across) in {m.name: (edge, edge), f"{m.name} resized": (height, width)}.items():
            pixel_values = noise_tensor(seed, 3 * down * across).reshape(3, down, across)
            logits[name] = compute_logits(m, exact, pixel_values, folder / "scratch.npz")
        rows.append(
            {
                "name": m.name,
                "seed": seed,  # of the pixel values
                "edge": edge,
                "resized": {"height": height, "width": width},
                "patch": m.patch,
                "hidden": m.hidden,
                "heads": m.heads,
                "layers": m.layers,
                "classes": m.classes,
            }
        )
    save_file(logits, folder / "logits.safetensors")
    (folder / "models.json").write_text(json.dumps(rows, indent=1) + "\n")
