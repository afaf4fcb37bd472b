"""Matrices that do not fit into the row store go through memory; programs of them, interpreted."""

from dataclasses import replace

import numpy as np
import pytest
from densegraphs import MAKERS, dense, gin, near, perceptrons, sage
from interpreted import assert_interpreted
from intgraphs import binary, deeper, gcn, weights
from largegraphs import CONFIGS as LARGE
from largegraphs import random_large

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.check import check_network
from pyralis.gen.gcn.compile import Compiled, Settings, compile_network
from pyralis.gen.gcn.estimate import estimate
from pyralis.gen.gcn.intnetwork import Epilogue, IntCombine
from pyralis.gen.gcn.phases import phases
from pyralis.gen.gcn.spill import only_gathered
from pyralis.hw.gcn.program import Opcode, Origin, Target

SMALL = LARGE["two"]

CONFIGS = {
    "two": SMALL,
    "one": replace(SMALL, bus_bits=64),
    "four": replace(SMALL, columns=8, lanes=16, banks=1, bus_bits=512),
    "narrow": replace(SMALL, bus_bits=32),
    "one column": replace(SMALL, columns=1, banks=4, bus_bits=64, scale_rows=256),
}


def graph_network(rng, nodes, hidden, *, layers=2):
    """Convolutions in A(XW) order, over a graph whose neighbours have numbers near each other."""
    network = deeper(gcn(rng, nodes, 24, hidden), rng, layers)
    return replace(network, adjacencies={"graph": near(rng, nodes, 4)})


