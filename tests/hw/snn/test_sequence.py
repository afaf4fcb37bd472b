"""RTL of pyralis.hw.snn.sequence against nested loops (pytest side)."""

from dataclasses import replace

import pytest

from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.sequence import Sequence
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize("lanes", [1, 3])
def test_steps_in_order(lanes):
    run_cocotb(Sequence(replace(PRESETS["tiny"], pixel_lanes=lanes, map_words=4096)), "cocotb_sequence")
