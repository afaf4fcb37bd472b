"""RTL of pyralis.hw.snn.pixels against pyralis.sim.golden.snn.load (pytest side)."""

import pytest

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.pixels import PixelWindows
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(SnnConfig(bus_bits=64), id="v8-s4-bus64"),
        pytest.param(SnnConfig(out_lanes=16, in_lanes=16, step_lanes=8, bus_bits=128), id="v16-s8-bus128"),
        pytest.param(
            SnnConfig(out_lanes=4, in_lanes=2, step_lanes=2, neuron_lanes=1, bus_bits=32), id="v2-s2-bus32"
        ),
    ],
)
def test_against_golden(config):
    run_cocotb(PixelWindows(config), "cocotb_pixels")
