"""RTL of pyralis.hw.gf.majority against the checks written out, and its promise to correct t errors."""

import random
import re
from itertools import combinations

import pytest
from finitefields import operands, settle

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.majority import MajorityDecoder, MajorityPredictor, latin_checks, square_side

SIZES = [(8, 1), (8, 2), (8, 5), (16, 2), (45, 1), (45, 3), (64, 4), (163, 5)]


def predicted(m: int, t: int, c: int) -> int:
    return sum(((mask & c).bit_count() & 1) << k for k, mask in enumerate(latin_checks(m, t)))


@pytest.mark.parametrize(("m", "t"), SIZES)
def test_checks_are_orthogonal(m, t):
    checks = latin_checks(m, t)
    assert len(checks) <= 2 * t * square_side(m, t)
    for bit in range(m):
        mine = [mask for mask in checks if mask >> bit & 1]
        assert len(mine) == 2 * t
        assert all(x & y == 1 << bit for x, y in combinations(mine, 2))


@pytest.mark.parametrize(
    ("m", "t", "side"), [(8, 1, 3), (8, 5, 11), (16, 2, 4), (45, 3, 7), (64, 4, 8), (163, 5, 13), (4, 1, 2)]
)
def test_side_of_the_square(m, t, side):
    assert square_side(m, t) == side


@pytest.mark.parametrize(("m", "t"), [(2, 1), (8, 2), (45, 1), (45, 3)])
def test_prediction(m, t):
    field = Gf2m(m)
    some = operands(m, random.Random(m), 20)
    found = settle(MajorityPredictor(field, t), [{"a": a, "b": b} for a, b in some], "p")
    assert found == [(predicted(m, t, field.multiply(a, b)),) for a, b in some]


@pytest.mark.parametrize(("m", "t"), [(2, 1), (8, 1), (8, 2), (45, 1), (45, 3), (45, 5)])
def test_up_to_t_errors_are_corrected(m, t):
    """Errors of data bits and of check bits, singly all of them, then t drawn at random."""
    rng = random.Random(m + t)
    length = m + len(latin_checks(m, t))
    patterns = [0, *(1 << k for k in range(length))]
    patterns += [sum(1 << k for k in rng.sample(range(length), t)) for _ in range(60)]
    patterns += [sum(1 << k for k in rng.sample(range(m), min(m, t))) for _ in range(60)]
    inputs, expected = [], []
    for wrong in patterns:
        c = rng.getrandbits(m)
        data = wrong & (1 << m) - 1
        inputs.append({"c": c ^ data, "p": predicted(m, t, c) ^ wrong >> m})
        expected.append((c, data, bool(wrong)))
    assert settle(MajorityDecoder(Gf2m(m), t), inputs, "y", "errors", "error") == expected


@pytest.mark.parametrize("t", [1, 2, 3, 4, 5])
def test_a_bit_is_flipped_from_more_than_t_failed_checks_on(t):
    """Predictions wrong in checks of bit 0: the vote turns at t + 1."""
    checks = latin_checks(8, t)
    mine = [k for k, mask in enumerate(checks) if mask & 1]
    inputs = [{"c": 0, "p": sum(1 << k for k in mine[:failed])} for failed in range(2 * t + 1)]
    found = settle(MajorityDecoder(Gf2m(8), t), inputs, "errors")
    assert [errors & 1 for (errors,) in found] == [failed > t for failed in range(2 * t + 1)]


def test_flips_are_added_to_the_prediction():
    predictor = MajorityPredictor(Gf2m(8), 1, inject=True)
    [(p,)] = settle(predictor, [{"a": 0x57, "b": 0x83, "flip_p": 5}], "p")
    assert p == predicted(8, 1, 0xC1) ^ 5


def test_errors():
    with pytest.raises(ValueError, match=re.escape("t must be at least 1, not 0.")):
        MajorityPredictor(Gf2m(8), 0)
