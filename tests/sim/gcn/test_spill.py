"""Rows that go through memory, on the RTL: results of every node, bytes, and the wait for the writes."""

from dataclasses import replace

import numpy as np
import pytest
from coreruns import assert_same
from densegraphs import dense, near, perceptrons, sage
from faultjobs import patched
from intgraphs import binary, deeper, gcn
from largegraphs import CONFIGS as LARGE
from largegraphs import random_large

from pyralis.gen.gcn.compile import Settings, compile_network
from pyralis.gen.gcn.intnetwork import IntAdjacency
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import LOAD
from pyralis.sim.bench.core import MemorySettings
from pyralis.sim.gcn.run import simulate
from pyralis.sim.golden.gcn import network as golden

SMALL = LARGE["two"]

CASES = {
    "one slice": (700, 8, 2, Settings()),
    "three slices, three layers": (560, 21, 3, Settings()),
    "in windows": (700, 5, 2, Settings(elimination="window", window_height=8)),
    "not chained": (400, 8, 2, Settings(chain=False)),
}
"""Nodes, hidden features, layers, settings."""


@pytest.mark.parametrize("name", CASES)
def test_more_rows_than_the_row_store_has(name):
    nodes, hidden, layers, settings = CASES[name]
    rng = np.random.default_rng(nodes + hidden)
    network = deeper(gcn(rng, nodes, 24, hidden), rng, layers)
    network = replace(network, adjacencies={"graph": near(rng, nodes, 4)})
    features = binary(rng, nodes, 24)
    inputs = [features, features * (rng.random(features.shape) < 0.9)]
    # results that take long to come to memory, and loads that do not
    memory = MemorySettings(latency=40, stall_percent=50 * (len(name) % 2), stall_seed=1)
    compiled, outcome = assert_same(network, inputs, SMALL, settings, memory=memory)
    assert compiled.plan.memory
    beat, traffic = compiled.config.bus_bits // 8, compiled.traffic
    assert outcome.totals["write_beats"] * beat == traffic.first["outputs"] + traffic.later["outputs"]


def test_without_the_wait_rows_are_read_too_early():
    """The same program, but for the bit, where writes are slow: the wait above is not for nothing."""
    rng = np.random.default_rng(3)
    last = IntAdjacency(
        indptr=np.arange(701), indices=699 - np.arange(700)
    )  # first rows gather the last ones
    network = replace(gcn(rng, 700, 24, 8), adjacencies={"graph": last})
    features = binary(rng, 700, 24)
    compiled = compile_network(network, SMALL, features=features, order="given")
    hasty = compiled.program
    for number, each in enumerate(compiled.descriptors):
        if each.get("after_writes"):
            hasty = patched(hasty, number, LOAD, after_writes=0)
    assert hasty != compiled.program
    slow = MemorySettings(latency=20, stall_percent=90, stall_seed=2)
    expected = golden.run(network, features).scores.numpy()
    for program, same in ((compiled.program, True), (hasty, False)):
        outcome = simulate(replace(compiled, program=program), [features], memory=slow)
        assert outcome.error == "NONE"
        assert np.array_equal(outcome.results[0], expected) == same


def assert_large(seed: int, config: GcnConfig) -> None:
    """A random network some of whose rows come from memory, with a memory of its own."""
    found, rng = None, np.random.default_rng(seed)
    while found is None or not found[0].plan.memory:
        found = random_large(rng, config)
    compiled, features = found
    memory = MemorySettings(latency=int(rng.integers(1, 80)), stall_percent=30 * int(rng.integers(2)))
    outcome = simulate(compiled, [features], memory=memory)
    assert outcome.error == "NONE", (outcome.error, outcome.error_index)
    expected = golden.run(compiled.network.renumbered(compiled.numbering.new), features)
    assert np.array_equal(outcome.results[0], expected.scores.numpy())
    assert outcome.saturated == any(expected.saturated.values())


@pytest.mark.parametrize("seed", range(4))
def test_random_networks(seed):
    assert_large(seed, SMALL)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_random_networks(seed):
    assert_large(seed, list(LARGE.values())[seed % len(LARGE)])


@pytest.mark.parametrize("make", [perceptrons, sage])
def test_own_rows_and_rows_that_pass(make):
    """GIN with perceptrons, GraphSAGE with root weights; two runs, results of both."""
    rng = np.random.default_rng(11)
    network = make(rng, 700, 5, 13, near(rng, 700, 3))
    inputs = [dense(rng, 700, 5) for _ in range(2)]
    memory = MemorySettings(latency=30, stall_percent=30, stall_seed=3)
    compiled, _ = assert_same(network, inputs, SMALL, memory=memory)
    assert len(compiled.plan.memory) == 2 and bool(compiled.plan.passing) == (make is perceptrons)
    assert any(name.endswith(": own rows") for name in compiled.plan.shards)
