"""Hard graphs are what their names say."""

import numpy as np
import pytest

from pyralis.gen.gcn.features import is_binary, is_sparse, non_zeros
from pyralis.gen.gcn.hardgraphs import edgeless, path, random_features, random_graph, star


def test_star():
    graph = star(5000)
    assert graph.in_degrees.tolist() == [5000] + [1] * 5000
    assert graph.indices[:5000].tolist() == list(range(1, 5001))
    assert not graph.indices[5000:].any()
    inward = star(3, both_ways=False)
    assert inward.edge_index.tolist() == [[1, 2, 3], [0, 0, 0]]
    assert star(0).edges == 0


@pytest.mark.parametrize("nodes", [0, 1, 2, 5])
def test_path(nodes):
    graph = path(nodes)
    expected = np.eye(nodes, k=1) + np.eye(nodes, k=-1)
    assert np.array_equal(graph.adjacency().toarray(), expected)


@pytest.mark.parametrize("nodes", [0, 1, 7])
def test_edgeless(nodes):
    graph = edgeless(nodes, width=3)
    assert (graph.nodes, graph.edges, graph.feature_width) == (nodes, 0, 3)
    assert graph.isolated.all()


def test_random_graphs_hold_what_is_hard():
    graph = random_graph(60, 900, seed=1, isolated=10, weighted=True)
    assert graph.edges == 900
    assert graph.isolated.sum() == 10
    assert graph.is_self_loop.sum() > 5
    assert graph.repeated_edges > 50
    assert (graph.adjacency() != graph.adjacency().T).nnz
    assert -1 <= graph.edge_weights.min() < -0.9 < 0.9 < graph.edge_weights.max() <= 1
    both = random_graph(60, 900, seed=1, directed=False)
    assert both.edges == 1800
    assert (both.adjacency() != both.adjacency().T).nnz == 0
    hubs = random_graph(60, 900, seed=1, hubs=2)
    assert np.sort(hubs.out_degrees)[-2:].min() > 200
    again = random_graph(60, 900, seed=1, isolated=10, weighted=True)
    assert np.array_equal(again.edge_weights, graph.edge_weights)
    assert np.array_equal(again.features.toarray(), graph.features.toarray())
    assert not np.array_equal(random_graph(60, 900, seed=2).indices, random_graph(60, 900, seed=1).indices)
    assert random_graph(5, 100, seed=1, isolated=5).edges == 0


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_features(binary, sparse):
    features = random_features(80, 40, np.random.default_rng(0), density=0.5, binary=binary, sparse=sparse)
    assert is_sparse(features) == sparse
    assert is_binary(features) == binary
    counts = non_zeros(features)
    assert np.flatnonzero(counts == 0).tolist() == list(range(0, 80, 8))
    assert abs(counts[counts > 0].mean() - 20) < 1.5
    values = features.toarray() if sparse else features
    assert np.array_equal(values, np.rint(values))
    assert np.abs(values).max() == (1 if binary else 127)
    assert features.dtype == np.float32
