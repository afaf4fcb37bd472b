"""Where operations are cut, against counts in plain loops; what parts compute is in sim/gcn."""

from dataclasses import replace

import numpy as np
import pytest
from intgraphs import binary, gcn
from scipy.sparse import csr_array

from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.estimate import estimate
from pyralis.gen.gcn.intnetwork import INPUT, IntAdjacency
from pyralis.gen.gcn.phases import phases
from pyralis.gen.gcn.steps import Lists
from pyralis.hw.gcn.config import LINE, GcnConfig
from pyralis.hw.gcn.program import Opcode

CONFIGS = {
    "tiny": GcnConfig(weight_rows=64, edge_lines=32, feature_lines=32),
    "clusters": GcnConfig(
        columns=2, gather_ports=8, pe_rows=8, weight_rows=64, edge_lines=32, feature_lines=16
    ),
}


def compiled(config: GcnConfig, *, nodes: int = 150, width: int = 24, hidden: int = 20):
    rng = np.random.default_rng(nodes)
    indptr = np.concatenate([[0], np.cumsum(rng.integers(0, 15, nodes))])
    graph = IntAdjacency(indptr=indptr, indices=rng.integers(0, nodes, indptr[-1]))
    network = replace(gcn(rng, nodes=nodes, features=width, hidden=hidden), adjacencies={"graph": graph})
    return compile_network(network, config, features=csr_array(binary(rng, nodes, width, 0.4)))


def lines(counts: np.ndarray, lists: Lists, interval: int, columns: int, clusters: int) -> int:
    """Of the longest stream of an interval, an entry for each empty row."""
    low, high = lists.bounds[interval : interval + 2]
    streams = np.zeros((columns, clusters), dtype=np.int64)
    for row, count in enumerate(counts[low:high]):
        streams[row % columns, row // columns % clusters] += max(count, 1)
    return -(-int(streams.max()) // LINE)


@pytest.mark.parametrize("name", CONFIGS)
def test_intervals_are_as_long_as_half_of_the_buffer(name):
    config = CONFIGS[name]
    found = compiled(config)
    plan, network = found.plan, found.network
    for key, capacity, clusters in (
        ("graph", config.edge_lines, 1),
        (INPUT, config.feature_lines, config.clusters),
    ):
        lists = plan.lists[key]
        assert not lists.together
        assert lists.bounds[0] == 0 and lists.bounds[-1] == network.nodes
        assert all(low % (config.columns * clusters) == 0 for low in lists.bounds[:-1])
        assert max(lists.lines) <= capacity // 2
        # no two neighbours would do as one
        assert all(a + b > capacity // 2 for a, b in zip(lists.lines, lists.lines[1:], strict=False))
    lists = plan.lists["graph"]
    counts = network.adjacencies["graph"].degrees
    for interval, count in enumerate(lists.lines):
        assert count == lines(counts, lists, interval, config.columns, 1)
        # whole beats of results, each column having rows of 6 bytes
        assert lists.bounds[interval] // config.columns * 6 % (config.bus_bits // 8) == 0


def test_every_row_and_slice_is_made_once():
    found = compiled(CONFIGS["tiny"])
    network, config = found.network, found.config
    for operation in network.operations:
        made = np.zeros((network.nodes, -(-network.widths()[operation.name] // config.lanes)), dtype=int)
        for step in found.plan.steps:
            if step.operation is operation:
                made[step.first_row : step.last_row, step.first_slice : step.first_slice + step.slices] += 1
        assert (made == 1).all(), operation.name
    assert len(found.plan.steps) > len(network.operations)


def test_parts_are_one_phase_in_reports():
    found = compiled(CONFIGS["tiny"])
    rows = phases(found)
    assert [row.name for row in rows] == ["xw1", "h1", "xw2", "h2"]
    computing = [
        each["index"] for each in found.descriptors if each["opcode"] in (Opcode.AGGREGATE, Opcode.COMBINE)
    ]
    assert sorted(index for row in rows for index in row.indices) == computing
    assert {row.name: row.operations for row in rows} == found.traffic.operations
    moved = sum(sum(row.first.values()) for row in rows)
    assert moved == sum(found.traffic.first.values())
    whole = compiled(GcnConfig())
    assert estimate(found).compute_cycles >= estimate(whole).compute_cycles
    assert {row.name: row.work for row in rows}["h1"] == {row.name: row.work for row in phases(whole)}["h1"]
