"""RTL of pyralis.hw.snn.fetch: programs in memory to descriptors and weight jobs (pytest side)."""

import pytest

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.fetch import Fetch
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(SnnConfig(bus_bits=32, address_bits=32), id="bus32"),
        pytest.param(SnnConfig(bus_bits=64, leak="shift"), id="bus64"),
        pytest.param(SnnConfig(out_lanes=32, in_lanes=16, neuron_lanes=16, bus_bits=512), id="bus512"),
    ],
)
def test_programs(config):
    run_cocotb(Fetch(config), "cocotb_fetch")