def to_memory(compiled: Compiled) -> list[dict]:
    return [each for each in compiled.descriptors if each.get("target") is Target.MEMORY]


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("hidden", [3, 8, 21])
@pytest.mark.parametrize("layers", [2, 3])
@pytest.mark.parametrize("elimination", [None, "window"])
def test_more_rows_than_the_row_store_has(name, hidden, layers, elimination):
    rng = np.random.default_rng([len(name), hidden, layers])
    network, features = graph_network(rng, 900, hidden, layers=layers), binary(rng, 900, 24)
    with pytest.raises(UserError, match="needed beside them take"):
        compile_network(network, CONFIGS[name], features=features, settings=Settings(elimination="none"))
    settings = Settings(elimination=elimination, window_height=8)
    compiled = compile_network(network, CONFIGS[name], features=features, settings=settings, order="given")
    rows = compiled.plan.memory
    assert "xw1" in rows and rows["xw1"].span == -(-hidden // compiled.config.lanes)
    assert len(compiled.plan.shards["h1"].parts) > 1
    assert_interpreted(compiled, features)
    ends = [each["result_address"] for each in to_memory(compiled)]
    assert min(ends) == 0 and max(ends) >= rows["xw1"].begin


def test_only_as_much_is_spilled_as_is_needed():
    """A wide matrix and a narrow one: the narrow one stays."""
    rng = np.random.default_rng(2)
    config = replace(SMALL, store_rows=256, scale_rows=256, edge_lines=512)  # 1,024 rows
    network, features = graph_network(rng, 400, 21), binary(rng, 400, 24)
    compiled = compile_network(network, config, features=features)
    assert list(compiled.plan.memory) == ["xw1"]
    targets = [each["target"] for each in compiled.descriptors if each["opcode"] is Opcode.AGGREGATE]
    assert targets == [Target.CHAIN] * len(compiled.plan.shards["h1"].parts) + [Target.MEMORY]
    assert_interpreted(compiled, features)
    spilled = compiled.plan.memory["xw1"]
    last = compiled.network.nodes * 3 * 2
    assert compiled.traffic.first["outputs"] >= last + spilled.span * 400 * config.lanes


def test_the_first_load_waits_until_the_rows_are_there():
    rng = np.random.default_rng(3)
    network, features = graph_network(rng, 900, 8, layers=3), binary(rng, 900, 24)
    compiled = compile_network(network, SMALL, features=features)
    loads = [each for each in compiled.descriptors if each.get("origin") is Origin.OUTPUT]
    waiting = [each for each in loads if each["after_writes"]]
    assert len(waiting) == len(compiled.plan.memory) > 1 and waiting[0] is loads[0]
    combinations = [each for each in compiled.descriptors if each["opcode"] is Opcode.COMBINE]
    firsts = sum(
        each["target"] is Target.MEMORY and each["source"].name == "FEATURES" for each in combinations
    )
    assert waiting[0]["after_combine"] == firsts


def test_matrices_that_are_read_otherwise_stay():
    """Rows that a combination reads, or that something else adds, have to be in the row store."""
    rng = np.random.default_rng(4)
    graph = near(rng, 900, 4)
    assert only_gathered(gin(rng, 900, 5, 8, graph)) == {"m1"}
    assert only_gathered(sage(rng, 900, 5, 8, graph)) == {"m1"}
    plain = graph_network(rng, 900, 8)
    assert only_gathered(plain) == {"xw1", "xw2"}
    added = replace(plain.operations[3].epilogue, extra="xw1", extra_scale=3)
    operations = (*plain.operations[:3], replace(plain.operations[3], epilogue=added))
    other = replace(graph_network(rng, 900, 3), operations=operations)
    assert only_gathered(other) == {"xw2"}
    extra = IntCombine(
        name="h3", source="h2", weight=weights(rng, 3, 3), epilogue=Epilogue(shift=4, output="int16")
    )
    operations = (*plain.operations[:-1], replace(plain.operations[-1], epilogue=Epilogue(shift=9)), extra)
    assert only_gathered(replace(plain, operations=operations)) == {"xw1", "xw2"}
    features = binary(rng, 900, 24)
    with pytest.raises(UserError, match=r"words of the row store, and this core has 512"):
        compile_network(plain, SMALL, features=features, settings=Settings(chain=False))


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("hidden", [3, 21])
def test_rows_that_are_read_beside_those_of_the_neighbours(name, kind, hidden):
    """Root weights and own terms: the rows of an interval itself are copied into their order."""
    rng = np.random.default_rng([len(name), len(kind), hidden])
    nodes, hidden = (1500, min(hidden, 13)) if name == "four" else (900, hidden)
    network, features = MAKERS[kind](rng, nodes, 9, hidden, near(rng, nodes, 3)), dense(rng, nodes, 9)
    compiled = compile_network(network, CONFIGS[name], features=features)
    assert compiled.plan.memory.keys() == {"x", "m1"}
    copies = [step for step in compiled.plan.steps if step.operation.name == "a2: own rows"]
    assert len(copies) == len(compiled.plan.shards["a2"].parts) > 1
    assert_interpreted(compiled, features)
    assert compiled.traffic.operations["a2: own rows"] == nodes * hidden
    table = {each.name: each for each in phases(compiled)}
    assert table["a2: own rows"].operations == nodes * hidden
    assert estimate(compiled, features).compute_cycles > 0


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("hidden", [3, 13])
def test_layers_of_a_perceptron_pass_their_rows_on(name, hidden):
    """Rows of an interval that the next combination reads, and nothing else, never are all there."""
    rng = np.random.default_rng([len(name), hidden])
    nodes, config = 900, CONFIGS[name]
    if name == "four":  # in which 256 rows are made at least
        nodes, config = 2500, replace(config, store_rows=256)
    network, features = perceptrons(rng, nodes, 5, hidden, near(rng, nodes, 3)), dense(rng, nodes, 5)
    compiled = compile_network(network, config, features=features)
    assert compiled.plan.passing == ("m10", "m20", "m21")
    assert compiled.plan.memory.keys() == {"x", "m11"}
    assert_interpreted(compiled, features)
    assert len(phases(compiled)) == 8, "seven operations and a copy of own rows"
    assert estimate(compiled, features).compute_cycles > 0


def test_scales_of_many_rows_come_in_parts():
    """A column has 450 rows and 64 scales."""
    rng = np.random.default_rng(5)
    network, features = graph_network(rng, 900, 8), binary(rng, 900, 24)
    compiled = compile_network(network, SMALL, features=features)
    loads = [each for each in compiled.descriptors if each.get("content") is not None]
    counts = [each["count"] for each in loads if each["content"].name == "SCALES"]
    assert len(counts) > 8 and max(counts) <= 64
    assert_interpreted(compiled, features)


def test_check_says_that_rows_come_in_turns():
    rng = np.random.default_rng(8)
    network, features = graph_network(rng, 900, 8), binary(rng, 900, 24)
    found = check_network(network, SMALL, features)
    rows = {row["memory"]: row for row in found["memories"]}
    assert found["ok"] and rows["row store"]["verdict"] == "ok, in turns"
    assert rows["row store"]["need"] <= 512 < rows["row store"]["whole"] == 1800


def test_no_core_without_an_eliminator():
    rng = np.random.default_rng(6)
    network, features = graph_network(rng, 900, 8), binary(rng, 900, 24)
    with pytest.raises(UserError, match=r"^the graph has 900 nodes, and this core has room for 512 rows"):
        compile_network(network, replace(SMALL, occupancy_words=0), features=features)


def test_more_nodes_than_an_index_has_numbers():
    """Lists name places in what an interval has loaded."""
    rng = np.random.default_rng(7)
    config = replace(SMALL, columns=8, banks=1, store_rows=512, edge_lines=512, feature_lines=2048)
    config = replace(config, occupancy_words=1024)
    network, features = graph_network(rng, 40_000, 8), binary(rng, 40_000, 24, 0.1)
    compiled = compile_network(network, config, features=features, order="given")
    assert set(compiled.plan.memory) == {"xw1", "xw2"}
    assert_interpreted(compiled, features)
    more = replace(config, occupancy_words=512)
    what = r"^the graph has 40000 nodes, and this core has room for 32768 rows"
    with pytest.raises(UserError, match=what):
        compile_network(network, more, features=features)


def large_at_random(seed: int) -> bool:
    """Whether rows of a random network come from memory."""
    rng = np.random.default_rng(seed)
    found = random_large(rng, LARGE[str(rng.choice(list(LARGE)))])
    if found is None:
        return False
    assert_interpreted(*found)
    return bool(found[0].plan.memory)


def test_intervals_that_gather_nothing():
    """Of rows of two slices: they touch no words, and wait for none."""
    assert large_at_random(1265) and large_at_random(1479)


def test_random_networks():
    assert sum(large_at_random(seed) for seed in range(60)) >= 20


@pytest.mark.slow
def test_many_random_networks():
    assert sum(large_at_random(seed) for seed in range(1000, 2000)) >= 300
