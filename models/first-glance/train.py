"""Train the model that answers first, and write it: `python train.py --work-dir DIR --out FOLDER`.

On one core, for a fixed time: the learning rate reaches zero after `--seconds`. The network, Muon and the data are those of
the built-in model, in ../tinyimagenet-vit, and its requirements are the same. The network learns Tiny ImageNet's 200
classes and our 22 kinds of them side by side, with a head for each: classes teach a small network more than kinds do. Only
the head of the kinds is written, as a Hugging Face folder in float32, with the temperature that calibrates it divided into
it. `npx vit-wasm convert FOLDER --dtype int8 -o models/first-glance` makes the files of the page.
"""

import argparse
import csv
import json
import math
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from kinds import kinds

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tinyimagenet-vit"))
import data  # noqa: E402
from muon import Muon  # noqa: E402
from names import hugging_face_tensors  # noqa: E402
from vit import LAYER_NORM_EPS, ViT  # noqa: E402

MEAN = torch.tensor([0.4781, 0.4471, 0.3988]).view(3, 1, 1)  # of the training images
STD = torch.tensor([0.2732, 0.2661, 0.2788]).view(3, 1, 1)
SHAPE = SimpleNamespace(patch_size=8, width=64, depth=6, heads=2, hidden=128)
BATCH = 256
MUON_RATE, ADAMW_RATE, DECAY = 4e-3, 2e-3, 0.02
WARMUP = 0.04  # share of the time
HALF_UNTIL = 0.4  # share of the time in which a random half of the patches is looked at: twice as many pictures
SMALLEST_VIEW = 0.5  # share of the image's area
AVERAGED = 1000  # steps


def network(outputs: int) -> ViT:
    s = SHAPE
    return ViT(data.IMAGE_SIZE, s.patch_size, s.width, s.depth, s.heads, s.hidden, outputs)


def optimizers(vit: ViT):
    matrices = [p for n, p in vit.blocks.named_parameters() if n.endswith("weight") and p.ndim == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in vit.parameters() if id(p) not in chosen]
    return [
        Muon(matrices, lr=MUON_RATE, weight_decay=DECAY),
        torch.optim.AdamW([
            {"params": [p for p in rest if p.ndim == 2], "weight_decay": DECAY},
            {"params": [p for p in rest if p.ndim != 2], "weight_decay": 0.0},
        ], lr=ADAMW_RATE, betas=(0.9, 0.98)),
    ]


