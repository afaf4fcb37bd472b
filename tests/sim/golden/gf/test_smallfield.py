"""Tables of logarithms: all pairs of small fields, and samples of the largest."""

import re

import pytest
import torch

from pyralis.hw.gf.code import CONWAY
from pyralis.hw.gf.field import Gf2m
from pyralis.sim.golden.gf.smallfield import Logarithms


@pytest.mark.parametrize("r", [2, 3, 5, 7, 11])
def test_tables_equal_shifting_and_adding(r):
    field = Gf2m(r, CONWAY[r])
    tables = Logarithms(field)
    step = 1 if r < 8 else 97
    values = torch.arange(0, 1 << r, step)
    a, b = values[:, None], values[None, :]
    products = tables.multiply(a, b)
    assert products.tolist() == [[field.multiply(x, y) for y in values.tolist()] for x in values.tolist()]
    assert torch.equal(tables.divide(products[:, 1:], b[:, 1:]), a.expand(-1, len(values) - 1))
    for exponent in (1, 2, 5, 1 << r):
        wanted = [field.power(x, exponent) for x in values.tolist()]
        assert tables.power(values, exponent).tolist() == wanted
    exponents = torch.tensor([-1, 0, 1, tables.order])
    assert tables.alpha(exponents).tolist() == [field.inverse(2), 1, 2, 1]


def test_x_must_be_primitive():
    message = "x does not generate GF(2^4) with polynomial 0x1f"
    with pytest.raises(ValueError, match=re.escape(message)):
        Logarithms(Gf2m(4, 0b11111))
