"""Planetoid files of a random graph, for several tests."""

import pickle
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, random_array

TRAIN, KNOWN, NODES, WIDTH, CLASSES = 20, 540, 600, 12, 3


def write(folder: Path, name: str, seed: int = 0, *, missing: int = 7) -> None:
    """Files of a random graph in which *missing* nodes from KNOWN on are not among the test nodes."""
    random = np.random.default_rng(seed)

    def features(rows):
        return csr_matrix(random_array((rows, WIDTH), density=0.2, rng=random, dtype=np.float32))

    def labels(rows):
        return np.eye(CLASSES, dtype=np.int32)[random.integers(CLASSES, size=rows)]

    # the last number stays: PyTorch Geometric takes it for the number of nodes
    test = np.append(random.permutation(np.arange(KNOWN, NODES - 1))[missing:], NODES - 1)
    random.shuffle(test)
    allx, ally = features(KNOWN), labels(KNOWN)
    lists = defaultdict(list, {node: [] for node in range(NODES)})
    for one, other in random.integers(NODES, size=(1500, 2)).tolist():  # with loops and repeated edges
        lists[one].append(other)
        lists[other].append(one)
    parts = {"x": allx[:TRAIN], "allx": allx, "tx": features(test.size), "graph": lists}
    parts |= {"y": ally[:TRAIN], "ally": ally, "ty": labels(test.size)}
    for part, value in parts.items():
        (folder / f"ind.{name}.{part}").write_bytes(pickle.dumps(value, protocol=2))
    (folder / f"ind.{name}.test.index").write_text("".join(f"{node}\n" for node in test))
