"""Destination intervals and what they load, against the model of windows; programs of them, interpreted."""

from dataclasses import replace

import numpy as np
import pytest
from densegraphs import MAKERS, dense, gin, near, sage, scattered
from interpreted import assert_interpreted
from intgraphs import random_network

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import Compiled, Settings, compile_network
from pyralis.gen.gcn.intnetwork import (
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntGraphNetwork,
    IntInput,
    IntSample,
)
from pyralis.gen.gcn.shards import Windows, covered
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.hw.gcn.program import Content, Opcode
from pyralis.sim.golden.gcn.windows import beats, occupancy, windows

SMALL = GcnConfig(store_rows=256, hubs=8, edge_lines=64, feature_lines=16, bus_bits=128, occupancy_words=64)
"""1,024 rows, two in a bus beat; bitmaps for 4,096 rows."""

CONFIGS = {
    "two": SMALL,
    "one": replace(SMALL, bus_bits=64),
    "four": replace(SMALL, columns=8, lanes=16, banks=1, store_rows=128, bus_bits=512),
    "narrow": replace(SMALL, bus_bits=32),  # two beats a row
    "bitmaps in turns": replace(SMALL, occupancy_words=16),
}


@pytest.mark.parametrize("mode", [Elimination.WINDOW, Elimination.ROWS])
def test_covered_rows_are_those_of_the_windows(mode):
    rng = np.random.default_rng(1)
    for _ in range(60):
        rows, height = int(rng.integers(1, 300)), int(rng.choice([1, 2, 7, 8, 64, 1000]))
        occupied = rng.random(rows) < rng.random() ** 2
        expected = np.zeros(rows, dtype=bool)
        for window in windows(occupied, height, mode):
            expected[window.start : window.start + window.rows] = True
        assert np.array_equal(covered(occupied, Windows(mode=mode, height=height)), expected)


def assert_loads(compiled: Compiled, outcome) -> None:
    """Bytes and rows are the predicted ones, beats those of the model."""
    moved = sum(size for kind, size in compiled.traffic.first.items() if kind != "outputs")
    assert sum(outcome.read.values()) == moved
    slices, loaded = compiled.plan.matrices["x"].slices, 0
    network = compiled.network
    for shards in compiled.plan.shards.values():
        graph, bounds = network.adjacencies["graph"], shards.lists.bounds
        assert bounds[0] == 0 and bounds[-1] == network.nodes
        for part, low, high in zip(shards.parts, bounds, bounds[1:], strict=False):
            occupied = occupancy(graph.indptr, graph.indices, low, high, network.nodes)
            found = windows(occupied, shards.windows.height, shards.windows.mode)
            assert np.array_equal(part.beats, beats(found, shards.together))
            loaded += sum(window.rows for window in found)
    assert outcome.rows_loaded == slices * loaded
    parts = sum(len(shards.parts) for shards in compiled.plan.shards.values())
    assert outcome.rows_seen == slices * parts * network.nodes


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("elimination", [None, "window", "rows"])
def test_a_dense_input_that_does_not_fit(name, kind, elimination):
    config, rng = CONFIGS[name], np.random.default_rng(len(name) + len(kind))
    nodes, width = 500, config.lanes + 5
    network = MAKERS[kind](rng, nodes, width, 8, near(rng, nodes, 4))
    features = dense(rng, nodes, width)
    settings = Settings(elimination=elimination, window_height=8)
    compiled = compile_network(network, config, features=features, settings=settings, order="given")
    assert len(compiled.plan.shards["a1"].parts) > 2
    outcome = assert_interpreted(compiled, features)
    assert_loads(compiled, outcome)
    assert outcome.rows_loaded < outcome.rows_seen / 2


def test_samples_of_rows_that_come_in_intervals():
    """Everything that a sample could take is loaded."""
    rng = np.random.default_rng(9)
    network, features = sage(rng, 500, 13, 8, near(rng, 500, 9), largest=True), dense(rng, 500, 13)
    operations = tuple(
        replace(each, sample=IntSample(count=3, seed=5)) if isinstance(each, IntAggregate) else each
        for each in network.operations
    )
    config = replace(SMALL, sampler=True, edge_lines=128)
    compiled = compile_network(replace(network, operations=operations), config, features=features)
    assert len(compiled.plan.shards["a1"].parts) > 2
    assert_loads(compiled, assert_interpreted(compiled, features))


