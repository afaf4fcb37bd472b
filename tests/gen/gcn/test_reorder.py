"""Numberings: permutations that undo, columns in balance, hubs first, and Cuthill and McKee's order kept."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse.csgraph import reverse_cuthill_mckee

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.features import non_zeros
from pyralis.gen.gcn.hardgraphs import edgeless, path, random_graph, star
from pyralis.gen.gcn.planetoid import read_planetoid
from pyralis.gen.gcn.reorder import ORDERS, Numbering, balance, deal, renumber, renumber_groups
from pyralis.gen.gcn.synthetic import synthetic

CORA = Path(__file__).resolve().parents[4] / "shared" / "data" / "cora"
needs_cora = pytest.mark.skipif(
    not CORA.is_dir(), reason="needs the planetoid files of Cora in ../shared/data/cora"
)


def is_permutation(numbering: Numbering, nodes: int) -> bool:
    return sorted(numbering.new.tolist()) == list(range(nodes))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sparse", [False, True])
def test_a_renumbered_graph_computes_the_same_and_comes_back(seed, sparse):
    graph = random_graph(41, 300, seed=seed, isolated=5, weighted=True, hubs=3, sparse=sparse)
    graph = replace(graph, labels=np.arange(41), masks={"test": np.random.default_rng(seed).random(41) < 0.5})
    numbering = renumber(graph, 4, hubs=3)
    moved = numbering.graph(graph)
    moved.validate()
    for node in range(41):
        assert moved.labels[numbering.new[node]] == node
    back = numbering.inverse.graph(moved)
    for name in ("indptr", "indices", "edge_weights", "labels"):
        assert np.array_equal(getattr(back, name), getattr(graph, name))
    assert np.array_equal(back.masks["test"], graph.masks["test"])
    assert np.array_equal(moved.labels[moved.masks["test"]].sum(), graph.labels[graph.masks["test"]].sum())
    dense = [f.toarray() if sparse else f for f in (graph.features, moved.features, back.features)]
    assert np.array_equal(dense[0], dense[2])
    assert np.array_equal(dense[1], numbering.rows(dense[0]))
    assert np.array_equal(numbering.undo_rows(numbering.rows(dense[0])), dense[0])
    ours = numbering.undo_rows(moved.adjacency().toarray() @ dense[1])
    assert np.allclose(ours, graph.adjacency().toarray() @ dense[0], rtol=1e-4, atol=1e-3)


def test_entries_without_weights_and_repeated_ones_stay():
    graph = random_graph(20, 200, seed=4)
    moved = renumber(graph, 8).graph(graph)
    assert moved.edge_weights is None
    assert moved.repeated_edges == graph.repeated_edges > 0


@needs_cora
@pytest.mark.parametrize("columns", [8, 16])
@pytest.mark.parametrize("hubs", [0, 64])
@pytest.mark.parametrize("order", ORDERS)
def test_columns_of_cora_are_balanced(columns, hubs, order):
    graph = read_planetoid(CORA, "cora").with_self_loops()
    numbering = renumber(graph, columns, hubs=hubs, order=order)
    assert is_permutation(numbering, 2708)
    moved = numbering.graph(graph)
    assert balance(graph.in_degrees, columns) > 1.07
    assert balance(moved.in_degrees, columns) <= 1.002
    assert balance(non_zeros(moved.features), columns) <= 1.002


@needs_cora
def test_loads_stay_near_each_other_all_the_way():
    graph = read_planetoid(CORA, "cora").with_self_loops()
    moved = renumber(graph, 16, hubs=64).graph(graph)
    work = moved.in_degrees[: 2708 // 16 * 16].reshape(-1, 16).cumsum(axis=0)
    ahead = (work.max(axis=1) - work.mean(axis=1)) / work[-1].mean()
    assert ahead[len(ahead) // 4 :].max() < 0.1
    assert ahead[len(ahead) // 2 :].max() < 0.01


@pytest.mark.parametrize("name", ["citeseer", "pubmed"])
def test_columns_of_other_graphs_are_balanced(name):
    graph = synthetic(name).with_self_loops()
    for columns in (8, 16):
        moved = renumber(graph, columns, hubs=64).graph(graph)
        assert balance(moved.in_degrees, columns) < 1.002
        assert balance(non_zeros(moved.features), columns) < 1.002


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("columns", [1, 2, 8])
def test_hard_graphs_are_renumbered(columns, order):
    for graph in (star(50), star(9, both_ways=False), path(7), edgeless(0), edgeless(1), edgeless(13)):
        numbering = renumber(graph, columns, hubs=4, order=order)
        assert is_permutation(numbering, graph.nodes)
        numbering.graph(graph).validate()


@pytest.mark.parametrize("order", ORDERS)
def test_the_most_gathered_nodes_get_the_lowest_numbers(order):
    graph = random_graph(200, 2000, seed=8, hubs=9)
    numbering = renumber(graph, 8, hubs=16, order=order)
    moved = numbering.graph(graph)
    assert moved.out_degrees[:16].min() >= moved.out_degrees[16:].max()
    least = renumber(graph, 8, order=order).graph(graph).out_degrees
    assert least[:16].min() < least[16:].max()


def test_heavy_and_light_rows_alternate():
    graph = star(99)  # one row of 99 entries, 99 rows of one
    assert 40 <= renumber(graph, 2).new[0] <= 60
    graph = random_graph(400, 3000, seed=2)
    degrees = renumber(graph, 4).graph(graph).in_degrees
    parts = degrees.reshape(8, 50).mean(axis=1)
    assert parts.max() / parts.min() < 1.1


def test_nodes_stay_within_a_block_of_the_given_order():
    graph = random_graph(203, 900, seed=3)
    new = renumber(graph, 8, order="given").new
    assert np.array_equal(new // 8, np.arange(203) // 8)
    assert not np.array_equal(new, np.arange(203))


def test_cuthill_mckee_brings_neighbours_together():
    shuffled = Numbering(np.random.default_rng(0).permutation(300)).graph(path(300))
    assert np.abs(shuffled.indices - shuffled.targets).max() > 200
    for columns in (1, 8):
        moved = renumber(shuffled, columns, order="cuthill-mckee").graph(shuffled)
        assert np.abs(moved.indices - moved.targets).max() < 2 * columns
    expected = reverse_cuthill_mckee(shuffled.adjacency().tocsr(), symmetric_mode=True)
    assert np.array_equal(renumber(shuffled, 1, order="cuthill-mckee").old, expected)
    directed = random_graph(60, 80, seed=0)
    assert is_permutation(renumber(directed, 4, order="cuthill-mckee"), 60)


def test_a_block_is_dealt_as_well_as_can_be():
    random = np.random.default_rng(0)
    for _ in range(20):
        work = random.integers(1, 50, (2, 8))
        numbering = deal(np.arange(8), 4, work)
        costs = work / work.mean(axis=1, keepdims=True)

        def unevenness(new, costs=costs):
            loads = np.zeros((2, 4))
            for node in range(8):
                loads[:, new[node] % 4] += costs[:, node]
            return ((loads - loads.mean(axis=1, keepdims=True)) ** 2).sum()

        first = numbering.new[:4].tolist()
        assert sorted(first) == [0, 1, 2, 3]
        best = min(unevenness([*first, *(4 + place for place in after)]) for after in permutations(range(4)))
        assert np.isclose(unevenness(numbering.new), best)


def test_heaviest_node_goes_to_the_least_loaded_column():
    assert deal(np.arange(6), 3, [np.array([9, 5, 1, 2, 8, 4])]).new.tolist() == [0, 1, 2, 3, 5, 4]
    # the last block holds the heaviest node: dealt first or dealt anew, the others make up for it
    work = np.array([1, 2, 1, 2, 1, 9])
    for first in (False, True):
        assert balance(deal(np.arange(6), 2, [work], heavy_first=first).rows(work), 2) == 11 / 8


def test_balance():
    assert balance(np.array([3, 1, 1, 1]), 2) == 4 / 3
    assert balance(np.array([1, 1, 1]), 2) == 4 / 3
    assert balance(np.zeros(4), 2) == 1
    assert balance(np.zeros(0), 2) == 1


def test_an_unknown_order_is_refused():
    with pytest.raises(UserError) as error:
        renumber(path(3), 2, order="random")
    assert error.value.what == "order must be one of spread, given, cuthill-mckee, not 'random'"
    assert error.value.where == "graph 'path of 3'"


def test_groups_follow_each_other_and_each_is_balanced():
    graph = random_graph(200, 2000, seed=6, hubs=5)
    nodes = np.random.default_rng(6).permutation(200)
    groups = [nodes[:64], nodes[64:96], nodes[96:]]
    numbering = renumber_groups(graph, 8, groups, hubs=4)
    assert is_permutation(numbering, 200)
    for group, low, high in zip(groups, (0, 64, 96), (64, 96, 200), strict=True):
        numbers = numbering.new[group]
        assert (numbers.min(), numbers.max()) == (low, high - 1)
        work = np.maximum(graph.in_degrees, 1)[numbering.old[low:high]]
        assert balance(work, 8) < 1.25
    gathered = graph.out_degrees[groups[0]]
    # the hubs are dealt within the first block of columns
    assert set(np.sort(gathered)[::-1][:4]) <= set(graph.out_degrees[numbering.old[:8]])
