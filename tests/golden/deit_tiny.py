"""DeiT-Tiny's logits for a fixed pixel tensor and for the photographs, which are in a folder beside the repository."""

import json
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.numpy import save_file
from transformers import DeiTImageProcessorPil, ViTForImageClassification

from noise import noise_tensor, test_image
from preprocessing import make_processor, process, sha256

FIXED_SEED = 7
OTHER_SIZES = [(384, 384), (160, 288)]  # height, width
FIRST_ANSWERS = {
    "burger": "cheeseburger",
    "cat": "tabby",
    "coffee": "espresso",
    "dog": "beagle",
    "pizza": "pizza",
    "shuttle": "space shuttle",
    "taxis": "cab",
}


def compute_logits(network: ViTForImageClassification, pixel_values: np.ndarray) -> np.ndarray:
    """float32 [classes], computed in float64, after a look that float32 says the same."""
    batch = torch.from_numpy(pixel_values)[None]
    with torch.no_grad():
        single = network.float()(batch, interpolate_pos_encoding=True).logits[0].numpy()
        logits = network.double()(batch.double(), interpolate_pos_encoding=True).logits[0].numpy()
    assert np.abs(single - logits).max() < 3e-5, np.abs(single - logits).max()
    return logits.astype(np.float32)


def timm_state(network: ViTForImageClassification) -> dict[str, torch.Tensor]:
    """The same tensors by timm's names."""
    state = {name.removeprefix("vit."): tensor for name, tensor in network.state_dict().items()}
    renamed = {
        "cls_token": state["embeddings.cls_token"],
        "pos_embed": state["embeddings.position_embeddings"],
    }
    pairs = [("patch_embed.proj", "embeddings.patch_embeddings.projection"), ("norm", "layernorm"), ("head", "classifier")]
    for i in range(network.config.num_hidden_layers):
        ours, theirs = f"blocks.{i}.", f"layers.{i}."
        pairs += [(f"{ours}norm1", f"{theirs}layernorm_before"), (f"{ours}norm2", f"{theirs}layernorm_after")]
        pairs += [(f"{ours}attn.proj", f"{theirs}attention.o_proj")]
        pairs += [(f"{ours}mlp.{layer}", f"{theirs}mlp.{layer}") for layer in ("fc1", "fc2")]
        for part in ("weight", "bias"):
            fused = [state[f"{theirs}attention.{letter}_proj.{part}"] for letter in "qkv"]
            renamed[f"{ours}attn.qkv.{part}"] = torch.cat(fused)
    return renamed | {f"{ours}.{part}": state[f"{theirs}.{part}"] for ours, theirs in pairs for part in ("weight", "bias")}


def compute_timm_logits(network: ViTForImageClassification, pixel_values: np.ndarray) -> np.ndarray:
    """What timm makes of the same weights; its layer_norm_eps is 1e-6."""
    renamed = timm.create_model("deit_tiny_patch16_224").double().eval()
    renamed.load_state_dict(timm_state(network))
    with torch.no_grad():
        return renamed(torch.from_numpy(pixel_values)[None].double())[0].numpy().astype(np.float32)


def write_deit_tiny(fixtures: Path, shared: Path) -> None:
    folder = shared / "models" / "deit-tiny-patch16-224"
    network = ViTForImageClassification.from_pretrained(folder).eval()
    config = json.loads((folder / "preprocessor_config.json").read_text())
    processor = make_processor(DeiTImageProcessorPil, config)
    as_bytes = make_processor(DeiTImageProcessorPil, config | {"do_rescale": False, "do_normalize": False})

    fixed = noise_tensor(FIXED_SEED, 3 * 224 * 224).reshape(3, 224, 224)
    tensors, photographs = {"fixed": compute_logits(network, fixed)}, []
    tensors["fixed, timm"] = compute_timm_logits(network, fixed)
    as_it_is = make_processor(DeiTImageProcessorPil, config | {"do_resize": False, "do_center_crop": False})
    for height, width in OTHER_SIZES:
        picture = test_image("gradient", FIXED_SEED, width, height)
        tensors[f"{width}x{height}"] = compute_logits(network, process(as_it_is, picture))
    for name, answer in FIRST_ANSWERS.items():
        rgba = np.asarray(Image.open(shared / "images" / f"{name}.jpg").convert("RGBA"))
        logits = tensors[name] = compute_logits(network, process(processor, rgba))
        label = network.config.id2label[int(logits.argmax())]
        assert label.split(",")[0] == answer, (name, label)
        photographs.append(
            {
                "name": name,
                "width": rgba.shape[1],
                "height": rgba.shape[0],
                "sha256": sha256(rgba),  # of the decoded RGBA
                "resizedSha256": sha256(process(as_bytes, rgba).astype(np.uint8)),  # [3, 224, 224], before rescaling
                "label": label,
                "index": int(logits.argmax()),
            }
        )
    save_file(tensors, fixtures / "deit-tiny.safetensors")
    rows = {"fixedSeed": FIXED_SEED, "photographs": photographs}
    (fixtures / "deit-tiny.json").write_text(json.dumps(rows, indent=1) + "\n")
