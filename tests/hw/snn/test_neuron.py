"""RTL of pyralis.hw.snn.neuron against pyralis.sim.golden.snn.neuron (pytest side)."""

import pytest

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.neuron import Neuron, latency
from pyralis.sim.bench.build import run_cocotb

CONFIGS = {
    "tiny": SnnConfig(),
    "shift-only": SnnConfig(leak="shift", step_lanes=2, neuron_lanes=2, potential_bits=17, bus_bits=32),
    "one-slot": SnnConfig(
        out_lanes=4,
        in_lanes=4,
        pixel_lanes=1,
        step_lanes=8,
        leak_bits=15,
        current_bits=32,
        potential_bits=32,
        bus_bits=32,
    ),
    "no-wait": SnnConfig(
        pixel_lanes=3, step_lanes=1, neuron_lanes=2, leak_bits=4, potential_bits=30, bus_bits=32
    ),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_against_golden(name):
    run_cocotb(Neuron(CONFIGS[name]), "cocotb_neuron")


def test_latency_is_three_stages_a_step():
    assert [latency(SnnConfig(step_lanes=s)) for s in (1, 2, 4, 8)] == [5, 8, 14, 26]
