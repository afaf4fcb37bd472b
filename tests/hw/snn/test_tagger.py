"""RTL of pyralis.hw.snn.tagger against plain loops (pytest side)."""

import pytest

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.tagger import Tagger
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize(
    "config",
    [
        SnnConfig(),
        SnnConfig(out_lanes=12, in_lanes=6, pixel_lanes=3, neuron_lanes=3, step_lanes=2, bus_bits=32),
        SnnConfig(out_lanes=4, in_lanes=4, pixel_lanes=1, neuron_lanes=4, step_lanes=8, bus_bits=32),
    ],
    ids=lambda config: f"N{config.pixel_lanes}",
)
def test_against_loops(config):
    run_cocotb(Tagger(config), "cocotb_tagger")
