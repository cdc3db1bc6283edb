"""Tiny ImageNet as tensors, and augmentation of whole batches at once, on whatever device they are.

Images are uint8 [B, 3, 64, 64]; nothing here loops over images once they are decoded.
"""

import io
import json
import tarfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

IMAGE_SIZE = 64
CLASS_COUNT = 200
HELD_OUT = 2000  # of the 100,000 training images: for choices and for the temperature, never trained on


def read_archive(archive: Path) -> dict:
    """The files of the archive in an order that does not depend on how it was packed: {train, val} → a list of
    (class number, WebP bytes), and `classes`, a list of (wnid, WordNet's words)."""
    files, classes = {"train": [], "val": []}, []
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = member.name.removeprefix("./").split("/")
            if parts[-1] == "classes.json":
                classes = [(row["wnid"], row["words"]) for row in json.load(tar.extractfile(member))]
            elif member.name.endswith(".webp"):
                files[parts[-3]].append((parts[-2], parts[-1], tar.extractfile(member).read()))
    number = {wnid: i for i, (wnid, _) in enumerate(sorted(classes))}
    splits = {split: [(number[wnid], webp) for wnid, _, webp in sorted(rows)] for split, rows in files.items()}
    return {"classes": sorted(classes), **splits}


def decode(webp: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(webp)).convert("RGB"))


def load(archive: Path, cache: Path) -> dict:
    """{train,val}_{images,labels} and `classes`, decoded once."""
    if cache.exists():
        return torch.load(cache)
    files = read_archive(archive)
    data = {"classes": files["classes"]}
    with ProcessPoolExecutor() as pool:
        for split in ("train", "val"):
            pixels = np.stack(list(pool.map(decode, [webp for _, webp in files[split]], chunksize=500)))
            data[f"{split}_images"] = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
            data[f"{split}_labels"] = torch.tensor([label for label, _ in files[split]])
    torch.save(data, cache)
    return data


def split_held_out(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices of the training images (in order) and of the held-out ones: always the same split."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(2009))
    return order[HELD_OUT:].sort().values, order[:HELD_OUT].sort().values


def uniform(low: float, high: float, count: int, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(count, generator=generator, device=generator.device) * (high - low) + low


def random_views(count: int, smallest: float, generator: torch.Generator) -> torch.Tensor:
    """[count, 2, 3]: where a view of an image is taken from, as `F.affine_grid` has it. A random crop of `smallest` to
    all of the area, of an aspect between 3/4 and 4/3, mirrored or not (Szegedy et al. 2015)."""
    area = uniform(smallest, 1, count, generator)
    aspect = torch.exp(uniform(-0.2877, 0.2877, count, generator))  # log 4/3
    width, height = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
    x = uniform(-1, 1, count, generator) * (1 - width)
    y = uniform(-1, 1, count, generator) * (1 - height)
    mirror = uniform(0, 1, count, generator).round() * 2 - 1
    zero = torch.zeros_like(x)
    return torch.stack([torch.stack([width * mirror, zero, x], 1), torch.stack([zero, height, y], 1)], 1)


def take_views(images: torch.Tensor, views: torch.Tensor, size: int) -> torch.Tensor:
    """uint8 images → float images [B, 3, size, size] in [0, 1] of what the views show."""
    x = images.float() / 255
    grid = F.affine_grid(views, [len(x), 3, size, size], align_corners=False)
    mode = "bilinear" if size == IMAGE_SIZE else "bicubic"
    return F.grid_sample(x, grid, mode=mode, padding_mode="reflection", align_corners=False).clamp(0, 1)


def blur(x: torch.Tensor) -> torch.Tensor:
    """3 × 3 binomial filter."""
    kernel = torch.tensor([1.0, 2.0, 1.0], device=x.device) / 4
    kernel = (kernel[:, None] * kernel).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, groups=x.shape[1])


def recolor(x: torch.Tensor, strength: float, generator: torch.Generator) -> torch.Tensor:
    """Random sharpness, exposure, white balance, contrast and saturation of float images in [0, 1]: a photograph of
    twelve megapixels scaled to 64 × 64 differs from Tiny ImageNet's WebP files in all of them."""
    B = len(x)
    draw = lambda low, high: uniform(low, high, B, generator)
    normal = lambda columns: torch.randn(B, columns, generator=generator, device=x.device)

    # Sharpness: -1 is blurred, +1 sharpened.
    amount = ((draw(0, 1) < 0.4).float() * draw(-1.0, 1.0) * strength).view(B, 1, 1, 1)
    x = x + amount * (x - blur(x))
    gain = torch.exp(strength * (0.2 * normal(1) + 0.06 * normal(3)))
    x = x * gain.view(B, 3, 1, 1).clamp(0.6, 1.6)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * torch.exp(strength * draw(-0.35, 0.35)).view(B, 1, 1, 1)
    gray = x.mean(1, keepdim=True)
    saturation = (1 + strength * draw(-0.5, 0.5)) * (draw(0, 1) > 0.04 * strength).float()
    x = gray + (x - gray) * saturation.view(B, 1, 1, 1)
    return x.clamp(0, 1)


def mix(x: torch.Tensor, target: torch.Tensor, numbers: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixup (Zhang et al. 2018) or CutMix (Yun et al. 2019), even odds, of every image with its neighbor in the batch.
    `numbers` is a generator on the CPU, so that nothing waits for the device."""
    other = x.roll(1, 0)
    share = torch.rand(1, generator=numbers).item() / 2  # at most half of it is the neighbor
    if torch.rand(1, generator=numbers).item() < 0.5:
        x = x.lerp(other, share)
    else:
        side = max(1, round(IMAGE_SIZE * share**0.5))
        top, left = torch.randint(0, IMAGE_SIZE - side + 1, (2,), generator=numbers).tolist()
        x[:, :, top:top + side, left:left + side] = other[:, :, top:top + side, left:left + side]
        share = (side / IMAGE_SIZE) ** 2
    return x, target.lerp(target.roll(1, 0), share)
