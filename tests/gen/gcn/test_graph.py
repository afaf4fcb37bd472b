"""Graphs: the same edges as PyTorch Geometric sees, and a sentence for everything that is wrong with one."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import coo_array, csr_array
from torch_geometric.nn.conv.gcn_conv import gcn_norm
from torch_geometric.utils import add_remaining_self_loops, coalesce, contains_isolated_nodes, degree

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.graph import Graph

EDGES = np.array([[2, 0, 1, 1, 2, 2, 1, 2, 2], [0, 1, 0, 1, 2, 0, 1, 1, 0]])
"""With two self loops of node 1, one of node 2, the edge 2 -> 0 three times, and node 3 alone."""

WEIGHTS = np.array([0.5, 1, 2, 3, 4, 5, 6, 7, 8], dtype=np.float32)


def graph(**changes) -> Graph:
    settings = {"features": np.arange(8.0).reshape(4, 2), "name": "small"} | changes
    return Graph.from_edge_index(EDGES, **settings)


def random_edges(seed: int, nodes: int = 30, edges: int = 150) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.integers(0, nodes, (2, edges)), random.random(edges).astype(np.float32)


def triples(edge_index, weights) -> list[tuple[int, int, float]]:
    return sorted(zip(*np.asarray(edge_index).tolist(), np.asarray(weights).tolist(), strict=True))


def test_rows_are_destinations_and_their_sources_ascend():
    made = graph(edge_weights=WEIGHTS)
    assert made.indptr.tolist() == [0, 4, 8, 9, 9]
    assert made.indices.tolist() == [1, 2, 2, 2, 0, 1, 1, 2, 2]
    assert made.edge_weights.tolist() == [2, 0.5, 5, 8, 1, 3, 6, 7, 4]
    assert (made.indptr.dtype, made.indices.dtype, made.edge_weights.dtype) == (
        np.int64,
        np.int64,
        np.float32,
    )
    assert (made.nodes, made.edges, made.feature_width, made.features.dtype) == (4, 9, 2, np.float32)


def test_every_edge_comes_back():
    edges, weights = random_edges(1)
    made = Graph.from_edge_index(edges, np.zeros((30, 1)), edge_weights=weights)
    assert triples(made.edge_index, made.edge_weights) == triples(edges, weights)


def test_adjacency_times_features_is_the_sum_over_all_edges():
    edges, weights = random_edges(2)
    features = np.random.default_rng(3).random((30, 5)).astype(np.float32)
    made = Graph.from_edge_index(edges, features, edge_weights=weights)
    sums = np.zeros((30, 5))
    for (source, target), weight in zip(edges.T, weights, strict=True):
        sums[target] += weight * features[source]
    assert np.allclose(made.adjacency() @ features, sums, rtol=1e-5)
    plain = replace(made, edge_weights=None)
    assert np.array_equal(plain.adjacency().toarray().sum(axis=1), plain.in_degrees)


def test_degrees_loops_repeats_and_isolated_nodes_are_counted():
    made = graph(edge_weights=WEIGHTS, labels=[0, 2, 1, -1])
    assert made.in_degrees.tolist() == [4, 4, 1, 0]
    assert made.out_degrees.tolist() == [1, 3, 5, 0]
    assert made.weighted_degrees.tolist() == [15.5, 17, 4, 0]
    assert made.isolated.tolist() == [False, False, False, True]
    assert (made.is_self_loop.sum(), made.repeated_edges, made.classes) == (3, 3, 3)
    edges, _ = random_edges(4, nodes=300)
    made = Graph.from_edge_index(edges, np.zeros((300, 1)))
    there = torch.from_numpy(edges)
    assert np.array_equal(made.in_degrees, degree(there[1], 300).numpy())
    assert made.isolated.any() == contains_isolated_nodes(there, 300)
    assert made.edges - made.repeated_edges == coalesce(there).shape[1]
    assert made.classes == 0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fill", [1.0, 2.0])
def test_self_loops_are_those_of_pytorch_geometric(seed, fill):
    edges, weights = random_edges(
        seed, nodes=12, edges=400
    )  # so many that loops and repeated loops are among them
    made = Graph.from_edge_index(edges, np.zeros((14, 1)), edge_weights=weights)
    assert made.is_self_loop.sum() > np.unique(made.indices[made.is_self_loop]).size > 3
    there, values = add_remaining_self_loops(torch.from_numpy(edges), torch.from_numpy(weights), fill, 14)
    assert triples(made.with_self_loops(fill).edge_index, made.with_self_loops(fill).edge_weights) == triples(
        there, values
    )
    plain = Graph.from_edge_index(edges, np.zeros((14, 1))).with_self_loops(fill)
    there, values = add_remaining_self_loops(torch.from_numpy(edges), None, fill, 14)
    assert values is None
    assert plain.edge_weights is None
    assert sorted(plain.edge_index.T.tolist()) == sorted(there.T.tolist())
    plain.validate()
    _, norm = gcn_norm(there, None, 14, add_self_loops=False)
    roots = plain.weighted_degrees**-0.5
    assert np.allclose(np.sort(roots[plain.indices] * roots[plain.targets]), np.sort(norm.numpy()))


def test_self_loops_are_taken_away():
    made = graph(edge_weights=WEIGHTS, labels=[0, 1, 0, 1]).without_self_loops()
    assert made.edge_index.tolist() == [[1, 2, 2, 2, 0, 2], [0, 0, 0, 0, 1, 1]]
    assert made.edge_weights.tolist() == [2, 0.5, 5, 8, 1, 7]
    assert made.labels.tolist() == [0, 1, 0, 1]


def test_csr_is_sorted_and_keeps_repeated_entries():
    matrix = csr_array((np.ones(4), np.array([2, 0, 0, 1]), np.array([0, 3, 3, 4])), shape=(3, 3))
    made = Graph.from_csr(matrix, csr_array(np.eye(3)), name="csr")
    assert made.indices.tolist() == [0, 0, 2, 1]
    assert made.indptr.tolist() == [0, 3, 3, 4]
    assert made.edge_weights is None
    assert matrix.indices.tolist() == [2, 0, 0, 1]
    matrix.data[:] = [5, 6, 7, 0]
    assert Graph.from_csr(matrix, np.eye(3)).edge_weights.tolist() == [6, 7, 5, 0]
    again = Graph.from_csr(made.adjacency(), made.features)
    assert np.array_equal(again.edge_index, made.edge_index)


def test_sparse_features_become_canonical_and_the_given_ones_stay():
    given = coo_array((np.array([1.0, 2.0, 0.0]), ([3, 3, 0], [1, 1, 0])), shape=(4, 2))
    made = graph(features=given)
    assert made.features.format == "csr"
    assert made.features.dtype == np.float32
    assert made.features.nnz == 1
    assert made.features.toarray().tolist() == [[0, 0], [0, 0], [0, 0], [0, 3]]
    assert given.nnz == 3


@pytest.mark.parametrize("nodes", [0, 1])
def test_smallest_graphs(nodes):
    made = Graph.from_edge_index(np.zeros((2, 0), dtype=int), np.zeros((nodes, 3)), labels=[0] * nodes)
    assert (made.nodes, made.edges, made.isolated.tolist()) == (nodes, 0, [True] * nodes)
    assert made.with_self_loops().indices.tolist() == [0] * nodes
    assert made.adjacency().shape == (nodes, nodes)


DAMAGE = {
    "a source is 4, and the 4 nodes are numbered 0..3": {"indices": [1, 2, 2, 2, 0, 1, 1, 2, 4]},
    "a source is -1, and the 4 nodes are numbered 0..3": {"indices": [-1, 2, 2, 2, 0, 1, 1, 2, 2]},
    "the indices of row 1 do not ascend": {"indices": [1, 2, 2, 2, 1, 0, 1, 2, 2]},
    "indices must hold integers, not float64": {"indices": [0.0] * 9},
    "indices must be one row of values, not the shape (1, 9)": {"indices": [[0] * 9]},
    "indptr must hold 5 values, one more than nodes, not the shape (4,)": {"indptr": [0, 4, 8, 9]},
    "indptr must hold integers, not float64": {"indptr": [0.0, 4, 8, 9, 9]},
    "indptr must not be negative, and has the value -4": {"indptr": [0, -4, 8, 9, 9]},
    "indptr must begin with 0, not 1": {"indptr": [1, 4, 8, 9, 9]},
    "indptr must not fall, and does from 8 to 4 at row 1": {"indptr": [0, 8, 4, 9, 9]},
    "indptr ends with 8, and there are 9 indices": {"indptr": [0, 4, 8, 8, 8]},
    "the number of nodes must not be negative, and is -1": {"nodes": -1},
    "features must be a matrix, a row for each node, not the shape (8,)": {"features": np.zeros(8)},
    "the graph has 4 nodes, and the features have 3 rows": {"features": np.zeros((3, 2))},
    "2 of 8 values of the features are NaN or infinite": {
        "features": np.array([[np.nan, 0], [0, np.inf], [0, 0], [0, 0]])
    },
    "1 of 2 values of the features are NaN or infinite": {
        "features": csr_array(np.array([[np.nan, 0], [0, 1], [0, 0], [0, 0]]))
    },
    "there are 9 edges and edge weights of shape (8,)": {"edge_weights": WEIGHTS[1:]},
    "1 of 9 edge weights are NaN or infinite": {"edge_weights": np.where(WEIGHTS == 3, np.nan, 1)},
    "the graph has 4 nodes, and the labels have the shape (5,)": {"labels": [0] * 5},
    "labels must be at least -1, not -2": {"labels": [0, -2, 0, 0]},
    "a mask must be train, val or test, not 'training'": {"masks": {"training": np.zeros(4, dtype=bool)}},
    "mask 'val' must hold 4 booleans, not int64 of shape (4,)": {
        "masks": {"val": np.zeros(4, dtype=np.int64)}
    },
    "mask 'val' must hold 4 booleans, not bool of shape (3,)": {"masks": {"val": np.zeros(3, dtype=bool)}},
}


@pytest.mark.parametrize(("what", "changes"), DAMAGE.items(), ids=DAMAGE)
def test_damage_is_named(what, changes):
    lists = ("indptr", "indices", "labels")
    changes = {name: np.array(value) if name in lists else value for name, value in changes.items()}
    sound = graph(edge_weights=WEIGHTS)
    sound.validate()
    with pytest.raises(UserError) as error:
        replace(sound, **changes).validate()
    assert error.value.what == what
    assert error.value.where == "graph 'small'"


CALLS = {
    "edge_index must have two rows, sources and targets, not the shape (9, 2)": lambda: Graph.from_edge_index(
        EDGES.T, np.zeros((4, 1))
    ),
    "edge_index must hold integers, not float64": lambda: Graph.from_edge_index(EDGES / 2, np.zeros((4, 1))),
    "a source is 2, and the 2 nodes are numbered 0..1": lambda: Graph.from_edge_index(
        EDGES, np.zeros((2, 1))
    ),
    "a target is -1, and the 4 nodes are numbered 0..3": lambda: Graph.from_edge_index(
        [[0], [-1]], np.zeros((4, 1))
    ),
    "a source is 0, and the graph has no nodes": lambda: Graph.from_edge_index([[0], [0]], np.zeros((0, 1))),
    "there are 9 edges and edge weights of shape (1,)": lambda: graph(edge_weights=[1.0]),
    "the adjacency must be a scipy CSR matrix, not ndarray": lambda: Graph.from_csr(np.eye(3), np.eye(3)),
    "the adjacency must be a scipy CSR matrix, not coo_array": lambda: Graph.from_csr(
        coo_array(np.eye(3)), np.eye(3)
    ),
    "the adjacency must be square, not 2 x 3": lambda: Graph.from_csr(csr_array((2, 3)), np.eye(3)),
    "labels must be integers, not float64": lambda: graph(labels=[0.5] * 4),
    "the graph has 4 nodes, and the features have 5 rows": lambda: graph(features=np.zeros((5, 1)), nodes=4),
}


@pytest.mark.parametrize(("what", "call"), CALLS.items(), ids=CALLS)
def test_constructors_refuse(what, call):
    with pytest.raises(UserError) as error:
        call()
    assert error.value.what == what


def test_csr_damaged_in_place_is_refused_before_it_is_sorted():
    matrix = csr_array(np.eye(3))
    matrix.indptr[1] = -5
    with pytest.raises(UserError, match="indptr must not be negative, and has the value -5"):
        Graph.from_csr(matrix, np.eye(3))
