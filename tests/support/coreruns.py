"""Integer graph networks on the simulated core, compared with the golden model."""

from dataclasses import replace

import numpy as np

from pyralis.gen.gcn.compile import Settings, compile_network
from pyralis.gen.gcn.intnetwork import IntGraphNetwork
from pyralis.hw.gcn.config import PRESETS
from pyralis.sim.gcn.run import simulate
from pyralis.sim.golden.gcn import network as golden

TINY = PRESETS["tiny"]

PAIRED = replace(
    TINY,
    cores=2,
    splits=2,
    pe_rows=4,
    gather_ports=2,
    hubs=16,
    rounds=2,
    epilogue_lanes=2,
    program_queue=16,
)
"""Two of what ``tiny`` has one of: cores and gather ports of a column, parts of a row, rounds; and hubs."""


def assert_same(network: IntGraphNetwork, inputs, config=TINY, settings=None, **options):
    """All runs give the golden model's results; returns program and outcome."""
    compiled = compile_network(network, config, features=inputs[0], settings=settings or Settings())
    outcome = simulate(compiled, inputs, **options)
    assert outcome.error == "NONE", (outcome.error, outcome.error_index)
    saturated = False
    for features, results in zip(inputs, outcome.results, strict=True):
        # Of the operations that the core carries out: what nothing depends on may saturate as it likes.
        expected = golden.run(compiled.network.renumbered(compiled.numbering.new), features)
        assert np.array_equal(results, expected.scores.numpy())
        assert np.array_equal(results, golden.run(network, features).scores.numpy())
        saturated |= any(expected.saturated.values())
    assert outcome.saturated == saturated
    return compiled, outcome
