"""What scikit-learn learns from a few embeddings: the reference of model.fewShot()."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.neighbors import NearestCentroid, NearestNeighbors

WIDTH = 8
COUNTS = [7, 12, 5]  # examples of each class
NEIGHBORS = 5


def embeddings(seed: int, counts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping clouds, of another size and place than 0 and 1."""
    random = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(size=(len(counts), WIDTH))
    labels = np.repeat(np.arange(len(counts)), counts)
    return (3 + 4 * (centers[labels] + 1.2 * random.normal(size=(len(labels), WIDTH)))).astype(np.float32), labels


def scaled(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """The mean is subtracted, and the mean of the squares made 1, over all directions together."""
    centered = by - by.mean(0)
    return (values - by.mean(0)) / np.sqrt((centered**2).mean())


def regression(x: np.ndarray, y: np.ndarray, l2: float) -> LogisticRegression:
    return LogisticRegression(C=1 / l2, tol=1e-10, max_iter=100_000).fit(x, y)


def left_out(x: np.ndarray, y: np.ndarray, predict) -> list[list[int]]:
    """The confusion matrix of leave-one-out."""
    others = [np.arange(len(x)) != i for i in range(len(x))]
    predicted = [predict(x[o], y[o], x[i : i + 1]) for i, o in enumerate(others)]
    return confusion_matrix(y, predicted).tolist()


def by_neighbors(x: np.ndarray, y: np.ndarray, query: np.ndarray) -> int:
    distances, order = NearestNeighbors(n_neighbors=NEIGHBORS, metric="cosine").fit(x).kneighbors(query)
    votes = np.bincount(y[order[0]], weights=np.exp(-distances[0] / 0.07), minlength=len(COUNTS))
    return int(votes.argmax())


def write_few_shot(fixtures: Path) -> None:
    x, y = embeddings(1, COUNTS)
    queries, _ = embeddings(2, [4, 4, 4])
    wide, wide_queries = x.astype(np.float64), queries.astype(np.float64)
    unit, query = scaled(wide, wide), scaled(wide_queries, wide)
    tensors = {"examples": x, "queries": queries}
    for l2 in (1, 0.01):
        tensors[f"probabilities.{l2}"] = regression(unit, y, l2).predict_proba(query).astype(np.float32)
    save_file(tensors, fixtures / "few-shot.safetensors")
    nearest = NearestCentroid().fit(wide, y).predict(wide_queries)
    facts = {
        "counts": COUNTS,
        "logistic": left_out(unit, y, lambda a, b, q: regression(a, b, 1).predict(q)[0]),
        "prototype": left_out(wide, y, lambda a, b, q: NearestCentroid().fit(a, b).predict(q)[0]),
        "knn": left_out(wide, y, by_neighbors),
        "nearestPrototype": nearest.tolist(),
        "nearestNeighbors": [by_neighbors(wide, y, q[None]) for q in wide_queries],
    }
    (fixtures / "few-shot.json").write_text(json.dumps(facts) + "\n")


if __name__ == "__main__":
    write_few_shot(Path(__file__).resolve().parent / "fixtures")
