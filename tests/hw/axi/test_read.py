"""RTL of pyralis.hw.axi.read (pytest side)."""

import pytest

from pyralis.hw.axi.read import DmaConfig, ReadDma
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(DmaConfig(), id="128-bit"),
        pytest.param(
            DmaConfig(data_bits=32, address_bits=32, burst_beats=4, outstanding=3), id="short-bursts"
        ),
        pytest.param(DmaConfig(data_bits=8, burst_beats=1, outstanding=1), id="one-byte-at-a-time"),
        pytest.param(DmaConfig(data_bits=512, burst_beats=64, outstanding=2), id="4-KB-bursts"),
    ],
)
def test_reads_what_memory_holds(config):
    run_cocotb(ReadDma(config), "cocotb_read")


def test_bursts_that_are_given_are_not_cut():
    config = DmaConfig(data_bits=64, burst_beats=8, outstanding=2, bursts=4)
    run_cocotb(ReadDma(config, cut=False), "cocotb_readbursts")