def views(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Random crops, mirrored or not, of random exposure and white balance."""
    x = data.take_views(images, data.random_views(len(images), SMALLEST_VIEW, generator), data.IMAGE_SIZE)
    normal = lambda channels: torch.randn(len(x), channels, 1, 1, generator=generator)
    return (x * torch.exp(0.15 * normal(1) + 0.05 * normal(3))).clamp(0, 1)


@torch.no_grad()
def predict(vit: ViT, images: torch.Tensor) -> torch.Tensor:
    return torch.cat([vit((x.float() / 255 - MEAN) / STD) for x in images.split(500)])


def right(logits: torch.Tensor, labels: torch.Tensor) -> float:
    return (logits.argmax(1) == labels).float().mean().item()


def train(tiny: dict, seconds: float, log: Path) -> ViT:
    """The averaged network, whose outputs are the classes and then the kinds."""
    names, kind_of = kinds(data.CLASS_COUNT)
    kind_of = torch.tensor(kind_of)
    images, labels = tiny["train_images"], tiny["train_labels"]
    train_indices, held_out = data.split_held_out(len(labels))
    vit, averaged = (network(data.CLASS_COUNT + len(names)) for _ in range(2))
    averaged.requires_grad_(False).load_state_dict(vit.state_dict())
    opts = optimizers(vit)
    rates = [[group["lr"] for group in opt.param_groups] for opt in opts]
    patches = (data.IMAGE_SIZE // SHAPE.patch_size) ** 2
    generator = torch.Generator().manual_seed(1)
    clock, progress, step, rows, losses = time.time(), 0.0, 0, [], []
    while progress < 1:
        for picked in train_indices[torch.randperm(len(train_indices), generator=generator)].split(BATCH):
            if len(picked) < BATCH:
                continue
            progress = (time.time() - clock) / seconds
            if progress >= 1:
                break
            scale = max(1e-4, min(1.0, progress / WARMUP) * 0.5 * (1 + math.cos(math.pi * progress)))
            for opt, usual in zip(opts, rates):
                for group, rate in zip(opt.param_groups, usual):
                    group["lr"] = rate * scale
            x = (views(images[picked], generator) - MEAN) / STD
            kept = None
            if progress < HALF_UNTIL:
                kept = torch.rand(BATCH, patches, generator=generator).argsort(1)[:, :patches // 2]
            logits, y = vit(x, kept), labels[picked]
            loss = 0.5 * F.cross_entropy(logits[:, :data.CLASS_COUNT], y, label_smoothing=0.05)
            loss = loss + F.cross_entropy(logits[:, data.CLASS_COUNT:], kind_of[y])
            loss.backward()
            for opt in opts:
                opt.step()
                opt.zero_grad()
            step += 1
            losses.append(loss.item())
            torch._foreach_lerp_(list(averaged.parameters()), list(vit.parameters()), 1 / min(step, AVERAGED))
        logits, y = predict(averaged, images[held_out]), labels[held_out]
        rows.append({
            "seconds": round(time.time() - clock), "steps": step, "train_loss": round(sum(losses) / len(losses), 3),
            "held_out_classes": round(right(logits[:, :data.CLASS_COUNT], y), 4),
            "held_out_kinds": round(right(logits[:, data.CLASS_COUNT:], kind_of[y]), 4),
        })
        losses = []
        print(rows[-1], flush=True)
        with log.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return averaged


@torch.no_grad()
def write(vit: ViT, tiny: dict, out: Path):
    names, kind_of = kinds(data.CLASS_COUNT)
    kind_of = torch.tensor(kind_of)
    head = torch.nn.Linear(SHAPE.width, len(names))
    head.weight.copy_(vit.head.weight[data.CLASS_COUNT:])
    head.bias.copy_(vit.head.bias[data.CLASS_COUNT:])
    vit.head = head
    _, held_out = data.split_held_out(len(tiny["train_labels"]))
    logits, y = predict(vit, tiny["train_images"][held_out]), kind_of[tiny["train_labels"][held_out]]
    candidates = torch.arange(0.3, 3.0, 0.01)
    temperature = min(candidates.tolist(), key=lambda t: F.cross_entropy(logits / t, y).item())
    head.weight /= temperature
    head.bias /= temperature
    print(f"held out {right(logits, y):.4f}, temperature {temperature:.2f}")

    out.mkdir(parents=True, exist_ok=True)
    tensors = {name: t.contiguous() for name, t in hugging_face_tensors(vit, SHAPE).items()}
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    save_json = lambda name, value: (out / name).write_text(json.dumps(value, indent=1) + "\n")
    save_json("config.json", {
        "architectures": ["ViTForImageClassification"], "model_type": "vit", "hidden_size": SHAPE.width,
        "num_hidden_layers": SHAPE.depth, "num_attention_heads": SHAPE.heads, "intermediate_size": SHAPE.hidden,
        "hidden_act": "gelu", "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
        "layer_norm_eps": LAYER_NORM_EPS, "image_size": data.IMAGE_SIZE, "patch_size": SHAPE.patch_size,
        "num_channels": 3, "qkv_bias": True, "id2label": {str(i): name for i, name in enumerate(names)},
        "label2id": {name: i for i, name in enumerate(names)},
    })
    save_json("preprocessor_config.json", {
        "image_processor_type": "ViTImageProcessor", "do_resize": True,
        "size": {"height": data.IMAGE_SIZE, "width": data.IMAGE_SIZE}, "resample": 2, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": [round(x, 4) for x in MEAN.flatten().tolist()],
        "image_std": [round(x, 4) for x in STD.flatten().tolist()],
    })


def write_validation(archive: Path, folder: Path):
    """The validation images in a folder for each kind, for `npm run evaluate`."""
    names, kind_of = kinds(data.CLASS_COUNT)
    for number, (label, webp) in enumerate(data.read_archive(archive)["val"]):
        file = folder / names[kind_of[label]] / f"{number}.webp"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(webp)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, default=HERE.parents[1] / "../shared/datasets/tiny-imagenet-200.tar.gz")
    parser.add_argument("--work-dir", type=Path, default=Path("."), help="decoded images and the log")
    parser.add_argument("--out", type=Path, default=Path("first-glance"))
    parser.add_argument("--validation", type=Path, help="only write the validation images here, by kinds")
    parser.add_argument("--seconds", type=float, default=4800)
    args = parser.parse_args()
    if args.validation:
        return write_validation(args.dataset, args.validation)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    tiny = data.load(args.dataset, args.work_dir / "tinyimagenet.pt")
    write(train(tiny, args.seconds, args.work_dir / "log.csv"), tiny, args.out)


if __name__ == "__main__":
    main()
