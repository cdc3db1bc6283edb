#!/usr/bin/env python3
"""Whether transformers and timm open what `FewShot.export` wrote, and give the same answers.

    node check_exported.mjs OUT      exports classifiers of tiny models and of the built-in one, with the built package
    check_exported.py OUT            opens each with AutoModelForImageClassification, or timm, compares the probabilities,
                                     and records them in fixtures/exported.json
"""

import json
import sys
from pathlib import Path

import numpy as np
import timm
import torch
from transformers import AutoModelForImageClassification


def open_timm(folder: Path, config: dict):
    model = timm.create_model(f"local-dir:{folder}", pretrained=True)
    return model, type(model).__name__, config["label_names"]


def open_transformers(folder: Path):
    model, info = AutoModelForImageClassification.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True
    )
    problems = {name: keys for name, keys in info.items() if keys}
    if problems:
        sys.exit(f"{folder.name}: {type(model).__name__} reports {problems}")
    labels = list(model.config.id2label.values())
    return lambda pixels: model.eval()(pixel_values=pixels).logits, type(model).__name__, labels


recorded, apart = {}, []
for folder in sorted(Path(sys.argv[1]).iterdir()):
    config = json.loads((folder / "config.json").read_text())
    expected = json.loads((folder / "expected.json").read_text())
    is_timm = "architecture" in config and "model_type" not in config
    model, title, labels = open_timm(folder, config) if is_timm else open_transformers(folder)
    if is_timm:
        model.eval()
    if labels != expected["labels"]:
        sys.exit(f"{folder.name}: the labels are {labels}")
    pixels = torch.tensor(expected["pixelValues"]).reshape(1, 3, expected["height"], expected["width"])
    with torch.no_grad():
        probabilities = model(pixels).softmax(-1)[0].numpy()
    error = float(np.abs(probabilities - expected["probabilities"]).max())
    # The engine rounds the activations of an int8 model, Python does not.
    if error > (0.05 if expected["dtype"] == "int8" else 1e-4):
        apart.append(folder.name)
    recorded[folder.name.replace("--", "/")] = [round(float(value), 7) for value in probabilities]
    print(f"{folder.name}: {title}, largest difference {error:.1e}")
if apart:
    sys.exit(f"Too far apart: {', '.join(apart)}.")
fixtures = Path(__file__).resolve().parent / "fixtures"
(fixtures / "exported.json").write_text(json.dumps(recorded, indent=1) + "\n")
