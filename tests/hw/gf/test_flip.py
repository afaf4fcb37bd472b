"""RTL of pyralis.hw.gf.flip against the field's arithmetic on integers."""

import random
import re

import pytest
from finitefields import random_field, settle

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.code import product_code, residue_code
from pyralis.hw.gf.field import Gf2m, named
from pyralis.hw.gf.flip import Flip

FIELDS = [named("aes"), named("gf45"), named("b163"), random_field(13, random.Random(13))]


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_error_of_the_unreduced_product_is_taken_away(field):
    m, rng = field.m, random.Random(field.m)
    single = [1 << k for k in range(2 * m - 1)]
    inputs, expected = [], []
    for errors in single + [rng.getrandbits(2 * m - 1) for _ in range(40)]:
        d, correct = poly.multiply(rng.getrandbits(m), rng.getrandbits(m)), rng.random() < 0.8
        inputs.append({"c": field.reduce(d ^ errors), "errors": errors, "correct": correct})
        expected.append((field.reduce(d if correct else d ^ errors),))
    assert settle(Flip(field, residue_code(m, 1)), inputs, "y") == expected


@pytest.mark.parametrize("field", FIELDS[:2], ids=str)
def test_errors_of_check_bits_change_nothing(field):
    code, rng = product_code(field.m, 2), random.Random(field.m)
    inputs, expected = [], []
    for errors in [1 << k for k in range(code.length)] + [rng.getrandbits(code.length) for _ in range(40)]:
        c, correct = rng.getrandbits(field.m), rng.random() < 0.8
        inputs.append({"c": c, "errors": errors, "correct": correct})
        expected.append((c ^ (errors >> code.parity_bits if correct else 0),))
    assert settle(Flip(field, code), inputs, "y") == expected


def test_refuses_the_code_of_another_degree():
    message = "The code is for m = 9, but the field has m = 8."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Flip(Gf2m(8), residue_code(9, 1))
