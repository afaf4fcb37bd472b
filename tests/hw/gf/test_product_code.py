"""RTL of pyralis.hw.gf.product_code against pyralis.hw.gf.code and the field's arithmetic on integers."""

import random
import re

import pytest
from finitefields import operands, random_field, settle

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.code import BchCode, product_code, residue_code
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.product_code import ProductChecker, ProductPredictor, Syndromes, best_predictor

CODES = [product_code(m, t) for m, t in ((2, 1), (8, 1), (8, 3), (13, 2), (45, 1), (45, 5))]
FORMS = ("product", "lfsr", "rows")


def field_of(code: BchCode) -> Gf2m:
    """A field with many terms where none is standard."""
    return random_field(13, random.Random(13)) if code.m == 13 else Gf2m(code.m)


def check_bits(code: BchCode, c: int) -> int:
    return poly.remainder(c << code.parity_bits, code.generator)


def flat(code: BchCode, positions: int) -> int:
    return sum(value << n * code.r for n, value in enumerate(code.syndrome(positions)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("code", CODES, ids=str)
def test_prediction_makes_a_multiple_of_the_generator(code, form):
    field = field_of(code)
    some = operands(code.m, random.Random(code.t), 30)
    found = settle(ProductPredictor(field, code, form), [{"a": a, "b": b} for a, b in some], "p")
    products = [field.multiply(a, b) for a, b in some]
    assert found == [(check_bits(code, c),) for c in products]
    words = [c << code.parity_bits | p for c, (p,) in zip(products, found, strict=True)]
    assert any(words)
    assert not any(poly.remainder(word, code.generator) for word in words)


@pytest.mark.parametrize("code", CODES, ids=str)
def test_every_position_has_its_column(code):
    field, rng = field_of(code), random.Random(code.m)
    mask = (1 << code.parity_bits) - 1
    inputs, wrongs = [], []
    for wrong in (0, *(1 << position for position in range(code.length)), rng.getrandbits(code.length)):
        c = rng.getrandbits(code.m)
        inputs.append({"c": c ^ wrong >> code.parity_bits, "p": check_bits(code, c) ^ wrong & mask})
        wrongs.append(wrong)
    found = settle(ProductChecker(field, code), inputs, "residual", "error")
    assert found == [(poly.remainder(wrong, code.generator), bool(wrong)) for wrong in wrongs]
    syndromes = settle(Syndromes(code), [{"residual": residual} for residual, _ in found], "syndrome")
    assert syndromes == [(flat(code, wrong),) for wrong in wrongs]


@pytest.mark.parametrize("form", FORMS)
def test_flips_are_added_to_the_prediction(form):
    code, field = product_code(8, 1), Gf2m(8)
    inputs = [{"a": 0x57, "b": 0x83, "flip_p": 1 << bit} for bit in range(code.parity_bits)]
    found = settle(ProductPredictor(field, code, form, inject=True), inputs, "p")
    assert found == [(check_bits(code, 0xC1) ^ vector["flip_p"],) for vector in inputs]


def test_best_form_follows_the_number_of_check_bits():
    assert [best_predictor(Gf2m(45), product_code(45, t)) for t in (1, 5)] == ["lfsr", "product"]


def test_errors():
    field, code = Gf2m(8), product_code(8, 1)
    with pytest.raises(ValueError, match=re.escape("The code must be a product_code, not a residue_code")):
        Syndromes(residue_code(8, 1))
    with pytest.raises(ValueError, match=re.escape("The code is for m = 8, but the field has m = 9.")):
        ProductChecker(Gf2m(9), code)
    with pytest.raises(ValueError, match=re.escape("form must be one of product, lfsr, rows, not 'auto'.")):
        ProductPredictor(field, code, "auto")
