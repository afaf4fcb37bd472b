"""RTL of pyralis.hw.gcn.merge against sums and maxima of PyTorch (pytest side)."""

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.merge import Merge
from pyralis.sim.bench.build import run_cocotb


def test_against_torch():
    run_cocotb(Merge(GcnConfig(lanes=4)), "cocotb_merge")
