"""More features than the Weight Buffer has rows: rows of weights are gathered; programs, interpreted."""

from dataclasses import replace

import numpy as np
import pytest
from densegraphs import near
from interpreted import assert_interpreted
from intgraphs import gcn, weights
from scipy.sparse import csr_array

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.check import check_network
from pyralis.gen.gcn.compile import Compiled, Settings, compile_network
from pyralis.gen.gcn.estimate import estimate
from pyralis.gen.gcn.intnetwork import IntInput
from pyralis.gen.gcn.lookup import FEATURES, wanted
from pyralis.gen.gcn.phases import phases
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import Opcode, Origin

SMALL = GcnConfig(
    store_rows=128, hubs=8, weight_rows=128, edge_lines=128, bus_bits=128, occupancy_words=256, scale_rows=64
)
"""512 rows, 128 rows of weights, bitmaps for 16,384 beats."""

CONFIGS = {
    "two": SMALL,
    "narrow": replace(SMALL, bus_bits=32),
    "four": replace(SMALL, columns=8, lanes=16, banks=1, store_rows=256, bus_bits=512),
}


def listed(rng, nodes, features, each):
    """Some elements in each row, and in some rows none."""
    counts = rng.integers(0, each + 1, nodes)
    rows = np.repeat(np.arange(nodes), counts)
    columns = (rng.random(len(rows)) ** 2 * features).astype(np.int64)
    found = csr_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(nodes, features))
    found.data[:] = 1
    return found


def case(rng, nodes, features, hidden):
    network = gcn(rng, nodes, features, hidden)
    return replace(network, adjacencies={"graph": near(rng, nodes, 4)}), listed(rng, nodes, features, 6)


def interpret(compiled: Compiled, features):
    packed = compiled.pack_input(features)
    assert packed == bytes(compiled.config.bus_bits // 8) == bytes(compiled.input_stride)
    assert_interpreted(compiled, features)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize(("nodes", "features", "hidden"), [(200, 1000, 8), (200, 4000, 3), (700, 3000, 21)])
def test_rows_of_weights_are_gathered(name, nodes, features, hidden):
    network, rows = case(np.random.default_rng([nodes, hidden]), nodes, features, hidden)
    compiled = compile_network(network, CONFIGS[name], features=rows)
    table, shards = compiled.plan.memory["x"], compiled.plan.shards["xw1"]
    assert (table.origin, len(table.numbers)) == (Origin.WEIGHTS, features)
    assert shards.lists.bounds[-1] == nodes and compiled.plan.network.operations[0].adjacency == FEATURES
    assert len(shards.parts) > 1 or nodes < 700
    assert ("xw1" in compiled.plan.memory) == (nodes == 700), "what is made is spilled"
    interpret(compiled, rows)
    assert compiled.traffic.first["features"] == 0 or nodes == 700
    assert compiled.traffic.first["weights"] < 2 * features * 3 * compiled.config.lanes


def test_dense_arrays_are_the_same_features():
    network, rows = case(np.random.default_rng(1), 100, 500, 8)
    compiled = compile_network(network, SMALL, features=rows.toarray())
    assert compiled.program == compile_network(network, SMALL, features=rows).program
    assert compiled.pack_input(rows) == compiled.pack_input(rows.toarray())
    other = rows.toarray()
    other[0, 0] ^= 1
    message = "the lists of the features are a part of the program, and these are others"
    with pytest.raises(UserError, match=f"^{message}\ninput array\ncompile the network with these features$"):
        compiled.pack_input(other)
    assert (
        compiled.layout.digest
        and not compile_network(
            gcn(np.random.default_rng(1)), SMALL, features=[[0] * 24 for _ in range(20)]
        ).layout.digest
    )


def test_values_need_a_core_that_multiplies():
    rng = np.random.default_rng(2)
    network, rows = case(rng, 100, 500, 8)
    network = replace(network, input=IntInput(features=500, values="int8", sparse=True))
    rows.data = rng.integers(-128, 128, len(rows.data), dtype=np.int8)
    with pytest.raises(UserError, match="it needs 500 rows of the Weight Buffer, and this core has 128"):
        compile_network(network, SMALL, features=rows)
    interpret(compile_network(network, replace(SMALL, edge_weights=True), features=rows), rows)


def test_only_where_it_is_needed_and_possible():
    network, rows = case(np.random.default_rng(3), 100, 500, 8)
    assert wanted(network, SMALL) is network.operations[0]
    assert wanted(network, replace(SMALL, weight_rows=512)) is None
    assert wanted(network, replace(SMALL, occupancy_words=0)) is None
    assert wanted(gcn(np.random.default_rng(3), 20, 5000), replace(SMALL, occupancy_words=16)) is None
    with pytest.raises(UserError, match="it needs 500 rows of the Weight Buffer"):
        compile_network(network, SMALL, features=rows, settings=Settings(elimination="none"))
    first = network.operations[0]
    twice = replace(first, name="again", weight=weights(np.random.default_rng(4), 500, 8))
    assert wanted(replace(network, operations=(twice, *network.operations)), SMALL) is None
    compiled = compile_network(network, SMALL, features=rows)
    assert [each["opcode"] for each in compiled.descriptors].count(Opcode.COMBINE) == 1


def test_check_judges_it_with_features_and_without():
    network, rows = case(np.random.default_rng(5), 200, 1000, 8)
    for features in (rows, None):
        found = check_network(network, SMALL, features)
        assert found["ok"], found["faults"]


def test_more_features_than_lists_can_name():
    rng = np.random.default_rng(6)
    config = replace(SMALL, occupancy_words=1024, store_rows=512)
    network, rows = case(rng, 400, 60_000, 8)
    interpret(compile_network(network, config, features=rows), rows)


def test_phases_and_estimate_know_it():
    network, rows = case(np.random.default_rng(7), 700, 3000, 21)
    compiled = compile_network(network, SMALL, features=rows)
    table = {each.name: each for each in phases(compiled)}
    first = table["xw1"]
    assert (first.kind, first.source, first.operations) == ("aggregation", "rows", rows.nnz * 21)
    assert first.first["outputs"] == compiled.plan.memory["xw1"].written
    assert first.first["weights"] > 0 and "features" not in first.first
    for job in ("first", "later"):
        moved = sum(sum(getattr(each, job).values()) for each in table.values())
        assert moved == sum(getattr(compiled.traffic, job).values())
    assert estimate(compiled, rows).compute_cycles > 0


def test_weights_of_all_slices_at_a_time():
    """Three slices of 100 weights are more than 128 rows: made in turns on chip, gathered where spilled."""
    rng = np.random.default_rng(8)
    large = replace(SMALL, store_rows=1024, scale_rows=0)
    for nodes, config, names in ((200, large, []), (700, SMALL, ["x", "xw1"])):
        network, rows = case(rng, nodes, 100, 21)
        compiled = compile_network(network, config, features=rows)
        assert list(compiled.plan.memory)[:2] == names
        assert compiled.plan.sparse_input == (not names)
        if names:
            interpret(compiled, rows)
