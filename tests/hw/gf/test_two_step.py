"""RTL of pyralis.hw.gf.two_step against pyralis.hw.gf.field."""

import random

import pytest
from finitefields import operands, pairs, polynomials, random_field, settle

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.field import Gf2m, named
from pyralis.hw.gf.two_step import TwoStep


def check(field: Gf2m, some) -> None:
    found = settle(TwoStep(field), [{"a": a, "b": b} for a, b in some], "c", "high")
    assert found == [(field.multiply(a, b), poly.multiply(a, b) >> field.m) for a, b in some]


@pytest.mark.parametrize("field", [Gf2m(m, p) for m in (2, 3, 4) for p in polynomials(m)], ids=str)
def test_every_product(field):
    check(field, pairs(field.m))


@pytest.mark.parametrize("field", [named("aes"), named("gf45"), named("b163"), named("b233")], ids=str)
def test_named_fields(field):
    check(field, operands(field.m, random.Random(field.m), 40))


@pytest.mark.parametrize("m", [5, 13, 31, 64])
def test_polynomials_of_many_terms(m):
    rng = random.Random(m)
    check(random_field(m, rng), operands(m, rng, 40))


def test_flips_go_where_they_should():
    field, rng = Gf2m(9), random.Random(9)
    inputs = [
        {"a": rng.getrandbits(9), "b": rng.getrandbits(9), "flip_d": 1 << k % 17, "flip_c": 1 << k % 9}
        for k in range(100)
    ]
    found = settle(TwoStep(field, inject=True), inputs, "c", "high")
    for vector, (c, high) in zip(inputs, found, strict=True):
        d = poly.multiply(vector["a"], vector["b"]) ^ vector["flip_d"]
        assert (c, high) == (field.reduce(d) ^ vector["flip_c"], d >> 9)
