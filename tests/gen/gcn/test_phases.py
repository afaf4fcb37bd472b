"""The phase table, from programs alone: which load is for which phase, and what shares and lanes come to."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from intgraphs import binary, gcn
from scipy.sparse import csr_array

from pyralis.gen.gcn.compile import Settings, compile_network
from pyralis.gen.gcn.phases import phases, table
from pyralis.hw.gcn.config import PRESETS
from pyralis.hw.gcn.program import Opcode

TINY = PRESETS["tiny"]


def compiled(*, sparse: bool = True, chain: bool = True):
    rng = np.random.default_rng(4)
    network, features = gcn(rng), binary(rng, 20, 24)
    if not sparse:
        network = replace(network, input=replace(network.input, sparse=False))
    rows = csr_array(features) if sparse else features
    return compile_network(network, TINY, features=rows, settings=Settings(chain=chain)), features


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("chain", [True, False])
def test_every_byte_and_operation_belongs_to_one_phase(sparse, chain):
    program, _ = compiled(sparse=sparse, chain=chain)
    found = phases(program)
    assert {each.name: each.operations for each in found} == program.traffic.operations
    for run in ("first", "later"):
        moved = {}
        for each in found:
            for kind, size in getattr(each, run).items():
                moved[kind] = moved.get(kind, 0) + size
        expected = {kind: size for kind, size in getattr(program.traffic, run).items() if size}
        assert moved == expected


def test_loads_are_for_the_phase_that_uses_them():
    program, _ = compiled()
    first = {each.name: set(each.first) for each in phases(program)}
    combines = [each for each in phases(program) if each.kind == "combination"]
    aggregates = [each for each in phases(program) if each.kind == "aggregation"]
    assert [each.source for each in combines] == ["lists", "chain"]
    assert "features" in first[combines[0].name]
    assert all("weights" in first[each.name] and "edges" not in first[each.name] for each in combines)
    assert "edges" in first[aggregates[0].name]
    assert "edges" not in first[aggregates[1].name], "they are there already"
    assert "outputs" in first[aggregates[-1].name]
    assert set(aggregates[0].later) == set(), "all of it stays"


def test_every_load_is_for_one_phase():
    program, _ = compiled()
    loads = [index for each in phases(program) for index in each.loads]
    found = [each["index"] for each in program.descriptors if each["opcode"] is Opcode.LOAD]
    assert sorted(loads) == found


def test_work_and_lanes():
    program, features = compiled()
    lists, first, chained, last = phases(program)
    network = program.network
    widths, nodes = network.widths(), network.nodes
    slices = {name: -(-width // TINY.lanes) for name, width in widths.items()}
    entries = len(network.adjacencies[network.operations[1].adjacency].indices)
    assert lists.work == np.count_nonzero(features) * slices[lists.name]
    assert (lists.operations, lists.lanes) == (
        np.count_nonzero(features) * widths[lists.name],
        TINY.gather_lanes,
    )
    assert (first.work, first.operations) == (entries * slices[first.name], entries * widths[first.name])
    assert (first.lanes, last.lanes) == (TINY.simd_lanes, TINY.simd_lanes)
    groups = TINY.columns * -(-(nodes // TINY.columns) // TINY.pe_rows)
    assert nodes % TINY.columns == 0
    assert chained.work == groups * TINY.pe_rows * widths[first.name] * slices[chained.name]
    assert chained.operations == nodes * widths[first.name] * widths[chained.name]
    assert chained.lanes == TINY.macs


def test_shares_and_utilisation():
    program, _ = compiled()
    found = phases(program)
    indices = range(len(program.descriptors))
    once = [SimpleNamespace(index=index, cycles=100 + index) for index in indices]
    twice = [SimpleNamespace(index=index, cycles=150 + index) for index in indices]
    rows = table(program, once, twice, (1000, 400))
    for row, phase in zip(rows, found, strict=True):
        assert (row["name"], row["layer"]) == (phase.name, phase.name.partition(".")[0])
        cycles = 100 + phase.index
        assert (row["first"]["cycles"], row["later"]["cycles"]) == (cycles, 50)
        assert row["first"]["bus_cycles"] * TINY.bus_bits // 8 == row["first"]["bytes"]
        assert (row["first"]["share"], row["later"]["share"]) == (cycles / 1000, 50 / 400)
        assert row["later"]["utilisation"] == phase.operations / (50 * phase.lanes)
        assert row["first"]["bytes"] == sum(phase.first.values())
        assert row["first"]["bytes_per_operation"] == row["first"]["bytes"] / phase.operations
