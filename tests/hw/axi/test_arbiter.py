"""RTL of pyralis.hw.axi.arbiter (pytest side)."""

from pyralis.hw.axi.arbiter import ReadArbiter
from pyralis.hw.axi.dma import DmaConfig
from pyralis.sim.bench.build import run_cocotb


def test_each_reader_gets_its_own_beats():
    run_cocotb(ReadArbiter(DmaConfig(data_bits=64)), "cocotb_arbiter")
