"""RTL of pyralis.hw.snn.execute with units that finish when they like (pytest side)."""

import pytest

from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.execute import Execute
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize("preset", ["tiny", "zu3eg"])
def test_dispatch(preset):
    run_cocotb(Execute(PRESETS[preset]), "cocotb_execute")
