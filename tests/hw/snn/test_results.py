"""RTL of pyralis.hw.snn.results: counts, potentials and the largest of them (pytest side)."""

import pytest

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.results import Results
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize(
    "config",
    [
        SnnConfig(),
        SnnConfig(out_lanes=12, in_lanes=6, pixel_lanes=3, neuron_lanes=3, step_lanes=2, bus_bits=32),
        SnnConfig(out_lanes=4, in_lanes=4, pixel_lanes=1, neuron_lanes=1, step_lanes=8, bus_bits=32),
    ],
    ids=lambda config: f"P{config.neuron_lanes}",
)
def test_against_sums_and_argmax(config):
    run_cocotb(Results(config), "cocotb_results")
