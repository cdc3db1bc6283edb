"""timm's evaluation transform (`create_transform`) for every spelling of `pretrained_cfg`, on Pillow images."""

import gzip
import json
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from timm.data import create_transform, resolve_data_config

from noise import test_image
from preprocessing import sha256

HALF = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
CLIP = {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}


def timm_process(pretrained_cfg: dict, rgba: np.ndarray, normalize: bool = True) -> np.ndarray:
    """float32 [3, H, W] of uint8 [height, width, 4]; without normalising, uint8: what was resized and cropped."""
    transform = create_transform(**resolve_data_config(pretrained_cfg=pretrained_cfg), normalize=normalize)
    return transform(Image.fromarray(rgba, "RGBA").convert("RGB")).numpy()


# Name, pretrained_cfg, the picture's (width, height).
NAMED = [
    ("augreg", {"input_size": [3, 18, 18], "crop_pct": 0.9, "interpolation": "bicubic", "fixed_input_size": True} | HALF, (40, 30)),
    ("deit", {"input_size": [3, 18, 18], "crop_pct": 0.9, "crop_mode": "center", "interpolation": "bicubic"} | IMAGENET, (30, 41)),
    ("dinov2", {"input_size": [3, 14, 14], "crop_pct": 1.0, "interpolation": "bicubic"} | IMAGENET, (37, 53)),
    ("clip, squashed", {"input_size": [3, 16, 16], "crop_pct": 1.0, "crop_mode": "squash", "interpolation": "bicubic"} | CLIP, (37, 53)),
    ("border", {"input_size": [3, 16, 16], "crop_pct": 1.0, "crop_mode": "border", "interpolation": "bilinear"} | CLIP, (37, 53)),
    ("border, half to even", {"input_size": [3, 16, 16], "crop_pct": 1.0, "crop_mode": "border"} | HALF, (53, 37)),
    ("defaults", {"input_size": [3, 14, 14]}, (40, 30)),
    ("nulls", {"input_size": [3, 14, 14], "crop_pct": None, "crop_mode": None, "interpolation": None, "mean": None, "std": None}, (40, 30)),
    ("oblong", {"input_size": [3, 12, 20], "crop_pct": 0.9, "interpolation": "bicubic"} | HALF, (40, 30)),
    ("oblong, squashed", {"input_size": [3, 20, 12], "crop_pct": 0.9, "crop_mode": "squash"} | HALF, (40, 30)),
    *((name, {"input_size": [3, 15, 15], "crop_pct": 0.95, "interpolation": name} | HALF, (41, 29)) for name in ("bilinear", "lanczos", "box", "hamming")),
]  # fmt: skip


def sweep() -> list[tuple[str, dict, tuple[int, int]]]:
    """Random sizes under every mode: what is rounded, and where, differs between them."""
    random = np.random.Generator(np.random.PCG64(1))
    rows = []
    for mode, oblong in product(("center", "squash", "border"), (False, True)):
        for _ in range(20):
            height, width = (int(edge) for edge in random.integers(5, 24, 2))
            config = {
                "input_size": [3, height, width if oblong else height],
                "crop_pct": float(random.choice([0.875, 0.9, 0.95, 0.965, 1.0, 1.25])),
                "crop_mode": mode,
                "interpolation": str(random.choice(["bilinear", "bicubic"])),
            }
            picture = tuple(int(edge) for edge in random.integers(6, 90, 2))
            rows.append(("", config, picture))
    return rows


def write_timm_preprocess_cases(fixtures: Path) -> None:
    rows, tensors = [], {}
    for i, (name, config, (width, height)) in enumerate(NAMED + sweep()):
        picture = {"kind": "noise", "seed": 6000 + i, "width": width, "height": height}
        rgba = test_image(**picture)
        resized = timm_process(config, rgba, normalize=False)
        assert resized.dtype == np.uint8 and resized.shape == tuple(config["input_size"])
        if name:
            tensors[name] = timm_process(config, rgba)
        rows.append({"name": name, "picture": picture, "config": config, "sha256": sha256(resized)})
    lines = ",\n".join(json.dumps(row) for row in rows)
    (fixtures / "timm-preprocess.json.gz").write_bytes(gzip.compress(f"[\n{lines}\n]\n".encode(), mtime=0))
    save_file(tensors, fixtures / "timm-preprocess.safetensors")
