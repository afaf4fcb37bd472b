"""Windows of the Sparsity Eliminator against HyGCN's loops, and against the figure of the paper on Cora."""

import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pyralis.hw.gcn.eliminator import Elimination
from pyralis.sim.golden.gcn.windows import (
    Window,
    elimination_ratio,
    intervals,
    occupancy,
    rows_loaded,
    windows,
)


def algorithm_3_and_4(edges, nodes_of_interval, height):
    """HyGCN's algorithms as they are printed, rows from 0 on, with the end of the graph and the clamp.

    ``edges[row][v]``: whether there is an edge from source row to destination v.
    """
    count = len(edges)

    def empty(row):
        return not any(edges[row][v] for v in nodes_of_interval)

    found, row_pos = [], 0
    while True:
        while row_pos < count and empty(row_pos):  # sliding
            row_pos += 1
        if row_pos == count:
            return found
        win_start = row_pos
        win_end = row_pos + height - 1
        row_pos = win_end + 1
        win_end = min(win_end, count - 1)
        while empty(win_end):  # shrinking
            win_end -= 1
        found.append((win_start, win_end - win_start + 1))
        row_pos = min(row_pos, count)


def csr(edges):
    """Adjacency over destinations of a matrix ``edges[source, destination]``."""
    destinations, sources = np.nonzero(edges.T)
    return np.searchsorted(destinations, np.arange(edges.shape[1] + 1)), sources


@pytest.mark.parametrize("seed", range(8))
def test_windows_are_those_of_the_papers_loops(seed):
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(1, 60))
    edges = rng.random((nodes, nodes)) < rng.choice([0.01, 0.05, 0.3])
    indptr, indices = csr(edges)
    for height in (1, 2, 3, 8, nodes, nodes + 5):
        for width in (1, 4, 7, nodes):
            total = 0
            for start, stop in intervals(nodes, width):
                expected = algorithm_3_and_4(edges, range(start, stop), height)
                found = windows(occupancy(indptr, indices, start, stop, nodes), height, Elimination.WINDOW)
                assert found == expected
                total += sum(rows for _, rows in expected)
            assert rows_loaded(indptr, indices, height, width, Elimination.WINDOW) == total


@pytest.mark.parametrize("seed", range(4))
def test_row_granular_loads_what_is_occupied_and_nothing_else(seed):
    rng = np.random.default_rng(seed)
    occupied = np.repeat(rng.random(40) < 0.5, rng.integers(1, 12, 40))
    for height in (1, 3, 8, 1000):
        found = windows(occupied, height, Elimination.ROWS)
        loaded = [row for start, rows in found for row in range(start, start + rows)]
        assert loaded == list(np.flatnonzero(occupied))
        assert max(rows for _, rows in found) <= height
        # No two of them could be one.
        for (start, rows), (following, _) in pairwise(found):
            assert following > start + rows or rows == height


def test_without_elimination_everything_is_loaded():
    assert windows(np.zeros(10, bool), 4, Elimination.NONE) == [(0, 4), (4, 4), (8, 2)]


def test_hard_bitmaps():
    assert windows(np.zeros(0, bool), 4, Elimination.NONE) == []
    assert windows(np.zeros(70, bool), 4, Elimination.WINDOW) == []
    last = np.arange(70) == 69
    for mode in (Elimination.WINDOW, Elimination.ROWS):
        assert windows(last, 4, mode) == [Window(69, 1)]
    assert windows(np.ones(10, bool), 4, Elimination.WINDOW) == [(0, 4), (4, 4), (8, 2)]
    holes = np.array([0, 1, 0, 0, 1, 0, 0, 0, 0, 1], bool)
    assert windows(holes, 8, Elimination.WINDOW) == [(1, 4), (9, 1)]
    assert windows(holes, 9, Elimination.WINDOW) == [(1, 9)]
    with pytest.raises(ValueError, match="height must be at least 1, not 0"):
        windows(holes, 0, Elimination.ROWS)
    assert elimination_ratio([0], [], 3, 3, Elimination.WINDOW) == 1.0


CORA_ROW = 1433 * 4
"""Bytes of a feature row of Cora in HyGCN: 32-bit fixed point (section 1.6 of the paper's configuration)."""

INPUT_BUFFER = 128 << 10
"""HyGCN's Input Buffer, bytes; double buffered, so one window has half of it: 11 rows."""


CORA = Path(__file__).resolve().parents[5] / "shared" / "data" / "cora" / "ind.cora.graph"


@pytest.fixture(scope="module")
def cora():
    with CORA.open("rb") as file:
        graph = pickle.load(file, encoding="latin1")
    edges = np.eye(len(graph), dtype=bool)  # the self edge belongs to the edge set
    for node, neighbours in graph.items():
        edges[neighbours, node] = edges[node, neighbours] = True
    assert edges.sum() == 13_264
    return csr(edges)


@pytest.mark.skipif(not CORA.exists(), reason="needs the planetoid files of Cora in ../shared/data/cora")
@pytest.mark.parametrize(("mebibytes", "width", "ratio"), [(4, 731, 0.87), (5, 914, 0.93), (8, 1463, 0.98)])
def test_ratio_of_cora(cora, mebibytes, width, ratio):
    """HyGCN's figure shows 0.88; its width is the share of the 16 MiB Aggregation Buffer of one interval."""
    height = INPUT_BUFFER // 2 // CORA_ROW
    assert (height, (mebibytes << 20) // CORA_ROW) == (11, width)
    assert round(elimination_ratio(*cora, height, width, Elimination.WINDOW), 2) == ratio
    # Row by row less is loaded than with any window.
    finest = elimination_ratio(*cora, height, width, Elimination.ROWS)
    assert finest == elimination_ratio(*cora, 1, width, Elimination.WINDOW) < ratio
