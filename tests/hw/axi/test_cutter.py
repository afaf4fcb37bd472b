"""RTL of pyralis.hw.axi.cutter (pytest side)."""

from pyralis.hw.axi.cutter import BurstCutter
from pyralis.hw.axi.dma import DmaConfig
from pyralis.sim.bench.build import run_cocotb


def test_jobs_are_cut_where_the_dma_engines_cut_them():
    run_cocotb(BurstCutter(DmaConfig(data_bits=64, burst_beats=8)), "cocotb_cutter")
