"""Train the built-in model from scratch: `python train.py --work-dir DIR`.

Made for one GPU and a fixed time: the learning rate reaches zero after `--seconds` of training, whatever the speed. Run
the same command again to resume: a checkpoint is written every `--save-every` seconds, atomically. `python export.py`
writes the files of the package from the last checkpoint.
"""

import argparse
import csv
import math
import os
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
import torch.nn.functional as F

import data
from muon import Muon
from teacher import fine_tune, load_teacher, soft_labels, teach
from vit import ViT

ROOT = Path(__file__).resolve().parents[2]
MEAN = torch.tensor([0.4781, 0.4471, 0.3988]).view(3, 1, 1)  # of the training images
STD = torch.tensor([0.2732, 0.2661, 0.2788]).view(3, 1, 1)


@dataclass
class Settings:
    seed: int = 0
    # network
    patch_size: int = 4
    width: int = 192
    depth: int = 7
    heads: int = 3
    hidden: int = 768
    # schedule
    seconds: float = 430
    warmup: float = 0.04  # share of the time
    batch: int = 1000
    # optimizers: Muon for the matrices of the blocks, AdamW for everything else
    muon_lr: float = 4e-3
    muon_decay: float = 0.05
    adamw_lr: float = 2e-3
    adamw_decay: float = 0.05
    ema_steps: int = 600
    # soft labels
    views: int = 24  # of each image, at most ...
    teacher_seconds: float = 40  # ... and as many as the teacher sees in this time
    tuning_seconds: float = 45  # for fine-tuning the teacher
    smallest_view: float = 0.3  # share of the image's area
    teacher_share: float = 0.75  # of the target; the rest is the true label
    temperature: float = 1.0  # of the teacher's probabilities
    # regularization
    strength: float = 0.8  # of recoloring
    mix: float = 0.6  # share of the batches that are mixed ...
    mix_until: float = 0.85  # ... until this much progress
    patches: int = 128  # random patches (of 256) looked at, for speed and variety ...
    patches_until: float = 0.5  # ... until this much progress


def network(settings: Settings) -> ViT:
    return ViT(data.IMAGE_SIZE, settings.patch_size, settings.width, settings.depth, settings.heads,
               settings.hidden, data.CLASS_COUNT)


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
    """uint8 images → logits, in float32."""
    mean, std = MEAN.to(images.device), STD.to(images.device)
    return torch.cat([vit((x.float() / 255 - mean) / std) for x in images.split(batch)])


def accuracy(logits: torch.Tensor, labels: torch.Tensor, k: int = 1) -> float:
    return (logits.topk(k).indices == labels[:, None]).any(1).float().mean().item()


