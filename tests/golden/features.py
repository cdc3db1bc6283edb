"""What scikit-learn makes of tokens and embeddings: the reference of vit-wasm/features."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

# rows, columns, hidden, prefix: more values than patches, and fewer
GRIDS = {"wide": (6, 7, 64, 5), "narrow": (9, 8, 16, 1)}
CLUSTERS = 4


def tokens_of(rows: int, columns: int, hidden: int, prefix: int, seed: int) -> np.ndarray:
    """A disc on a ground of two halves, each of its own direction, with noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    disc = (y - rows / 2) ** 2 + (x - columns / 2) ** 2 < (min(rows, columns) / 3) ** 2
    area = np.where(disc, 2, (x > columns / 2).astype(int))
    directions = random.normal(size=(3, hidden))
    directions[1] += directions[0]  # the two halves are alike
    patches = directions[area.ravel()] + 0.4 * random.normal(size=(rows * columns, hidden))
    return np.vstack([random.normal(size=(prefix, hidden)), patches]).astype(np.float32)


def greedy_seeds(points: np.ndarray, count: int) -> np.ndarray:
    """The point nearest to the mean, then always the one that brings the sum of squared distances down most."""
    squared = ((points[:, None] - points[None]) ** 2).sum(2)
    seeds = [int(((points - points.mean(0)) ** 2).sum(1).argmin())]
    while len(seeds) < count:
        nearest = squared[seeds].min(0)
        seeds.append(int(np.minimum(squared, nearest).sum(1).argmin()))
    return points[seeds]


def otsu(values: np.ndarray) -> float:
    """One-dimensional 2-means, whose optimum is Otsu's threshold: by trying every division."""
    ordered = np.sort(values)
    variances = [ordered[:i].var() * i + ordered[i:].var() * (len(ordered) - i) for i in range(1, len(ordered))]
    best = int(np.argmin(variances))
    return float((ordered[best] + ordered[best + 1]) / 2)


def foreground(patches: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """TokenCut with a full eigendecomposition."""
    similarities = cosine_similarity(patches)
    limit = np.sort(similarities.ravel())[int(0.7 * (similarities.size - 1))]
    links = np.where(similarities > limit, 1, 1e-5)
    scale = links.sum(1) ** -0.5
    side = scale * np.linalg.eigh(scale[:, None] * links * scale)[1][:, -2]
    border = np.ones((rows, columns), bool)
    border[1:-1, 1:-1] = False
    inside = side if side[border.ravel()].mean() < side[~border.ravel()].mean() else -side
    return inside > inside.mean()


def write_features(fixtures: Path) -> None:
    cases, tensors = [], {}
    for seed, (name, (rows, columns, hidden, prefix)) in enumerate(GRIDS.items()):
        tokens = tokens_of(rows, columns, hidden, prefix, seed)
        patches = tokens[prefix:].astype(np.float64)
        pca = PCA(n_components=3, svd_solver="full").fit(patches)
        means = KMeans(CLUSTERS, init=greedy_seeds(patches, CLUSTERS), n_init=1, tol=0, algorithm="lloyd").fit(patches)
        map_of_first = cosine_similarity(patches, patches[:1])[:, 0]
        distances, order = NearestNeighbors(n_neighbors=5, metric="cosine").fit(patches[1:]).kneighbors(patches[:1])
        results = {
            "tokens": tokens,
            "components": pca.components_,
            "projected": pca.transform(patches),
            "variance": pca.explained_variance_,
            "centers": means.cluster_centers_,
            "similarity_to_first": map_of_first,
            "nearest_similarity": 1 - distances[0],
        }
        tensors |= {f"{name}.{key}": np.ascontiguousarray(value, np.float32) for key, value in results.items()}
        cases.append(
            {
                "name": name,
                "rows": rows,
                "columns": columns,
                "hidden": hidden,
                "prefix": prefix,
                "clusters": means.labels_.tolist(),
                "nearest": order[0].tolist(),
                "otsu": otsu(map_of_first),
                "foreground": foreground(patches, rows, columns).astype(int).tolist(),
            }
        )
    save_file(tensors, fixtures / "features.safetensors")
    (fixtures / "features.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    write_features(Path(__file__).resolve().parent / "fixtures")
