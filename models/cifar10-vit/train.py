"""Train the built-in model from scratch: `python train.py --work-dir DIR`.

Run the same command again to resume: a checkpoint is written after every epoch, atomically, and
every epoch draws its randomness from (seed, epoch) alone. `python export.py` writes the files
of the package from the last checkpoint, at any time. `--start FILE` begins a further run from the
exported weights of an earlier one, with a schedule of its own.
"""

import argparse
import csv
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
import torch.nn.functional as F

import data
from muon import Muon
from names import set_weights
from vit import ViT

ROOT = Path(__file__).resolve().parents[2]
MEAN = torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)  # of the training images
STD = torch.tensor([0.2470, 0.2435, 0.2616]).view(3, 1, 1)


@dataclass
class Settings:
    seed: int = 0
    # network
    patch_size: int = 4
    width: int = 128
    depth: int = 6
    heads: int = 4
    hidden: int = 512
    # schedule: progress is the larger of epochs done / epochs and minutes spent / minutes, so that the
    # learning rate reaches zero in time however busy the machine is
    epochs: int = 29
    minutes: float = 1e9
    batch: int = 256
    warmup: float = 0.07
    # optimisers: Muon for the matrices of the blocks, AdamW for everything else
    muon_lr: float = 4e-3
    muon_decay: float = 0.05
    adamw_lr: float = 2e-3
    adamw_decay: float = 0.02
    ema_steps: int = 400
    # regularisation
    label_smoothing: float = 0.05
    strength: float = 1.0  # of the augmentation of single images
    mix: float = 0.3  # share of the batches that are mixed ...
    mix_until: float = 0.8  # ... until this much progress
    patches: int = 32  # random patches (of 64) looked at, for speed and variety ...
    patches_until: float = 0.45  # ... until this much progress


def network(settings: Settings) -> ViT:
    return ViT(data.IMAGE_SIZE, settings.patch_size, settings.width, settings.depth, settings.heads,
               settings.hidden, len(data.CLASSES))


def optimizers(vit: ViT, settings: Settings):
    matrices = [p for n, p in vit.blocks.named_parameters() if n.endswith("weight") and p.ndim == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in vit.parameters() if id(p) not in chosen]
    return [
        Muon(matrices, lr=settings.muon_lr, weight_decay=settings.muon_decay),
        torch.optim.AdamW([
            {"params": [p for p in rest if p.ndim == 2], "weight_decay": settings.adamw_decay},
            {"params": [p for p in rest if p.ndim != 2], "weight_decay": 0.0},
        ], lr=settings.adamw_lr, betas=(0.9, 0.98)),
    ]


@torch.no_grad()
def predict(vit: ViT, images: torch.Tensor, batch: int = 500) -> torch.Tensor:
    """uint8 images -> logits, in float32."""
    return torch.cat([vit((x.float() / 255 - MEAN) / STD) for x in images.split(batch)])


