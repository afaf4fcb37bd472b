"""RTL of pyralis.hw.snn.output against the golden models of its pieces (pytest side)."""

import pytest

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.output import OutputPath
from pyralis.sim.bench.build import run_cocotb

CONFIGS = {
    "tiny": SnnConfig(map_words=1024),
    "odd": SnnConfig(
        out_lanes=12,
        in_lanes=6,
        pixel_lanes=3,
        step_lanes=2,
        neuron_lanes=3,
        leak="shift",
        bus_bits=32,
        map_words=4096,
    ),
    "one-slot": SnnConfig(
        out_lanes=4, in_lanes=4, pixel_lanes=1, step_lanes=8, neuron_lanes=4, bus_bits=32, potential_bits=18
    ),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_against_golden(name):
    run_cocotb(OutputPath(CONFIGS[name]), "cocotb_output")
