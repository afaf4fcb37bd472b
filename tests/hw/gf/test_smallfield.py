"""Arithmetic of pyralis.hw.gf.smallfield against pyralis.hw.gf.field."""

import random

import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from finitefields import settle

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf import smallfield
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import sums

FIELDS = [Gf2m(2, 7), Gf2m(5, 0x25), Gf2m(7, 0x83), Gf2m(8, 0x11D), Gf2m(11, 0x805)]


class Sums(wiring.Component):
    """Every kind of sum that :class:`~pyralis.hw.gf.smallfield.Products` makes."""

    def __init__(self, field: Gf2m, whole: int) -> None:
        self.field, self.whole = field, whole
        results = {name: Out(field.m) for name in ("plain", "mixed", "squared", "gated", "cube")}
        super().__init__({"x": In(field.m), "y": In(field.m), "z": In(field.m), "bit": In(1), **results})

    def elaborate(self, platform) -> Module:
        m = Module()
        p = smallfield.Products(m, self.field, "p", self.whole)
        x, y, z = self.x, self.y, self.z
        m.d.comb += [
            self.plain.eq(p.dot([(x, y)])),
            self.mixed.eq(p.dot([(p.square(x), y), (p.root(z), x)], [p.square(z), y])),
            self.squared.eq(p.dot([(x, y), (y, z)], [x], squared=True)),
            self.gated.eq(p.dot([(x, self.bit), (y, z), (self.bit, z)])),
            self.cube.eq(p.cube(x, y)),
        ]
        return m


@pytest.mark.parametrize("whole", [1, 3])
@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_sums_of_products(field, whole):
    rng, mul, square = random.Random(field.m), field.multiply, field.square
    inputs = [
        {**{name: rng.getrandbits(field.m) for name in "xyz"}, "bit": rng.getrandbits(1)} for _ in range(60)
    ]
    found = settle(Sums(field, whole), inputs, "plain", "mixed", "squared", "gated", "cube")
    for values, vector in zip(found, inputs, strict=True):
        x, y, z, bit = vector.values()
        assert values == (
            mul(x, y),
            mul(square(x), y) ^ mul(field.power(z, 1 << field.m - 1), x) ^ square(z) ^ y,
            square(mul(x, y) ^ mul(y, z)) ^ x,
            bit * (x ^ z) ^ mul(y, z),
            mul(x, square(x)) ^ y,
        )


class Plain(wiring.Component):
    """The functions on values."""

    def __init__(self, field: Gf2m) -> None:
        self.field = field
        results = {"unreduced": Out(2 * field.m - 1), "multiplied": Out(field.m), "dotted": Out(field.m)}
        super().__init__({"x": In(field.m), "y": In(field.m), **results})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += [
            self.unreduced.eq(smallfield.product(self.x, self.y)),
            self.multiplied.eq(smallfield.multiply(self.field, self.x, self.y)),
            self.dotted.eq(smallfield.dot(self.field, [(self.x, self.y), (self.x, self.x)])),
        ]
        return m


@pytest.mark.parametrize("field", FIELDS[:3], ids=str)
def test_functions(field):
    rng = random.Random(field.m)
    inputs = [{"x": rng.getrandbits(field.m), "y": rng.getrandbits(field.m)} for _ in range(60)]
    found = settle(Plain(field), inputs, "unreduced", "multiplied", "dotted")
    for values, vector in zip(found, inputs, strict=True):
        x, y = vector.values()
        product = field.multiply(x, y)
        assert values == (poly.multiply(x, y), product, product ^ field.square(x))


def test_maps_of_constants():
    field = FIELDS[2]
    for x in range(128):
        assert sums(smallfield.scale_rows(field, 77), x) == field.multiply(77, x)
        assert sums(smallfield.power_rows(field, 3), x) == field.power(x, 8)