def test_bitmaps_stay_if_all_have_room():
    rng = np.random.default_rng(2)
    network = gin(rng, 500, 13, 8, near(rng, 500, 4))
    for config, stay in ((SMALL, False), (replace(SMALL, occupancy_words=256), True)):
        compiled = compile_network(network, config, features=dense(rng, 500, 13))
        bitmaps = [each for each in compiled.descriptors if each.get("content") is Content.OCCUPANCY]
        assert [each["resident"] for each in bitmaps] == [int(stay)] * len(compiled.plan.shards["a1"].parts)
        assert all(each["count"] == 8 for each in bitmaps)
        parts = compiled.traffic.first["edges"] - compiled.traffic.later["edges"]
        assert (parts > 0) == stay


def test_the_next_bitmap_comes_before_the_rows():
    rng = np.random.default_rng(3)
    network = sage(rng, 500, 13, 8, near(rng, 500, 4))
    compiled = compile_network(network, SMALL, features=dense(rng, 500, 13))
    order = [
        "bitmap" if each["content"] is Content.OCCUPANCY else "rows" if each.get("eliminate") else ""
        for each in compiled.descriptors
        if each["opcode"] is Opcode.LOAD
    ]
    order = [each for each in order if each]
    parts = len(compiled.plan.shards["a1"].parts)
    expected = ["bitmap", *["bitmap", "rows", "rows"] * (parts - 1), "rows", "rows"]
    assert order == expected


def test_rows_are_left_out_only_where_that_is_asked_for_or_needed():
    rng = np.random.default_rng(4)
    network, features = gin(rng, 60, 5, 8, scattered(rng, 60, 3)), dense(rng, 60, 5)
    whole = compile_network(network, SMALL, features=features)
    without = compile_network(network, SMALL, features=features, settings=Settings(elimination="none"))
    assert whole.program == without.program and not whole.plan.shards
    some = compile_network(network, SMALL, features=features, settings=Settings(elimination="rows"))
    assert len(some.plan.shards["a1"].parts) == 1
    assert_loads(some, assert_interpreted(some, features))
    parts = Settings(elimination="window", window_height=4, interval_rows=20)
    several = compile_network(network, SMALL, features=features, settings=parts)
    assert several.plan.shards["a1"].lists.bounds == (0, 20, 40, 60)
    assert_loads(several, assert_interpreted(several, features))


def test_the_order_that_loads_least_is_taken():
    rng = np.random.default_rng(8)
    mixed = rng.permutation(500)
    plain = near(rng, 500, 4)
    moved = np.argsort(mixed, kind="stable")
    counts = np.diff(plain.indptr)[moved]
    rows = [mixed[plain.indices[plain.indptr[v] : plain.indptr[v + 1]]] for v in moved]
    graph = IntAdjacency(indptr=np.r_[0, np.cumsum(counts)], indices=np.concatenate(rows))
    network, features = gin(rng, 500, 13, 8, graph), dense(rng, 500, 13)
    beats = {}
    for order in ("spread", "given", "cuthill-mckee"):
        compiled = compile_network(network, SMALL, features=features, order=order)
        assert_loads(compiled, assert_interpreted(compiled, features))
        beats[order] = sum(len(part.beats) for part in compiled.plan.shards["a1"].parts)
    assert beats["spread"] == beats["cuthill-mckee"] < beats["given"] / 2


def test_an_interval_without_neighbours_loads_nothing():
    rng = np.random.default_rng(5)
    counts = np.r_[rng.integers(0, 3, 40), np.zeros(40, dtype=np.int64)]
    graph = IntAdjacency(indptr=np.r_[0, np.cumsum(counts)], indices=rng.integers(0, 80, counts.sum()))
    network, features = gin(rng, 80, 5, 3, graph, layers=1), dense(rng, 80, 5)
    settings = Settings(elimination="rows", interval_rows=16)
    compiled = compile_network(network, SMALL, features=features, settings=settings, order="given")
    parts = compiled.plan.shards["a1"].parts
    assert [len(part.beats) > 0 for part in parts] == [True] * 3 + [False] * 2
    assert_loads(compiled, assert_interpreted(compiled, features))


def test_no_row_has_the_place_that_names_no_source():
    # A row store as large as indices can name, and sources for all of it: the last one has index 32,767.
    config, nodes = replace(SMALL, store_rows=8192, edge_lines=16_384, occupancy_words=512), 1 << 15
    graph = IntAdjacency(indptr=np.arange(nodes + 1), indices=np.arange(nodes))
    gather = IntAggregate(
        name="gather", source="x", adjacency="graph", reduce="max", epilogue=Epilogue(output="int32")
    )
    network = IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=3, values="int8"),
        adjacencies={"graph": graph},
        operations=(gather,),
    )
    features = np.full((nodes, 3), 7, dtype=np.int8)
    for elimination in (None, "rows"):
        settings = Settings(elimination=elimination)
        compiled = compile_network(network, config, features=features, settings=settings, order="given")
        assert len(compiled.plan.shards["gather"].parts) > 1
        assert_interpreted(compiled, features)
    words = "its rows and those that are needed beside them take 32768 words of the row store, "
    assert refused(network, config, elimination="none") == (
        f"{words}and lists can name 32767",
        "input",
        "choose a larger preset",
    )


