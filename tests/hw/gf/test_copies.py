"""Copies; with products and flags they are tested in test_datapath.py."""

import pytest
from amaranth import Module, Signal

from pyralis.hw.gf import copies
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.flow import Flow, Timed
from pyralis.hw.gf.scheme import NEVER, Product


def test_one_product_is_never_wrong():
    c = Timed(Signal(8))
    outcome = copies.correct(copies.check(Flow(None), GfConfig(m=8, protect="none"), [Product(c)]))
    assert outcome.product is c and outcome.error is NEVER and outcome.uncorrectable is NEVER


def test_four_copies_are_refused():
    m = Module()
    m._MustUse__silence = True
    products = [Product(Timed(Signal(8)))] * 4
    with pytest.raises(ValueError, match=r"^4 copies cannot be compared; there are 1, 2 or 3$"):
        copies.check(Flow(m), GfConfig(m=8, protect="tmr"), products)
