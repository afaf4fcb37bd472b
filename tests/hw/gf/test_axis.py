"""RTL of pyralis.hw.gf.axis between two AXI4-Streams (pytest side)."""

import pytest

from pyralis.hw.gf.axis import GfAxis, element_bytes
from pyralis.hw.gf.config import GfConfig
from pyralis.sim.bench.build import run_cocotb

CONFIGS = {
    "combinational": GfConfig(m=16, t=2, correct=1, inject=True, separate_operands=True),
    "pipelined": GfConfig(m=45, t=3, correct=3, corrector="pipelined", levels=16, inject=True, order="ghash"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_products_and_counters(name):
    run_cocotb(GfAxis(CONFIGS[name]), "cocotb_axis")


def test_elements_take_whole_bytes():
    assert [element_bytes(GfConfig(m=m, protect="none")) for m in (8, 9, 163)] == [1, 2, 21]