def refused(network, config=SMALL, **settings) -> tuple[str, str, str]:
    rng = np.random.default_rng(6)
    features = dense(rng, network.nodes, network.input.features)
    if network.input.sparse:
        features = (features > 0).astype(np.int8)
    with pytest.raises(UserError) as caught:
        compile_network(network, config, features=features, settings=Settings(**settings), order="given")
    return caught.value.what, caught.value.where, caught.value.hint


def test_what_cannot_be_is_said():
    rng = np.random.default_rng(7)
    large, small = near(rng, 500, 4), near(rng, 60, 4)
    network = gin(rng, 500, 13, 8, large)
    words = "its rows and those that are needed beside them take 1500 words of the row store, "
    assert refused(network, replace(SMALL, occupancy_words=0)) == (
        f"{words}and this core has 1024",
        "operation 'm1'",
        "choose a larger preset",
    )
    assert refused(network, elimination="none")[0] == f"{words}and this core has 1024"
    assert refused(network, replace(SMALL, occupancy_words=0), elimination="rows") == (
        "this core has no Sparsity Eliminator",
        "network",
        "use a configuration with occupancy_words",
    )
    assert refused(gin(rng, 1030, 4, 3, near(rng, 1030, 2)), replace(SMALL, occupancy_words=16)) == (
        "the graph has 1030 nodes, and this core has room for 1024 rows",
        "network",
        "choose a larger preset",
    )
    inner = sage(rng, 60, 5, 8, small)
    assert refused(inner, elimination="rows", chain=False) == (
        "it reads rows of the input without gathering them, or being chained to what does",
        "operation 'm1'",
        "put the aggregation first, or leave elimination out",
    )
    listed = gin(rng, 60, 5, 8, small)
    first = replace(listed.operations[1], source="x")
    sparse = replace(listed.input, values="binary", sparse=True)
    operations = (first, *listed.operations[2:])
    assert refused(replace(listed, input=sparse, operations=operations), elimination="window") == (
        "the input comes as lists of its elements, and rows can be left out of dense ones only",
        "input",
        "make the input not sparse, or leave elimination out",
    )
    assert refused(network, elimination="rows", interval_rows=400) == (
        "an interval of 400 rows needs 1588 words of the row store, and there is room for 1024",
        "operation 'a1'",
        "choose a larger preset",
    )
    fits = gin(rng, 60, 5, 8, small)
    assert refused(fits, interval_rows=20) == (
        "intervals of 20 rows are asked for, and the input fits into the row store, without any",
        "input",
        "add --elimination rows or window, or leave --interval-rows away",
    )
    assert refused(replace(listed, input=sparse, operations=operations), interval_rows=20) == (
        "intervals of 20 rows are asked for, and the input comes as lists of its elements, without any",
        "input",
        "leave --interval-rows away",
    )
    with pytest.raises(ValueError, match=r"window_height must be in 1\.\.65535, not 0"):
        Settings(window_height=0)


def eliminated_at_random(seed: int) -> bool:
    """A random network on a core that holds little of it; whether it could be compiled with elimination."""
    rng = np.random.default_rng(seed)
    network, features = random_network(rng, weighted=False)
    network = replace(network, input=replace(network.input, sparse=False))
    config = CONFIGS[str(rng.choice(list(CONFIGS)))]
    settings = Settings(
        chain=bool(rng.integers(4)),
        elimination=str(rng.choice(["window", "rows"])),
        window_height=int(rng.choice([1, 3, 8, 100])),
        interval_rows=int(rng.choice([0, 8, 16])),
    )
    why = ""
    try:
        compiled = compile_network(network, config, features=features, settings=settings)
    except UserError as error:
        why = error.what
    if why:
        assert "reads rows of the input without" in why or "words of the row store" in why
        return False
    assert_interpreted(compiled, features)
    return bool(compiled.plan.shards)


def test_random_networks():
    assert sum(eliminated_at_random(seed) for seed in range(150)) >= 10


@pytest.mark.slow
def test_many_random_networks():
    assert sum(eliminated_at_random(seed) for seed in range(1000, 4000)) >= 200
