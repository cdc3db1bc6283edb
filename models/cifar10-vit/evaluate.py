"""Measure the exported files and draw the pictures of the card: `python evaluate.py --work-dir DIR`.

Everything goes through Hugging Face's own classes, so this also shows that the files are what they
claim to be. The test images are used here and nowhere else.
"""

import argparse
import csv
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import torch
from PIL import Image
from transformers import ViTForImageClassification, ViTImageProcessor

import data
from names import set_weights
from train import ROOT, Settings, network, predict

matplotlib.use("Agg")
HERE = Path(__file__).resolve().parent


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
    axes.imshow((confusion / confusion.sum(1, keepdim=True)).sqrt(), cmap="Blues")
    for row in range(10):
        for column in range(10):
            colour = "white" if row == column else "black"
            axes.text(column, row, int(confusion[row, column]), ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(10), data.CLASSES, rotation=45, ha="right")
    axes.set_yticks(range(10), data.CLASSES)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    save_png(figure, path)


def draw_curves(log: Path, path: Path):
    rows = list(csv.DictReader(log.open()))
    column = lambda name: [float(row[name]) for row in rows]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    left.plot(column("epoch"), column("train_loss"), label="training (augmented, mixed)")
    left.plot(column("epoch"), column("held_out_loss"), label="held out, averaged weights")
    left.set_xlabel("epoch")
    left.set_ylabel("cross-entropy")
    left.legend()
    right.plot(column("epoch"), [100 * x for x in column("held_out_accuracy")])
    right.set_xlabel("epoch")
    right.set_ylabel("held-out accuracy, %")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    save_png(figure, path)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, default=ROOT / "../shared/datasets/cifar-10-images.tar.gz")
    parser.add_argument("--photos", type=Path, help="a folder of JPEG photographs")
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--run", default="run")
    args = parser.parse_args()

    processor = ViTImageProcessor.from_pretrained(HERE)
    model, report = ViTForImageClassification.from_pretrained(HERE, dtype=torch.float32, output_loading_info=True)
    model.eval()
    print({key: len(names) for key, names in report.items()})

    def logits_of(images: list) -> torch.Tensor:
        batches = [images[i:i + 500] for i in range(0, len(images), 500)]
        return torch.cat([model(**processor(batch, return_tensors="pt")).logits for batch in batches])

    cifar = data.load(args.dataset, args.work_dir / "cifar10.pt")
    images, labels = cifar["test_images"], cifar["test_labels"]
    logits = logits_of([Image.fromarray(x.numpy()) for x in images.permute(0, 2, 3, 1)])
    probabilities = logits.softmax(1)
    predicted = logits.argmax(1)

    # The network as trained, in its own code and with the exported weights, must give the same logits.
    state = torch.load(args.work_dir / f"{args.run}.pt")
    settings = Settings(**state["settings"])
    own = network(settings)
    set_weights(own, settings, HERE / "model.safetensors")
    difference = (predict(own, images[:1000]) - logits[:1000]).abs().max().item()
    print(f"logits against the training code: largest difference {difference:.2e}")

    confusion = torch.zeros(10, 10).index_put((labels, predicted), torch.ones(len(labels)), accumulate=True)
    print(f"test accuracy {(predicted == labels).float().mean():.4f}, "
          f"top 2 {(logits.topk(2).indices == labels[:, None]).any(1).float().mean():.4f}, "
          f"cross-entropy {torch.nn.functional.cross_entropy(logits, labels):.4f}, "
          f"calibration error {calibration_error(probabilities, labels):.4f}")
    for name, row, correct in zip(data.CLASSES, confusion, confusion.diag()):
        print(f"| {name} | {100 * correct / row.sum():.1f} % |")
    draw_confusion(confusion, HERE / "confusion.png")
    draw_curves(HERE / "log.csv", HERE / "curves.png")

    for path in sorted(args.photos.glob("*.jpg")) if args.photos else []:
        photo = logits_of([Image.open(path).convert("RGB")])[0].softmax(0)
        best = photo.topk(3)
        print(f"| {path.name} | " + ", ".join(
            f"{data.CLASSES[i]} {100 * p:.0f} %" for p, i in zip(best.values, best.indices)) + " |")


if __name__ == "__main__":
    main()
