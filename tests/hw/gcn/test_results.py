"""RTL of pyralis.hw.gcn.results against the interpreter's memory (pytest side)."""

import pytest

from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.results import Results
from pyralis.sim.bench.build import run_cocotb

CONFIGS = {
    "tiny": GcnConfig(),
    "four": GcnConfig(columns=4, lanes=4, bus_bits=128),
    "cut": GcnConfig(lanes=16, bus_bits=32, pe_rows=16),
}


@pytest.mark.parametrize(
    "name", ["four", *(pytest.param(name, marks=pytest.mark.slow) for name in ("tiny", "cut"))]
)
def test_against_the_interpreter(name):
    run_cocotb(Results(CONFIGS[name]), "cocotb_results")


@pytest.mark.slow
def test_throughput_of_z32():
    run_cocotb(Results(PRESETS["z32"]), "cocotb_resultrate")
