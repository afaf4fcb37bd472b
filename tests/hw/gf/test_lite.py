"""RTL of pyralis.hw.gf.lite through its registers (pytest side)."""

import pytest

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.lite import GfLite
from pyralis.sim.bench.build import run_cocotb

CONFIGS = {
    "one word": GfConfig(m=16, t=2, correct=2, inject=True, separate_operands=True),
    "several words": GfConfig(m=45, t=3, correct=3, corrector="folded", inject=True, multiplier="karatsuba"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_registers(name):
    run_cocotb(GfLite(CONFIGS[name]), "cocotb_lite")
