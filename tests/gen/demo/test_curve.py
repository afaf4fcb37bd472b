"""The ladder on integers against published points and against the affine addition law."""

import pytest

from pyralis.gen.demo import curve
from pyralis.hw.gf.field import named

FIELD = named("b163")
NONCE = 0x0707A94C3D352E0A9FE49FB12F264992152A20004
SIGNATURE_R = 0x153FEBD179A69B6122DEBF5BC61EB947B24C93526


def add(p, q):
    """The affine addition law (FIPS 186-4's curve, a = 1); None is the point at infinity."""
    if p is None or q is None:
        return p or q
    (x1, y1), (x2, y2) = p, q
    if x1 == x2:
        if y1 != y2 or x1 == 0:
            return None
        slope = x1 ^ FIELD.multiply(y1, FIELD.inverse(x1))
        x = FIELD.square(slope) ^ slope ^ 1
        return x, FIELD.square(x1) ^ FIELD.multiply(slope ^ 1, x)
    slope = FIELD.multiply(y1 ^ y2, FIELD.inverse(x1 ^ x2))
    x = FIELD.square(slope) ^ slope ^ x1 ^ x2 ^ 1
    return x, FIELD.multiply(slope, x1 ^ x) ^ x ^ y1


def times(k):
    point, total = curve.G, None
    while k:
        total = add(total, point) if k & 1 else total
        point, k = add(point, point), k >> 1
    return total


def test_base_point_lies_on_the_curve_and_has_its_order():
    x, y = curve.G
    assert FIELD.multiply(y, y ^ x) == FIELD.multiply(FIELD.square(x), x ^ 1) ^ curve.B
    assert times(curve.ORDER) is None


@pytest.mark.parametrize(("name", "k", "point"), curve.VECTORS)
def test_published_points(name, k, point):
    assert curve.times_base(FIELD.multiply, k) == point == times(k)
    assert all(row["found"] == row["expected"] for row in curve.job(FIELD.multiply))


def test_nonce_of_a_published_signature():
    """RFC 6979, A.2.13, SHA-1, "sample": r is the x coordinate of kG modulo the order."""
    assert curve.times_base(FIELD.multiply, NONCE)[0] % curve.ORDER == SIGNATURE_R


@pytest.mark.parametrize("k", [1, 2, 3, 7, 8, 0xABCDE, curve.ORDER - 2])
def test_ladder_is_the_addition_law(k):
    assert curve.times_base(FIELD.multiply, k) == times(k)


@pytest.mark.parametrize("k", [0, -1, curve.ORDER - 1, curve.ORDER])
def test_multiples_without_an_affine_ladder_are_refused(k):
    with pytest.raises(ValueError, match=r"k must be in 1\.\."):
        curve.times_base(FIELD.multiply, k)


def test_inverse_and_its_price():
    calls = []

    def count(a, b):
        calls.append(a == b)
        return FIELD.multiply(a, b)

    for a in (1, 2, curve.B, curve.G[0]):
        calls.clear()
        assert FIELD.multiply(curve.inverse(count, a), a) == 1
        assert len(calls) == 162 + 9
    assert curve.inverse(FIELD.multiply, 0) == 0


def test_price_of_a_bit():
    calls = []

    def count(a, b):
        calls.append(a)
        return FIELD.multiply(a, b)

    curve.times_base(count, 1 << 20)
    long = len(calls)
    calls.clear()
    curve.times_base(count, 1 << 10)
    assert long - len(calls) == 10 * 11
    assert len(calls) == 10 * 11 + 188
