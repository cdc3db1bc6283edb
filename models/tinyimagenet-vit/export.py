"""Write the model from a checkpoint as a Hugging Face folder: `python export.py --work-dir DIR --out FOLDER`.

The averaged weights, in float32, under the names that ViTForImageClassification has on the Hub. The temperature that
calibrates the probabilities is fitted on the held-out images and divided into the classifier, so that nothing needs to
know of it. `npx vit-wasm convert FOLDER --dtype int8 -o models/tinyimagenet-vit` makes the files of the package.
"""

import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import data
from labels import label
from names import hugging_face_tensors
from train import MEAN, ROOT, STD, Settings, accuracy, network, predict
from vit import LAYER_NORM_EPS


def fit_temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The T of softmax(logits / T) with the smallest cross-entropy (Guo et al. 2017)."""
    candidates = torch.arange(0.3, 3.0, 0.01)
    return min(candidates.tolist(), key=lambda t: F.cross_entropy(logits / t, labels).item())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, default=ROOT / "../shared/datasets/tiny-imagenet-200.tar.gz")
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--run", default="run")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    state = torch.load(args.work_dir / f"{args.run}.pt", map_location="cpu")
    settings = Settings(**state["settings"])
    vit = network(settings)
    vit.load_state_dict(state["averaged"])

    tiny = data.load(args.dataset, args.work_dir / "tinyimagenet.pt")
    _, held_out = data.split_held_out(len(tiny["train_labels"]))
    labels = tiny["train_labels"][held_out]
    logits = predict(vit, tiny["train_images"][held_out])
    temperature = fit_temperature(logits, labels)
    with torch.no_grad():
        vit.head.weight /= temperature
        vit.head.bias /= temperature
    print(f"epoch {state['epoch']}: held out {accuracy(logits, labels):.4f}, temperature {temperature:.2f}")

    args.out.mkdir(parents=True, exist_ok=True)
    tensors = {name: t.contiguous() for name, t in hugging_face_tensors(vit, settings).items()}
    save_file(tensors, args.out / "model.safetensors", metadata={"format": "pt"})
    names = [label(words) for _, words in tiny["classes"]]
    assert len(set(names)) == len(names)
    write = lambda name, value: (args.out / name).write_text(json.dumps(value, indent=1) + "\n")
    write("config.json", {
        "architectures": ["ViTForImageClassification"],
        "model_type": "vit",
        "hidden_size": settings.width,
        "num_hidden_layers": settings.depth,
        "num_attention_heads": settings.heads,
        "intermediate_size": settings.hidden,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "layer_norm_eps": LAYER_NORM_EPS,
        "image_size": data.IMAGE_SIZE,
        "patch_size": settings.patch_size,
        "num_channels": 3,
        "qkv_bias": True,
        "id2label": {str(i): name for i, name in enumerate(names)},
        "label2id": {name: i for i, name in enumerate(names)},
    })
    write("preprocessor_config.json", {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": data.IMAGE_SIZE, "width": data.IMAGE_SIZE},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [round(x, 4) for x in MEAN.flatten().tolist()],
        "image_std": [round(x, 4) for x in STD.flatten().tolist()],
    })


if __name__ == "__main__":
    main()
