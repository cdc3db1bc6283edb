#!/usr/bin/env python3
"""Whether transformers opens what `FewShot.export` wrote, and gives the same answers.

    node check_exported.mjs OUT      exports classifiers of tiny models, with the built package
    check_exported.py OUT            opens each with AutoModelForImageClassification and compares the probabilities
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForImageClassification

worst = 0.0
for folder in sorted(Path(sys.argv[1]).iterdir()):
    model, info = AutoModelForImageClassification.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True
    )
    problems = {name: keys for name, keys in info.items() if keys}
    if problems:
        sys.exit(f"{folder.name}: {type(model).__name__} reports {problems}")
    expected = json.loads((folder / "expected.json").read_text())
    pixels = torch.tensor(expected["pixelValues"]).reshape(1, 3, expected["height"], expected["width"])
    with torch.no_grad():
        probabilities = model.eval()(pixel_values=pixels).logits.softmax(-1)[0].numpy()
    if list(model.config.id2label.values()) != expected["labels"]:
        sys.exit(f"{folder.name}: the labels are {model.config.id2label}")
    error = float(np.abs(probabilities - expected["probabilities"]).max())
    worst = max(worst, error)
    print(f"{folder.name}: {type(model).__name__}, largest difference {error:.1e}")
if worst > 1e-4:
    sys.exit("Too far apart.")
