"""Rows that go through memory, on the RTL: results of every node, bytes, and the wait for the writes."""

from dataclasses import replace

import numpy as np
import pytest
from coreruns import assert_same
from densegraphs import near
from intgraphs import binary, deeper, gcn

from pyralis.gen.gcn.compile import Settings
from pyralis.hw.gcn.config import GcnConfig
from pyralis.sim.bench.core import MemorySettings

SMALL = GcnConfig(
    store_rows=128,
    hubs=8,
    weight_rows=512,
    edge_lines=64,
    feature_lines=64,
    bus_bits=128,
    occupancy_words=64,
    scale_rows=128,
)
"""512 rows, two in a bus beat; scales of 256 rows."""

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