def save_atomically(state: dict, path: Path):
    torch.save(state, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def train(args, settings: Settings):
    torch.manual_seed(settings.seed)
    cifar = data.load(args.dataset, args.work_dir / "cifar10.pt")
    train_indices, held_out = data.split_held_out(len(cifar["train_labels"]))
    images, labels = cifar["train_images"], cifar["train_labels"]
    one_hot = F.one_hot(labels, len(data.CLASSES)).float()
    hard = one_hot * (1 - settings.label_smoothing) + settings.label_smoothing / len(data.CLASSES)

    vit, averaged = network(settings), network(settings)
    if args.start:
        set_weights(vit, settings, args.start)
    averaged.load_state_dict(vit.state_dict())
    averaged.requires_grad_(False)
    opts = optimizers(vit, settings)
    base_lr = [[group["lr"] for group in opt.param_groups] for opt in opts]
    checkpoint = args.work_dir / f"{args.run}.pt"
    rows, epoch, seconds, step = [], 0, 0.0, 0
    if checkpoint.exists():
        state = torch.load(checkpoint)
        vit.load_state_dict(state["vit"])
        averaged.load_state_dict(state["averaged"])
        for opt, saved in zip(opts, state["optimizers"]):
            opt.load_state_dict(saved)
        rows, epoch, seconds, step = state["rows"], state["epoch"], state["seconds"], state["step"]

    parameters = list(vit.parameters())

    def gradients(x, target, kept):
        # No cache: it would share the converted weights, and with them a graph, between threads.
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            logits = vit(x, kept)
        loss = F.cross_entropy(logits.float(), target)
        return torch.autograd.grad(loss, parameters), loss.item()

    # Each worker takes its share of a batch through the whole network on one thread. Threads that
    # meet after every operation instead are several times slower as soon as the machine is busy.
    workers = args.workers
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(workers, initializer=lambda: torch.set_num_threads(1))

    steps = len(train_indices) // settings.batch
    progress = 0.0
    while epoch < settings.epochs and progress < 1:
        generator = torch.Generator().manual_seed(settings.seed * 100_003 + epoch)
        order = train_indices[torch.randperm(len(train_indices), generator=generator)]
        total, clock = 0.0, time.time()
        for i in range(steps):
            now = seconds + time.time() - clock
            progress = min(1.0, max((epoch + i / steps) / settings.epochs, now / 60 / settings.minutes))
            scale = min((step + 1) / (settings.warmup * settings.epochs * steps), 1 - progress)
            for opt, lrs in zip(opts, base_lr):
                for group, lr in zip(opt.param_groups, lrs):
                    group["lr"] = lr * scale

            picked = order[i * settings.batch:(i + 1) * settings.batch]
            x = data.augment(images[picked], settings.strength, generator)
            target = hard[picked]
            if torch.rand(1, generator=generator).item() < settings.mix and progress < settings.mix_until:
                x, target = data.mix(x, target, generator)
            kept = None
            if progress < settings.patches_until:
                everywhere = torch.rand(settings.batch, vit.pos_embed.shape[1] - 1, generator=generator)
                kept = everywhere.argsort(1)[:, :settings.patches]

            x = (x - MEAN) / STD
            kept = [None] * workers if kept is None else kept.chunk(workers)
            results = list(pool.map(gradients, x.chunk(workers), target.chunk(workers), kept))
            for p, *parts in zip(parameters, *(grads for grads, _ in results)):
                p.grad = sum(parts) / workers
            for opt in opts:
                opt.step()
            step += 1
            weight = 1 / min(step, settings.ema_steps)  # a plain mean until there are enough steps
            torch._foreach_lerp_(list(averaged.parameters()), list(vit.parameters()), weight)
            total += sum(loss for _, loss in results) / workers

        logits = predict(averaged, images[held_out])
        seconds += time.time() - clock
        epoch += 1
        rows.append({
            "epoch": epoch,
            "minutes": round(seconds / 60, 2),
            "progress": round(progress, 4),
            "train_loss": round(total / steps, 4),
            "held_out_loss": round(F.cross_entropy(logits, labels[held_out]).item(), 4),
            "held_out_accuracy": round((logits.argmax(1) == labels[held_out]).float().mean().item(), 4),
        })
        print(rows[-1], flush=True)
        save_atomically({
            "vit": vit.state_dict(), "averaged": averaged.state_dict(),
            "optimizers": [opt.state_dict() for opt in opts], "settings": asdict(settings),
            "rows": rows, "epoch": epoch, "seconds": seconds, "step": step,
        }, checkpoint)
        with open(args.work_dir / f"{args.run}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, default=ROOT / "../shared/datasets/cifar-10-images.tar.gz")
    parser.add_argument("--work-dir", type=Path, required=True,
                        help="decoded images, checkpoint, log")
    parser.add_argument("--run", default="run", help="name of the checkpoint and the log in it")
    parser.add_argument("--start", type=Path, help="exported weights to begin from, instead of from scratch")
    parser.add_argument("--workers", type=int, default=2, help="threads")
    for field in fields(Settings):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=field.default)
    args = parser.parse_args()
    train(args, Settings(**{field.name: getattr(args, field.name) for field in fields(Settings)}))


if __name__ == "__main__":
    main()
