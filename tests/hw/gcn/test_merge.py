"""RTL of pyralis.hw.gcn.merge against sums and maxima of PyTorch (pytest side)."""

from dataclasses import replace

from pyralis.hw.gcn.config import PRESETS
from pyralis.hw.gcn.merge import Merge
from pyralis.sim.bench.build import run_cocotb


def test_against_torch():
    run_cocotb(Merge(replace(PRESETS["tiny"], lanes=4)), "cocotb_merge")
