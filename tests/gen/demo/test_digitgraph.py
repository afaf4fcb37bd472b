"""The graph of the digits: neighbours as scikit-learn finds them, a stratified split, always the same."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from pyralis.gen.demo import digitgraph


@pytest.fixture(scope="module")
def graph():
    return digitgraph.load()


def test_nodes_are_the_digits(graph):
    bunch = load_digits()
    assert (graph.nodes, graph.classes, graph.name) == (1797, 10, "digits")
    assert np.array_equal(graph.features / digitgraph.PIXEL_SCALE, bunch.data)
    assert np.array_equal(graph.labels, bunch.target)
    assert (graph.features.min(), graph.features.max(), graph.features.dtype) == (0, 1, np.float32)
    graph.validate()


def test_edges_join_nearest_neighbours_in_both_directions(graph):
    data = load_digits().data
    found = NearestNeighbors(n_neighbors=digitgraph.NEIGHBOURS + 1, algorithm="brute").fit(data)
    distances = found.kneighbors(data)[0][:, -1]  # itself is the first
    adjacency = graph.adjacency()
    assert (adjacency != adjacency.T).nnz == 0
    assert graph.repeated_edges == 0
    assert not graph.is_self_loop.any()
    assert graph.in_degrees.min() >= digitgraph.NEIGHBOURS
    assert round(graph.in_degrees.mean()) == 11
    lengths = np.linalg.norm(data[graph.indices] - data[graph.targets], axis=1)
    assert (lengths <= np.maximum(distances[graph.indices], distances[graph.targets]) + 1e-6).all()
    alike = (graph.labels[graph.indices] == graph.labels[graph.targets]).mean()
    assert alike > 0.95


def test_nearest_rows_by_hand():
    points = np.array([[0, 0], [3, 0], [0, 3], [10, 0]])
    assert digitgraph.nearest(points, 2).tolist() == [[1, 2], [0, 2], [0, 1], [1, 0]]


def test_split_is_stratified_disjoint_and_seeded(graph):
    train, validate, test = (graph.masks[name] for name in ("train", "val", "test"))
    assert (train.sum() + validate.sum() + test.sum(), (train | validate | test).all()) == (1797, True)
    assert np.bincount(graph.labels[train]).tolist() == [9] * 10
    assert set(np.bincount(graph.labels[validate])) <= {17, 18}
    again, other = digitgraph.load(), digitgraph.load(seed=1)
    assert all(np.array_equal(again.masks[name], graph.masks[name]) for name in graph.masks)
    assert not np.array_equal(other.masks["train"], train)
    assert np.array_equal(other.edge_index, graph.edge_index)
    assert digitgraph.load(3).edges < graph.edges


def test_a_part_of_the_digits_for_a_small_core(graph):
    part = digitgraph.load(count=200, train_share=0.4)
    assert part.nodes == 200 and np.array_equal(part.features, graph.features[:200])
    part.validate()
    train = np.bincount(part.labels[part.masks["train"]], minlength=10)
    assert train.tolist() == [round(0.4 * n) for n in np.bincount(part.labels, minlength=10)]
    assert part.in_degrees.min() >= digitgraph.NEIGHBOURS, "neighbours among themselves"
