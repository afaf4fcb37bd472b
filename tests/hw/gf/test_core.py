"""RTL of pyralis.hw.gf.core with injected errors, against integers (pytest side)."""

import json

import pytest

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.core import GfMultiplier
from pyralis.sim.bench.build import run_cocotb

CONFIGS = {
    "plain": GfConfig(m=163, protect="none", multiplier="mastrovito", inject=True),
    "plain-stages": GfConfig(m=45, protect="none", multiplier="karatsuba", stages=2),
    "dwc": GfConfig(m=16, protect="dwc", inject=True),
    "diverse": GfConfig(m=45, protect="diverse_dwc", inject=True, separate_operands=True),
    "tmr": GfConfig(m=32, protect="tmr", stages=1, inject=True),
    "hamming": GfConfig(m=8, protect="hamming", multiplier="mastrovito", inject=True),
    "product": GfConfig(m=45, protect="product_bch", t=3, correct=2, inject=True),
    "product-pipelined": GfConfig(
        m=16, protect="product_bch", t=2, correct=2, corrector="pipelined", levels=20, inject=True
    ),
    "residue-1": GfConfig(m=8, t=1, correct=1, inject=True, separate_operands=True),
    "residue-ghash": GfConfig(m=128, order="ghash", t=2, correct=1, inject=True),
    "residue-detect": GfConfig(m=45, t=5, correct=0, corrector="none", inject=True),
    "residue-pipelined": GfConfig(m=45, t=5, correct=5, corrector="pipelined", levels=16, inject=True),
    "residue-folded": GfConfig(m=45, t=5, correct=5, corrector="folded", inject=True),
    "product-folded": GfConfig(
        m=16, protect="product_bch", t=3, correct=1, corrector="folded", points=4, inject=True
    ),
    "serial-folded": GfConfig(
        m=45, multiplier="digit_serial", digit=7, t=3, correct=3, corrector="folded", inject=True
    ),
    "serial": GfConfig(m=16, multiplier="digit_serial", digit=16, t=2, correct=2, inject=True),
    "serial-tmr": GfConfig(m=8, multiplier="digit_serial", digit=1, protect="tmr", inject=True),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_products_flags_and_timing(name):
    core = GfMultiplier(CONFIGS[name])
    times = [core.cycles, core.correction_cycles, core.cycles - 1 if name.startswith("serial") else 1]
    folded = CONFIGS[name].corrector == "folded"
    env = {"PYRALIS_TIMES": json.dumps(times), "PYRALIS_COUNT": "80" if folded else "160"}
    run_cocotb(core, "cocotb_core", env=env)
