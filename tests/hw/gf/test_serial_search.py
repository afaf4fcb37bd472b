"""What the search adds up, against polynomial arithmetic."""

import random

import pytest

from pyralis.hw.gf.code import product_code, residue_code
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import sums
from pyralis.hw.gf.serial_search import first_position, search_cycles, shift_rows


@pytest.mark.parametrize("points", [1, 2, 7, 20, 31])
@pytest.mark.parametrize("code", [residue_code(16, 3), product_code(16, 3)], ids=["residue", "product"])
def test_flips_add_up_to_the_errors(code, points):
    field, rng = Gf2m(16), random.Random(1)
    points = min(points, code.length)
    rows = shift_rows(field, code, points)
    for _ in range(20):
        errors = rng.getrandbits(code.length)
        flips, left = 0, errors << -first_position(code, points)
        for _ in range(search_cycles(code, points)):
            flips = sums(rows, flips | (left & (1 << points) - 1) << field.m)
            left >>= points
        expected = field.reduce(errors) if code.kind == "residue" else errors >> code.parity_bits
        assert flips == expected and not left


def test_all_positions_are_visited():
    code = residue_code(45, 5)
    assert [(search_cycles(code, p), first_position(code, p)) for p in (1, 4, 8, 89)] == [
        (89, 0),
        (23, -3),
        (12, -7),
        (1, 0),
    ]
