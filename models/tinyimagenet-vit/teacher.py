"""Soft labels: what DeiT-Tiny (Touvron et al. 2021) sees in random views of the training images.

The teacher is first fine-tuned on enlarged Tiny ImageNet: without, it has only 52 % of the validation images right, for
it has never seen photographs of 64 × 64 pixels. The student is then shown the very views that the teacher was shown
(Beyer et al. 2022, "A good teacher is patient and consistent"); taking them before training (Shen and Xing 2022, "A Fast
Knowledge Distillation Framework") costs the teacher a few epochs, not hundreds.
"""

import json
import math
import time
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F

import data
from names import set_weights
from vit import ViT

TEACHER_SIZE = 160  # enlarged from 64; DeiT's own 224 would cost twice as much and show no more
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)  # of preprocessor_config.json
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def imagenet_numbers(classes: list, folder: Path) -> list[int]:
    """For each of Tiny ImageNet's classes, the teacher's number of it. Both name classes by WordNet's words and number
    them in the order of their wnids, which tells ImageNet's two cranes apart."""
    labels = json.loads((folder / "config.json").read_text())["id2label"]
    numbers = []
    for _, words in classes:
        last = numbers[-1] if numbers else -1
        numbers.append(next(int(number) for number, label in labels.items() if label == words and int(number) > last))
    return numbers


def load_teacher(folder: Path, classes: list, device: str) -> ViT:
    """DeiT-Tiny for images of TEACHER_SIZE, with only the outputs of `classes`."""
    vit = ViT(224, 16, 192, 12, 3, 768, 1000, eps=1e-12)
    set_weights(vit, SimpleNamespace(patch_size=16, depth=12), folder / "model.safetensors")
    prefix, grid = vit.pos_embed.data[:, :1], vit.pos_embed.data[:, 1:].view(1, 14, 14, 192).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, (TEACHER_SIZE // 16, TEACHER_SIZE // 16), mode="bicubic", align_corners=False)
    vit.pos_embed = torch.nn.Parameter(torch.cat([prefix, grid.flatten(2).mT], dim=1))
    chosen = imagenet_numbers(classes, folder)
    head = torch.nn.Linear(192, len(chosen))
    head.weight.data = vit.head.weight.data[chosen]
    head.bias.data = vit.head.bias.data[chosen]
    vit.head = head
    return vit.to(device)


def see(vit: ViT, images: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
    """Logits, float32, of views of uint8 images."""
    device = images.device
    x = (data.take_views(images, views, TEACHER_SIZE) - MEAN.to(device)) / STD.to(device)
    with torch.autocast(device.type, torch.bfloat16):
        return vit(x).float()


def fine_tune(vit: ViT, images: torch.Tensor, labels: torch.Tensor, seconds: float, smallest: float, seed: int,
              batch: int = 500, rate: float = 3e-4):
    """Trains the teacher on views of the images for so many seconds."""
    generator = torch.Generator(images.device).manual_seed(seed)
    optimizer = torch.optim.AdamW(vit.parameters(), lr=rate, weight_decay=0.05)
    views = data.random_views(batch, smallest, generator)
    F.cross_entropy(see(vit, images[:batch], views), labels[:batch]).backward()  # compiles, before the clock starts
    optimizer.zero_grad()
    clock, progress, step = time.time(), 0.0, 0
    while progress < 1:
        for picked in torch.randperm(len(images), generator=generator, device=images.device).split(batch):
            if len(picked) < batch:
                continue
            progress = (time.time() - clock) / seconds
            if progress >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1, 20 * progress + 0.01) * 0.5 * (1 + math.cos(math.pi * progress))
            logits = see(vit, images[picked], data.random_views(batch, smallest, generator))
            F.cross_entropy(logits, labels[picked], label_smoothing=0.1).backward()
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            if step % 8 == 0 and images.device.type == "cuda":
                torch.cuda.synchronize()  # so that the clock is the device's
    return step * batch


@torch.no_grad()
def teach(vit: ViT, images: torch.Tensor, views: torch.Tensor, batch: int = 1000) -> torch.Tensor:
    """Logits, float16 [N, classes], of one view of each image."""
    return torch.cat([see(vit, *part).half() for part in zip(images.split(batch), views.split(batch))])


def soft_labels(vit: ViT, images: torch.Tensor, most: int, smallest: float, seconds: float, seed: int):
    """Up to `most` views of every image, as many as there is time for: (views, logits), a list of each."""
    teach(vit, images[:1000], data.random_views(1000, 1, torch.Generator(images.device)))  # compiles
    clock, views, logits = time.time(), [], []
    generator = torch.Generator(images.device).manual_seed(seed)
    while len(views) < most and (not views or time.time() - clock < seconds * len(views) / (len(views) + 1)):
        views.append(data.random_views(len(images), smallest, generator))
        logits.append(teach(vit, images, views[-1]))
        if images.device.type == "cuda":
            torch.cuda.synchronize()
    return views, logits
