"""RTL of pyralis.hw.gcn.eliminator (pytest side)."""

from pathlib import Path

import pytest

from pyralis.hw.gcn.eliminator import SparsityEliminator
from pyralis.sim.bench.build import run_cocotb

CORA = Path(__file__).resolve().parents[4] / "shared" / "data" / "cora" / "ind.cora.graph"


def test_windows_equal_the_software_model():
    run_cocotb(SparsityEliminator(20), "cocotb_eliminator", env={"PYRALIS_CORA": str(CORA)})


@pytest.mark.parametrize("row_bits", [6, 33])
def test_widths_out_of_range_are_refused(row_bits):
    with pytest.raises(ValueError, match=rf"row_bits must be in 7\.\.32, not {row_bits}"):
        SparsityEliminator(row_bits)
