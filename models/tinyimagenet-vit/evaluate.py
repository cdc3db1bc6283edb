"""Measure the model in PyTorch and draw the pictures of the card: `python evaluate.py --work-dir DIR --model FOLDER`.

FOLDER is what export.py wrote (float32), opened by Hugging Face's own classes. `npm run evaluate` measures the int8 files
through the package. The validation images are used here and nowhere else.
"""

import argparse
import csv
import tarfile
from io import BytesIO
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import torch
from PIL import Image
from transformers import ViTForImageClassification, ViTImageProcessor

import data
from train import ROOT, accuracy

matplotlib.use("Agg")
HERE = Path(__file__).resolve().parent

# CIFAR-10's classes that are none of the 200, nor akin to one.
UNKNOWN = ["airplane", "deer", "horse", "ship"]

GROUPS = {  # by the numbers of the classes, which are in the order of their wnids
    "animals": [*range(0, 59)], "things": [*range(59, 177)], "food and fruits": [*range(177, 194), 199],
    "landscapes": [*range(194, 199)],
}


def calibration_error(probabilities: torch.Tensor, labels: torch.Tensor, bins: int = 15) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over bins of confidence."""
    confidence, predicted = probabilities.max(1)
    correct = (predicted == labels).float()
    which = (confidence * bins).long().clamp(max=bins - 1)
    gaps = torch.zeros(bins).index_add(0, which, confidence - correct)
    return (gaps.abs().sum() / len(labels)).item()


def save_png(figure, path: Path):
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    # A palette is enough for line art, and a third of the size.
    Image.open(path).convert("RGB").quantize(64).save(path, optimize=True)
    plt.close(figure)


def draw_confusion(confusion: torch.Tensor, path: Path):
    figure, axes = plt.subplots(figsize=(6, 5.6))
    axes.imshow((confusion / confusion.sum(1, keepdim=True)).sqrt(), cmap="Blues", interpolation="nearest")
    edges = [group[0] for group in GROUPS.values()]
    axes.set_xticks(edges, GROUPS)
    axes.set_yticks(edges, GROUPS)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    save_png(figure, path)


def draw_curves(log: Path, path: Path):
    rows = list(csv.DictReader(log.open()))
    column = lambda name: [float(row[name]) for row in rows]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    left.plot(column("epoch"), column("train_loss"), label="training (soft labels, mixed)")
    left.plot(column("epoch"), column("held_out_loss"), label="held out, averaged weights")
    left.set_xlabel("epoch")
    left.set_ylabel("cross-entropy")
    left.legend()
    right.plot(column("epoch"), [100 * x for x in column("held_out_accuracy")], label="first answer")
    right.plot(column("epoch"), [100 * x for x in column("held_out_top5")], label="first five")
    right.set_xlabel("epoch")
    right.set_ylabel("held-out accuracy, %")
    right.legend()
    for axes in (left, right):
        axes.grid(alpha=0.3)
    save_png(figure, path)


def unknown_images(archive: Path, of_each: int) -> list[Image.Image]:
    images = {name: [] for name in UNKNOWN}
    with tarfile.open(archive) as tar:
        for member in tar:
            *_, split, name, file = ["", "", *member.name.split("/")]
            if split == "test" and file.endswith(".jpg") and len(images.get(name, [None] * of_each)) < of_each:
                images[name].append(Image.open(BytesIO(tar.extractfile(member).read())).convert("RGB"))
    return [image for group in images.values() for image in group]


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, default=ROOT / "../shared/datasets/tiny-imagenet-200.tar.gz")
    parser.add_argument("--unknown", type=Path, default=ROOT / "../shared/datasets/cifar-10-images.tar.gz")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=10_000, help="validation images, evenly spread")
    args = parser.parse_args()

    processor = ViTImageProcessor.from_pretrained(args.model)
    model = ViTForImageClassification.from_pretrained(args.model, dtype=torch.float32).eval()

    def probabilities_of(images: list) -> torch.Tensor:
        batches = [images[i:i + 250] for i in range(0, len(images), 250)]
        return torch.cat([model(**processor(b, return_tensors="pt")).logits for b in batches]).softmax(1)

    tiny = data.load(args.dataset, args.work_dir / "tinyimagenet.pt")
    step = max(1, len(tiny["val_labels"]) // args.limit)
    images, labels = tiny["val_images"][::step], tiny["val_labels"][::step]
    known = probabilities_of([Image.fromarray(x.numpy()) for x in images.permute(0, 2, 3, 1)])
    predicted = known.argmax(1)
    print(f"top 1 {accuracy(known, labels):.4f}, top 5 {accuracy(known, labels, 5):.4f}, "
          f"calibration error {calibration_error(known, labels):.4f}")
    for name, group in GROUPS.items():
        chosen = torch.isin(labels, torch.tensor(group))
        print(f"| {name} | {len(group)} | {100 * accuracy(known[chosen], labels[chosen]):.1f} % |")
    confusion = torch.zeros(200, 200).index_put((labels, predicted), torch.ones(len(labels)), accumulate=True)
    draw_confusion(confusion, HERE / "confusion.png")
    draw_curves(HERE / "log.csv", HERE / "curves.png")

    unknown = probabilities_of(unknown_images(args.unknown, 250)).amax(1)
    confidence, right = known.amax(1), (predicted == labels).float()
    print("| threshold | known: answered | of those right | unknown: answered |")
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7):
        answered = confidence >= threshold
        print(f"| {threshold} | {100 * answered.float().mean():.1f} % | {100 * right[answered].mean():.1f} % | "
              f"{100 * (unknown >= threshold).float().mean():.1f} % |")
    order = torch.cat([confidence, unknown]).argsort().argsort().float()
    auroc = (order[:len(confidence)].mean() - (len(confidence) - 1) / 2) / len(unknown)
    print(f"AUROC known against unknown {auroc:.3f}")


if __name__ == "__main__":
    main()
