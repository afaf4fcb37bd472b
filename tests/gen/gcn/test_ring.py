"""Rows in the places of rows that nothing reads any more: when it is done, and for which graphs."""

from dataclasses import replace

import numpy as np
import pytest
from intgraphs import binary, deeper, gcn
from scipy.sparse import csr_array

from pyralis.gen.bench.gcn_workloads import part_of
from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import Compiled, Settings, compile_network
from pyralis.gen.gcn.intnetwork import IntAdjacency, IntGraphNetwork
from pyralis.gen.gcn.ring import groups, holds
from pyralis.gen.gcn.steps import Ring
from pyralis.gen.gcn.synthetic import synthetic
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import Opcode, Target

CONFIG = GcnConfig(store_rows=64, hubs=8)
"""256 words in 4 banks."""

NODES = 150


def pieces(nodes: int) -> IntAdjacency:
    """Every node gathers those of its group of five, and one of three that belong to no group."""
    rows = [
        [v, *(5 * (v // 5) + k for k in range(5) if 5 * (v // 5) + k < nodes), v % 3] for v in range(nodes)
    ]
    return IntAdjacency(
        indptr=np.cumsum([0, *map(len, rows)]), indices=np.array([each for row in rows for each in row])
    )


def long(nodes: int) -> IntAdjacency:
    """Every node gathers those up to three numbers away, in numbers that have been mixed."""
    mixed = np.random.default_rng(0).permutation(nodes)
    old = np.argsort(mixed)
    rows = [[mixed[u] for u in range(old[v] - 3, old[v] + 4) if 0 <= u < nodes] for v in range(nodes)]
    return IntAdjacency(
        indptr=np.cumsum([0, *map(len, rows)]), indices=np.array([each for row in rows for each in row])
    )


def network(adjacency: IntAdjacency, *, hidden: int = 5, layers: int = 2) -> IntGraphNetwork:
    """Contract B with *layers* layers on *adjacency*."""
    rng = np.random.default_rng(1)
    two = gcn(rng, nodes=len(adjacency.indptr) - 1, hidden=hidden)
    return replace(deeper(two, rng, layers), adjacencies={"graph": adjacency})


def compiled(adjacency: IntAdjacency, config: GcnConfig = CONFIG, **options) -> Compiled:
    nodes = len(adjacency.indptr) - 1
    features = csr_array(binary(np.random.default_rng(2), nodes, 24))
    return compile_network(network(adjacency, **options), config, features=features)


@pytest.mark.parametrize("graph", [pieces, long])
def test_the_last_rows_take_the_words_of_the_first(graph):
    found = compiled(graph(NODES))
    ring = found.plan.ring
    # 150 rows leave 106 words, which are 13 times eight rows: four of a column are whole beats of results
    assert ring == Ring(first=104, freed=46, cuts=(104,))
    assert holds(ring, found.network)
    assert [matrix.words.base for matrix in found.plan.matrices.values()] == [0, 152]
    lists = found.plan.lists["graph"]
    assert (lists.bounds, lists.offsets) == ((0, 104, 150), (0, 46))
    combines = [each for each in found.descriptors if each["opcode"] is Opcode.COMBINE]
    aggregates = [each for each in found.descriptors if each["opcode"] is Opcode.AGGREGATE]
    assert [(each["target_base"], each["rows"]) for each in combines] == [(0, 150), (152, 104), (0, 46)]
    assert [(each["base"], each["stride"]) for each in aggregates] == [
        (0, 150),
        (46, 104),
        (152, 150),
        (198, 104),
    ]
    # the rows are written when the first part of the aggregation, which gathers them, has ended
    assert [each["after_aggregate"] for each in combines] == [0, 0, 1]


@pytest.mark.parametrize(("layers", "bases", "cuts"), [
    (3, [0, 152, 48], (104,)),
    (4, [0, 152, 48, 200], (56, 104)),
    (5, [0, 152, 48, 200, 96], (56, 104)),
])  # fmt: skip
def test_more_layers_go_round(layers, bases, cuts):
    """The fourth matrix begins 56 rows before the end of the store: each list is cut there."""
    found = compiled(pieces(NODES), layers=layers)
    assert [matrix.words.base for matrix in found.plan.matrices.values()] == bases
    assert found.plan.ring.cuts == cuts
    assert found.plan.lists["graph"].bounds == (0, *cuts, NODES)
    ends = [
        each["target_base"] + each["rows"]
        for each in found.descriptors
        if each["opcode"] is Opcode.COMBINE and each["target"] is Target.ROWS
    ]
    assert max(ends) <= CONFIG.rows


def test_a_store_that_is_large_enough_is_none():
    assert compiled(pieces(NODES), replace(CONFIG, store_rows=128)).plan.ring is None
    assert compiled(pieces(120)).plan.ring is None


def refused(adjacency: IntAdjacency, **options) -> str:
    with pytest.raises(UserError) as caught:
        compiled(adjacency, **options)
    assert caught.value.hint == "choose a larger preset"
    return caught.value.what


def test_graphs_that_nothing_cuts_are_refused():
    rng = np.random.default_rng(3)
    dense = IntAdjacency(indptr=20 * np.arange(NODES + 1), indices=rng.integers(0, NODES, 20 * NODES))
    words = "words of the row store, and this core has 256"
    assert refused(dense) == f"its rows and those that are needed beside them take 300 {words}"
    # more than two thirds of the store
    assert refused(pieces(180)) == f"its rows and those that are needed beside them take 360 {words}"


def test_wide_rows_and_rows_that_are_read_otherwise_are_refused():
    assert refused(pieces(NODES), hidden=9).startswith(
        "its rows and those that are needed beside them take 450"
    )
    features = csr_array(binary(np.random.default_rng(2), NODES, 24))
    with pytest.raises(UserError):  # h1 stands in the store as well
        compile_network(network(pieces(NODES)), CONFIG, features=features, settings=Settings(chain=False))


def test_groups_of_a_power_law():
    """A graph like Pubmed falls to pieces without a third of its nodes."""
    graph = synthetic(part_of("pubmed", 8))
    nodes = gcn(np.random.default_rng(4), nodes=graph.nodes)
    adjacency = IntAdjacency(indptr=graph.indptr, indices=graph.indices)
    ring = Ring(first=1600, freed=864, cuts=(1600,))
    found = groups(ring, replace(nodes, adjacencies={"graph": adjacency}))
    assert found is not None
    assert [len(each) for each in found] == [864, 736, 864]
    assert np.array_equal(np.sort(np.concatenate(found)), np.arange(graph.nodes))
    sources = np.concatenate([graph.indices[graph.indptr[v] : graph.indptr[v + 1]] for v in found[2]])
    assert not np.isin(sources, found[0]).any()
    assert (
        groups(Ring(first=1300, freed=1164, cuts=(1300,)), replace(nodes, adjacencies={"graph": adjacency}))
        is None
    )
