"""What Python makes of the demo's fixed picture, which the demo's page compares with itself: "Same as Python".

The built-in model's file holds int8 weights. They become floats again here, so that transformers runs what the file says
in single precision, without the rounding of activations that the page does.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import load_file
from transformers import AutoConfig, DeiTImageProcessorPil, ViTForImageClassification, ViTImageProcessorPil

from preprocessing import make_processor, process

ROOT = Path(__file__).resolve().parents[2]


def unspread(rows: np.ndarray) -> np.ndarray:
    """The reflection of cpp/kernels/quantisation.h, which undoes itself."""
    for stride in (16, 4):
        whole = rows.shape[1] // (4 * stride) * 4 * stride
        fours = rows[:, :whole].reshape(rows.shape[0], -1, 4, stride)
        rows[:, :whole] = (fours - fours.sum(2, keepdims=True) / 2).reshape(rows.shape[0], whole)
    return rows


def builtin() -> ViTForImageClassification:
    folder = ROOT / "models" / "tinyimagenet-vit"
    stored = load_file(folder / "model.safetensors")
    state = {}
    for name, tensor in stored.items():
        if name.endswith("_spread_scale"):
            continue
        values = tensor.astype(np.float32)
        if tensor.dtype == np.int8:
            values = unspread(values * stored[f"{name}_spread_scale"].astype(np.float32)[:, None])
        state[name] = torch.from_numpy(values)
    config = AutoConfig.from_pretrained(folder)
    return ViTForImageClassification.from_pretrained(None, config=config, state_dict=state).eval()


def facts(network: ViTForImageClassification, processor: type, folder: Path, picture: np.ndarray) -> dict:
    config = json.loads((folder / "preprocessor_config.json").read_text())
    pixels = process(make_processor(processor, config | {"do_rescale": False, "do_normalize": False}), picture)
    values = process(make_processor(processor, config), picture)
    with torch.no_grad():
        logits = network(torch.from_numpy(values)[None]).logits[0].numpy()
    # RGB, row by row, as Pillow has them.
    rows = np.ascontiguousarray(pixels.transpose(1, 2, 0)).astype(np.uint8)
    return {
        "sha256": hashlib.sha256(rows.tobytes()).hexdigest(),
        "logits": [round(float(value), 5) for value in logits],
    }


def write_demo(shared: Path) -> None:
    place = ROOT / "examples" / "demo" / "python"
    picture = np.asarray(Image.open(place / "picture.png").convert("RGBA"))
    deit = shared / "models" / "deit-tiny-patch16-224"
    models = {
        "builtin": facts(builtin(), ViTImageProcessorPil, ROOT / "models" / "tinyimagenet-vit", picture),
        "deit-tiny": facts(ViTForImageClassification.from_pretrained(deit).eval(), DeiTImageProcessorPil, deit, picture),
    }
    versions = {name: __import__(name).__version__.split("+")[0] for name in ("torch", "transformers", "PIL")}
    (place / "reference.json").write_text(json.dumps({"versions": versions, "models": models}, separators=(",", ":")) + "\n")
