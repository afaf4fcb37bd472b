"""Whole graph networks on the RTL, against the golden model: every row of results, to the last bit."""

from dataclasses import replace

import numpy as np
import pytest
from coreruns import PAIRED, TINY, assert_same
from intgraphs import binary, gcn, random_network
from scipy.sparse import csr_array

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import layout
from pyralis.gen.gcn.compile import Settings, compile_network
from pyralis.gen.gcn.phases import phases
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import Content, Opcode
from pyralis.sim.bench.core import MemorySettings
from pyralis.sim.gcn.run import simulate

WEIGHTED = GcnConfig(
    columns=4, lanes=4, splits=4, edge_weights=True, gather_ports=8, pe_rows=8, hubs=4, group_bytes=64
)

COMPACT = GcnConfig(columns=4, hubs=4, bus_bits=256, weight_rows=2048)


@pytest.mark.parametrize("chain", [True, False])
def test_contract_b_on_lists_and_on_rows(chain):
    rng = np.random.default_rng(1)
    network, features = gcn(rng), binary(rng, 20, 24)
    assert_same(network, [csr_array(features)], TINY, Settings(chain=chain))
    dense = replace(network, input=replace(network.input, sparse=False))
    assert_same(dense, [features], TINY, Settings(chain=chain))


def test_features_that_are_kept_are_those_of_all_runs():
    rng = np.random.default_rng(1)
    network, first, second = gcn(rng), binary(rng, 20, 24), binary(rng, 20, 24)
    compiled = compile_network(network, TINY, features=first | second, settings=Settings(keep_input=True))
    with pytest.raises(UserError) as caught:
        simulate(compiled, [first, first, second])
    assert caught.value.what == "The program keeps the features of its first run, and those of run 2 differ."
    assert caught.value.hint == "compile it without keep_input"


def assert_random(seed, config):
    """A random network on random features, with a memory and settings of its own."""
    rng = np.random.default_rng(seed)
    network, features = random_network(rng, weighted=config.edge_weights)
    settings = Settings(
        chain=bool(rng.integers(4)),
        hubs=bool(rng.integers(4)),
        cooperative=bool(rng.integers(2)),
        by_row=bool(rng.integers(2)),
    )
    memory = MemorySettings(
        latency=int(rng.integers(1, 60)), stall_percent=int(rng.integers(2)) * 30, stall_seed=seed + 1
    )
    assert_same(network, [features], config, settings, memory=memory)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(seed):
    assert_random(seed, PAIRED if seed % 2 else TINY)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 300))
def test_many_random_networks(seed):
    """Every second one on a core with edge weights, four parts of a row and two gather clusters."""
    assert_random(seed, WEIGHTED if seed % 2 else PAIRED if seed % 4 else TINY)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300, 340))
def test_many_random_networks_on_a_wide_bus(seed):
    """Compact lists, two rows of weights a cycle."""
    assert_random(seed, COMPACT)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(340, 344))
def test_escapes_on_a_wide_bus(seed):
    """Gaps wider than an entry can say: what is read is as predicted, and what is counted has a source."""
    rng = np.random.default_rng(seed)
    network = gcn(rng, nodes=60, features=1500)
    often = np.arange(1500) < 9
    features = csr_array((rng.random((60, 1500)) < 4 / 1500) | often & (rng.random((60, 1500)) < 0.8))
    features = csr_array(features, dtype=np.int8)
    memory = MemorySettings(latency=1 + 20 * (seed % 2), stall_percent=30 * (seed % 2), stall_seed=seed)
    compiled, outcome = assert_same(network, [features], COMPACT, Settings(), memory=memory)
    assert compiled.layout.compact
    beat = COMPACT.bus_bits // 8
    for client in ("edges", "features"):
        assert outcome.totals[f"{client}_beats"] * beat == compiled.traffic.first[client]
    entries, _ = layout.input_entries(COMPACT, network.input, features)
    assert entries.sum() > np.maximum(np.diff(features.indptr), 1).sum(), "no escapes"
    works = {each.kind: 0 for each in phases(compiled)}
    for each in phases(compiled):
        works[each.kind] += each.work
    assert outcome.totals["products"] == works["combination"]


def test_later_runs_read_only_what_changes():
    rng = np.random.default_rng(2)
    network = gcn(rng)
    inputs = [csr_array(binary(rng, 20, 24, density)) for density in (0.3, 0.1, 0.2)]
    compiled, outcome = assert_same(network, inputs, TINY)
    beat = TINY.bus_bits // 8
    loads = [each for each in compiled.descriptors if each["opcode"] is Opcode.LOAD]
    edges = sum(each["beats"] for each in loads if each["content"] is Content.EDGES)
    assert outcome.totals["edges_beats"] == edges, "resident, so in the first run only"
    features = sum(each["beats"] for each in loads if each["content"] is Content.FEATURES)
    assert outcome.totals["features_beats"] == 3 * features
    assert outcome.totals["write_beats"] * beat == 3 * compiled.traffic.later["outputs"]
    _, again = assert_same(network, inputs, TINY, resident=False)
    assert again.totals["edges_beats"] == 3 * edges