def save_atomically(state: dict, path: Path):
    torch.save(state, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def compile_blocks(vit: ViT):
    """All blocks but the last share one compiled graph; a whole network would compile for minutes."""
    torch._dynamo.config.automatic_dynamic_shapes = False  # a graph for each number of tokens: few, and faster
    torch._dynamo.config.recompile_limit = 64
    for block in vit.blocks:
        block.compile()


class Trainer:
    def __init__(self, args, settings: Settings):
        self.settings, self.device = settings, args.device
        torch.manual_seed(settings.seed)
        tiny = data.load(args.dataset, args.work_dir / "tinyimagenet.pt")
        train_indices, held_out = data.split_held_out(len(tiny["train_labels"]))
        if args.limit:
            train_indices = train_indices[torch.randperm(len(train_indices))[:args.limit]]
        on_device = lambda name: tiny[name].to(args.device)
        self.images, self.labels = on_device("train_images")[train_indices], on_device("train_labels")[train_indices]
        self.held_out = on_device("train_images")[held_out], on_device("train_labels")[held_out]
        self.vit = network(settings).to(args.device)
        self.averaged = network(settings).to(args.device).requires_grad_(False)
        self.averaged.load_state_dict(self.vit.state_dict())
        self.optimizers = optimizers(self.vit, settings)
        self.base_lr = [[group["lr"] for group in opt.param_groups] for opt in self.optimizers]
        self.one_hot = torch.eye(data.CLASS_COUNT, device=args.device)
        self.mean, self.std = MEAN.to(args.device), STD.to(args.device)
        self.rows, self.epoch, self.step, self.seconds = [], 0, 0, 0.0
        self.checkpoint = args.work_dir / f"{args.run}.pt"
        self.log = args.work_dir / f"{args.run}.csv"
        if self.checkpoint.exists():
            self.resume()
        clock = time.time()
        deit = load_teacher(args.teacher, tiny["classes"], args.device)
        if args.compile:
            compile_blocks(deit)
            compile_blocks(self.vit)
        seen = fine_tune(deit, self.images, self.labels, settings.tuning_seconds, settings.smallest_view, settings.seed)
        deit.eval().requires_grad_(False)
        whole = torch.eye(2, 3, device=args.device).expand(len(self.held_out[1]), 2, 3)
        tuned = accuracy(teach(deit, self.held_out[0], whole).float(), self.held_out[1])
        print(f"teacher: fine-tuned on {seen} views, held-out accuracy {tuned:.4f}", flush=True)
        self.views, self.soft = soft_labels(deit, self.images, settings.views, settings.smallest_view,
                                            settings.teacher_seconds, settings.seed)
        right = sum(accuracy(logits.float(), self.labels) for logits in self.soft) / len(self.soft)
        print(f"teacher: {len(self.views)} views of {len(self.images)} images in {time.time() - clock:.1f} s, "
              f"{100 * right:.2f} % right", flush=True)

    def resume(self):
        state = torch.load(self.checkpoint)
        self.vit.load_state_dict(state["vit"])
        self.averaged.load_state_dict(state["averaged"])
        for opt, saved in zip(self.optimizers, state["optimizers"]):
            opt.load_state_dict(saved)
        self.rows, self.epoch = state["rows"], state["epoch"]
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self):
        save_atomically({
            "vit": self.vit.state_dict(), "averaged": self.averaged.state_dict(),
            "optimizers": [opt.state_dict() for opt in self.optimizers], "settings": asdict(self.settings),
            "rows": self.rows, "epoch": self.epoch, "step": self.step, "seconds": self.seconds,
        }, self.checkpoint)
        with self.log.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.rows[0])
            writer.writeheader()
            writer.writerows(self.rows)

    def targets(self, picked: torch.Tensor, view: int) -> torch.Tensor:
        s = self.settings
        taught = (self.soft[view][picked].float() / s.temperature).softmax(1)
        return taught * s.teacher_share + self.one_hot[self.labels[picked]] * (1 - s.teacher_share)

    def set_rate(self, progress: float):
        s = self.settings
        scale = min(1.0, progress / s.warmup) * 0.5 * (1 + math.cos(math.pi * progress))
        for opt, lrs in zip(self.optimizers, self.base_lr):
            for group, lr in zip(opt.param_groups, lrs):
                group["lr"] = lr * max(scale, 1e-4)

    def one_step(self, picked, view, progress, generator, numbers) -> torch.Tensor:
        s = self.settings
        self.set_rate(progress)
        x = data.take_views(self.images[picked], self.views[view][picked], data.IMAGE_SIZE)
        x, target = data.recolor(x, s.strength, generator), self.targets(picked, view)
        if progress < s.mix_until and torch.rand(1, generator=numbers).item() < s.mix:
            x, target = data.mix(x, target, numbers)
        kept = None
        if progress < s.patches_until:
            count = (data.IMAGE_SIZE // s.patch_size) ** 2
            kept = torch.rand(len(picked), count, generator=generator, device=self.device).argsort(1)[:, :s.patches]
        with torch.autocast(torch.device(self.device).type, torch.bfloat16):
            logits = self.vit((x - self.mean) / self.std, kept)
        loss = F.cross_entropy(logits.float(), target)
        loss.backward()
        for opt in self.optimizers:
            opt.step()
            opt.zero_grad()
        self.step += 1
        weight = 1 / min(self.step, s.ema_steps)  # a plain mean until there are enough steps
        torch._foreach_lerp_(list(self.averaged.parameters()), list(self.vit.parameters()), weight)
        return loss.detach()

    def one_epoch(self):
        """An epoch, or what there is time for."""
        s = self.settings
        seed = s.seed * 100_003 + self.epoch
        generator, numbers = torch.Generator(self.device).manual_seed(seed), torch.Generator().manual_seed(seed)
        order = torch.randperm(len(self.images), generator=generator, device=self.device)
        clock, before, losses, progress = time.time(), self.seconds, [], 0.0
        for i in range(len(order) // s.batch):
            progress = min(1.0, (before + time.time() - clock) / s.seconds)
            if progress >= 1:
                break
            picked = order[i * s.batch:(i + 1) * s.batch]
            losses.append(self.one_step(picked, self.epoch % len(self.views), progress, generator, numbers))
            if i % 8 == 7:
                losses[-1].item()  # wait, so that the clock is the device's
        loss = torch.stack(losses).mean().item() if losses else float("nan")
        self.seconds = before + time.time() - clock
        self.epoch += 1
        return loss, progress

    def compile(self):
        """Meets every shape once, before the clock starts; changes nothing."""
        s = self.settings
        x = torch.zeros(s.batch, 3, data.IMAGE_SIZE, data.IMAGE_SIZE, device=self.device)
        some = torch.arange(s.patches, device=self.device).expand(s.batch, -1)
        for kept in (some, None):
            with torch.autocast(torch.device(self.device).type, torch.bfloat16):
                self.vit(x, kept).float().sum().backward()
            self.vit.zero_grad()

    def run(self, save_every: float):
        clock = time.time()
        self.compile()
        saved = time.time()
        print(f"compiled in {saved - clock:.1f} s", flush=True)
        progress = min(1.0, self.seconds / self.settings.seconds)
        while progress < 1:
            loss, progress = self.one_epoch()
            if math.isnan(loss):
                break
            last = progress >= 1
            if not last and time.time() - saved < save_every:
                continue
            images, labels = self.held_out
            logits = predict(self.averaged, images)
            self.rows.append({
                "epoch": self.epoch, "seconds": round(self.seconds, 1), "progress": round(progress, 4),
                "train_loss": round(loss, 4), "held_out_loss": round(F.cross_entropy(logits, labels).item(), 4),
                "held_out_accuracy": round(accuracy(logits, labels), 4),
                "held_out_top5": round(accuracy(logits, labels, 5), 4),
            })
            print(self.rows[-1], flush=True)
            self.save()
            saved = time.time()
        if self.rows:
            self.save()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, default=ROOT / "../shared/datasets/tiny-imagenet-200.tar.gz")
    parser.add_argument("--teacher", type=Path, default=ROOT / "../shared/models/deit-tiny-patch16-224")
    parser.add_argument("--work-dir", type=Path, required=True, help="decoded images, checkpoint, log")
    parser.add_argument("--run", default="run", help="name of the checkpoint and the log in it")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", action="store_true", help="compile the blocks with torch.compile")
    parser.add_argument("--save-every", type=float, default=20, help="seconds between checkpoints")
    parser.add_argument("--limit", type=int, default=0, help="train on so many images only, to try a recipe")
    for field in fields(Settings):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=field.default)
    args = parser.parse_args()
    if args.device == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
    settings = Settings(**{field.name: getattr(args, field.name) for field in fields(Settings)})
    Trainer(args, settings).run(args.save_every)


if __name__ == "__main__":
    main()
