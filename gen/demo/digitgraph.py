"""The digits as a graph: scikit-learn's 1,797 handwritten digits, joined to those that look alike.

Nodes are images of 8 x 8 pixels, features their pixels, and an edge joins two images of which one is among
the nearest of the other. A graph network sees the labels of 5 % of the nodes and classifies the others. The
images come inside the scikit-learn package, so nothing is downloaded.
"""

import numpy as np

from pyralis.gen.gcn.graph import Graph

__all__ = ["NEIGHBOURS", "PIXEL_SCALE", "TRAIN_SHARE", "VALIDATION_SHARE", "load", "nearest"]

NEIGHBOURS = 8
"""Nearest images that a node is joined to; with those that are joined to it, 11 on average."""

PIXEL_SCALE = 1 / 16
"""Feature that one unit of a pixel (0..16) is worth; features are 0..1, and exact."""

TRAIN_SHARE = 0.05
VALIDATION_SHARE = 0.1


def load(
    neighbours: int = NEIGHBOURS,
    seed: int = 0,
    *,
    count: int | None = None,
    train_share: float = TRAIN_SHARE,
) -> Graph:
    """The graph, with as many nodes of every class to train and to validate as its share allows.

    Parameters
    ----------
    neighbours : int
    seed : int
        Decides which nodes those are; the others test.
    count : int, optional
        Only the first so many images, for a small core.
    train_share : float
        Share of the nodes of a class to train on.

    Edges have no weights, stand in both directions and are no self loops. Features are (1797, 64) float32.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pixels = bunch.data[:count].astype(np.int64)
    labels = bunch.target[:count].astype(np.int64)
    near = nearest(pixels, neighbours)
    targets, sources = np.repeat(np.arange(len(near)), neighbours), near.reshape(-1)
    codes = np.concatenate([sources * len(near) + targets, targets * len(near) + sources])
    return Graph.from_edge_index(
        np.stack(np.divmod(np.unique(codes), len(near))),
        (pixels * PIXEL_SCALE).astype(np.float32),
        labels=labels,
        masks=_split(labels, np.random.default_rng(seed), train_share),
        name="digits",
    )


def nearest(points: np.ndarray, neighbours: int) -> np.ndarray:
    """(N, neighbours) int64: the nearest other rows of *points* (N, F) by Euclidean distance, nearest first.

    Distances of integers are exact; of equally near rows the one with the lower number comes first.
    """
    squares = (points**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * (points @ points.T)
    np.fill_diagonal(distances, distances.max() + 1)
    return np.argsort(distances, axis=1, kind="stable")[:, :neighbours]


def _split(labels: np.ndarray, random: np.random.Generator, share: float) -> dict[str, np.ndarray]:
    masks = {name: np.zeros(labels.size, dtype=bool) for name in ("train", "val", "test")}
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        train, validate = round(share * members.size), round(VALIDATION_SHARE * members.size)
        masks["train"][members[:train]] = True
        masks["val"][members[train : train + validate]] = True
        masks["test"][members[train + validate :]] = True
    return masks
