"""What transformers makes of photographs with a picture tower of CLIP ViT-B/32's size.

Its 88 million weights are integers of `noise.py` times powers of two, exact in half precision, so that `clip-base.ts` makes
the same file and nothing has to hold it. The fixture has the embedding of every photograph, computed in float64.
"""

from math import prod
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPImageProcessorPil, CLIPVisionConfig, CLIPVisionModelWithProjection

from noise import noise

PHOTOGRAPHS = ["burger", "cat", "coffee", "dog", "pizza", "shuttle", "taxis"]
SEED = 5000
LEVELS = 1024
SAMPLES = Path(__file__).resolve().parents[2] / "examples" / "demo" / "samples"


def step_of(name: str, shape: list[int]) -> float:
    """The power of two between neighboring values, which spread over 1024 of them around zero, a norm's weights around one:
    deviations of about 1 / sqrt(inputs), 2 / sqrt(inputs) of queries and keys, so that attention is far from uniform."""
    if len(shape) == 1 or "position" in name:
        return 2.0**-10
    gain = 2 if "q_proj" in name or "k_proj" in name else 1
    return 2.0 ** round(np.log2(gain / np.sqrt(prod(shape[1:])) / (LEVELS / np.sqrt(12))))


def fill(network: torch.nn.Module) -> None:
    for at, (name, parameter) in enumerate(sorted(network.state_dict().items())):
        shape = list(parameter.shape)
        values = (noise(SEED + at, prod(shape)) >> np.uint32(22)).astype(np.float64) - LEVELS / 2
        mean = 1 if "norm" in name and name.endswith("weight") else 0
        parameter.copy_(torch.from_numpy(values * step_of(name, shape) + mean).reshape(shape))


def write_clip_base(fixtures: Path) -> None:
    network = CLIPVisionModelWithProjection(CLIPVisionConfig(patch_size=32)).double().eval()
    processor = CLIPImageProcessorPil()
    expected = {}
    with torch.no_grad():
        fill(network)
        for name in PHOTOGRAPHS:
            picture = Image.open(SAMPLES / f"{name}.jpg").convert("RGB")
            pixel_values = processor(picture, return_tensors="pt")["pixel_values"].double()
            # Half precision moves no cosine by more than 1e-7.
            expected[name] = network(pixel_values).image_embeds[0].half()
    save_file(expected, fixtures / "clip-base.safetensors")
