"""RTL of pyralis.hw.snn.walk against nested loops (pytest side)."""

from dataclasses import replace

import pytest

from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.walk import PixelWalk
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_groups_in_order(lanes):
    run_cocotb(PixelWalk(replace(PRESETS["tiny"], pixel_lanes=lanes, map_words=4096)), "cocotb_walk")
