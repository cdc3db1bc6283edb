#!/usr/bin/env python3
"""`compare.py OUT`: what scikit-learn's LogisticRegression makes of the embeddings that embed.mjs wrote to OUT."""

import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

CLASSES = 10


def read(part: str, width: int = 192) -> np.ndarray:
    return np.fromfile(Path(sys.argv[1]) / f"{part}.f32", np.float32).reshape(CLASSES, -1, width)


train, test = read("train"), read("test")
truth = np.repeat(np.arange(CLASSES), test.shape[1])
for count in (5, 50, 500):
    x = train[:, :count].reshape(-1, train.shape[2])
    y = np.repeat(np.arange(CLASSES), count)
    scale = np.sqrt(((x - x.mean(0)) ** 2).mean())
    for name, move in {"as they are": lambda v: v, "scaled": lambda v: (v - x.mean(0)) / scale}.items():
        model = LogisticRegression(C=1, tol=1e-6, max_iter=10_000).fit(move(x), y)
        accuracy = (model.predict(move(test.reshape(-1, x.shape[1]))) == truth).mean()
        print(f"{count} pictures a class, embeddings {name}: {100 * accuracy:.2f} %")
