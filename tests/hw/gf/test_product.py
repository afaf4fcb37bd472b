"""pyralis.hw.gf.product: choice of levels to hold, and the unreduced product."""

import random
import re

import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from finitefields import operands, pairs, settle

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.product import longest, place, schoolbook, tree_levels


class Product(wiring.Component):
    def __init__(self, bits: int) -> None:
        super().__init__({"a": In(bits), "b": In(bits), "d": Out(2 * bits - 1)})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.d.eq(schoolbook(m, self.a, self.b))
        return m


@pytest.mark.parametrize("bits", [1, 2, 3, 5, 64])
def test_schoolbook(bits):
    some = pairs(bits) if bits < 4 else operands(bits, random.Random(bits), 30)
    found = settle(Product(bits), [{"a": a, "b": b} for a, b in some], "d")
    assert found == [(poly.multiply(a, b),) for a, b in some]


def test_tree_levels():
    assert [tree_levels(n) for n in (0, 1, 2, 3, 4, 5, 8, 9)] == [0, 0, 1, 2, 2, 3, 3, 4]


def test_place_shortens_the_longest_way():
    points = [(1, 100), (2, 50), (3, 20), (4, 10)]
    assert place(points, 6, 0) == ()
    assert place(points, 6, 1) == (3,)
    assert place(points, 6, 2) == (2, 4)
    assert place(points, 6, 4) == (1, 2, 3, 4)
    assert longest((2, 4), 7) == 3


def test_place_saves_registers_for_a_way_a_fifth_longer():
    assert place([(5, 100), (6, 10), (7, 1)], 10, 1) == (6,)
    assert place([(4, 100), (5, 10)], 8, 1) == (4,)


@pytest.mark.parametrize("stages", [-1, 3])
def test_place_refuses_more_than_there_are(stages):
    message = f"stages must be in 0..2, the levels that can be held here, not {stages}."
    with pytest.raises(ValueError, match=re.escape(message)):
        place([(1, 1), (2, 1)], 4, stages)
