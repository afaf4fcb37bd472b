"""RTL of pyralis.hw.axi.bursts (pytest side)."""

import json

import pytest

from pyralis.hw.axi.bursts import BurstChooser
from pyralis.hw.axi.dma import DmaConfig
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize(("ports", "size_bytes", "data_bits"), [(1, 4096, 32), (4, 12 << 10, 64)])
def test_bursts_are_checked_and_put_in_a_row(ports, size_bytes, data_bits):
    chooser = BurstChooser(size_bytes, DmaConfig(address_bits=32, data_bits=data_bits), ports)
    run_cocotb(chooser, "cocotb_bursts", env={"SIZES": json.dumps([ports, size_bytes])})
