"""CIFAR-10 as tensors, and augmentation of whole batches at once.

Images are uint8 [B, 3, 32, 32]; nothing here loops over images once they are decoded.
"""

import io
import tarfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
IMAGE_SIZE = 32
HELD_OUT = 2000  # of the 50,000 training images: for choices and for the temperature, never trained on


def load(archive: Path, cache: Path) -> dict[str, torch.Tensor]:
    """{train,test}_{images,labels} of an archive of {train,test}/<class>/*.jpg, decoded once."""
    if cache.exists():
        return torch.load(cache)
    files: dict[str, list[tuple[str, bytes]]] = {"train": [], "test": []}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.endswith(".jpg"):
                split, name = member.name.removeprefix("./").split("/", 1)
                files[split].append((name, tar.extractfile(member).read()))
    data = {}
    for split, entries in files.items():
        entries.sort()  # the order must not depend on how the archive was packed
        pixels = [np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")) for _, jpeg in entries]
        data[f"{split}_images"] = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous()
        data[f"{split}_labels"] = torch.tensor([CLASSES.index(n.split("/")[0]) for n, _ in entries])
    torch.save(data, cache)
    return data


def split_held_out(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices of the training images (in order) and of the held-out ones: always the same split."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(2009))
    return order[HELD_OUT:].sort().values, order[:HELD_OUT].sort().values


def uniform(low: float, high: float, count: int, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def blur(x: torch.Tensor) -> torch.Tensor:
    """3 x 3 binomial filter."""
    kernel = torch.tensor([1.0, 2.0, 1.0]) / 4
    kernel = (kernel[:, None] * kernel).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, groups=x.shape[1])


def augment(images: torch.Tensor, strength: float, generator: torch.Generator) -> torch.Tensor:
    """uint8 images -> randomly changed float images in [0, 1].

    A photograph of twelve megapixels squashed to 32 x 32 differs from CIFAR-10 in framing, aspect,
    sharpness and colour, so all of these vary here. Half of the images are only shifted by whole
    pixels: the network must know unfiltered pixels best.
    """
    B = len(images)
    x = images.float() / 255
    draw = lambda low, high: uniform(low, high, B, generator)
    chance = lambda p: torch.rand(B, generator=generator) < p

    # Geometry in one resampling: mirror, shift, zoom in and out, aspect, a slight rotation.
    warp = chance(0.5).float() * strength
    zoom = torch.exp(warp * draw(-0.30, 0.22))  # > 1 shows a larger area: a smaller object
    aspect = torch.exp(warp * draw(-0.16, 0.16))
    angle = warp * draw(-0.2, 0.2)
    mirror = 1 - 2 * chance(0.5).float()
    shift = torch.randint(-4, 5, (2, B), generator=generator) * (2 / IMAGE_SIZE)
    theta = torch.stack([
        torch.stack([angle.cos() * zoom * aspect * mirror, -angle.sin() * zoom / aspect, shift[0]], 1),
        torch.stack([angle.sin() * zoom * aspect * mirror, angle.cos() * zoom / aspect, shift[1]], 1),
    ], 1)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)

    # Sharpness: -1 is blurred, +1 sharpened.
    amount = (chance(0.4).float() * draw(-1.0, 1.0) * strength).view(B, 1, 1, 1)
    x = x + amount * (x - blur(x))

    # Colour: exposure, white balance, contrast, saturation (0 is grey).
    gain = torch.exp(strength * (0.2 * torch.randn(B, 1, generator=generator)
                                 + 0.06 * torch.randn(B, 3, generator=generator)))
    x = x * gain.view(B, 3, 1, 1).clamp(0.6, 1.6)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * torch.exp(strength * draw(-0.35, 0.35)).view(B, 1, 1, 1)
    grey = x.mean(1, keepdim=True)
    saturation = (1 + strength * draw(-0.5, 0.5)) * (1 - (chance(0.04 * strength)).float())
    x = grey + (x - grey) * saturation.view(B, 1, 1, 1)
    return x.clamp(0, 1)


def mix(x: torch.Tensor, target: torch.Tensor,
        generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixup or CutMix (even odds) of every image with its neighbour in the batch."""
    other = x.roll(1, 0)
    share = torch.rand(1, generator=generator).item() / 2  # at most half of it is the neighbour
    if torch.rand(1, generator=generator).item() < 0.5:
        x = x.lerp(other, share)
    else:
        side = max(1, round(IMAGE_SIZE * share**0.5))
        top, left = torch.randint(0, IMAGE_SIZE - side + 1, (2,), generator=generator).tolist()
        x[:, :, top:top + side, left:left + side] = other[:, :, top:top + side, left:left + side]
        share = (side / IMAGE_SIZE) ** 2
    return x, target.lerp(target.roll(1, 0), share)
