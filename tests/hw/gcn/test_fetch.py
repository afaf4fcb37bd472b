"""RTL of pyralis.hw.gcn.fetch: runs of a program (pytest side)."""

import pytest

from pyralis.hw.gcn.config import PRESETS
from pyralis.hw.gcn.fetch import Fetch
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize("preset", ["tiny", "z32"])
def test_runs_of_a_program(preset):
    run_cocotb(Fetch(PRESETS[preset]), "cocotb_fetch")
