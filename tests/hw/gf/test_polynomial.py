"""Polynomials over GF(2) as integers, against galois and brute force."""

import random
import re

import pytest

from pyralis.hw.gf import polynomial as poly


@pytest.mark.parametrize(
    ("p", "text"), [(0, "0"), (1, "1"), (2, "x"), (3, "x + 1"), (0x11B, "x^8 + x^4 + x^3 + x + 1")]
)
def test_text(p, text):
    assert poly.text(p) == text


def test_degree():
    assert [poly.degree(p) for p in (0, 1, 2, 3, 4, 0x11B)] == [-1, 0, 1, 1, 2, 8]


def drawn(count=60, bits=90):
    rng = random.Random(5)
    return [rng.getrandbits(rng.randrange(1, bits)) for _ in range(count)]


def test_ring_equals_galois():
    import galois

    values = [0, 1, 2, 3, *drawn()]
    for a, b in zip(values, values[::-1], strict=True):
        x, y = galois.Poly.Int(a), galois.Poly.Int(b)
        assert poly.multiply(a, b) == int(x * y)
        assert poly.gcd(a, b) == int(galois.gcd(x, y))
        if b:
            assert poly.divide(a, b) == (int(x // y), int(x % y))
            assert poly.remainder(a, b) == int(x % y)
            assert poly.power(a, 37, b) == int(pow(x, 37, y))


def test_power_zero_and_division_by_zero():
    assert poly.power(6, 0, 0b111) == 1
    assert poly.power(6, 0, 1) == 0  # everything is 0 modulo 1
    with pytest.raises(ZeroDivisionError, match=r"^division by the zero polynomial$"):
        poly.divide(5, 0)


def test_irreducible_equals_a_sieve():
    limit = 1 << 10
    products = {
        poly.multiply(a, b) for a in range(2, limit) for b in range(2, limit) if a * b < 2 * limit and a <= b
    }
    found = [p for p in range(limit) if poly.irreducible(p)]
    assert found == [p for p in range(2, limit) if p not in products]
    # Gauss' count for the degrees 1 .. 9.
    assert [sum(poly.degree(p) == m for p in found) for m in range(1, 10)] == [2, 1, 2, 3, 6, 9, 18, 30, 56]


@pytest.mark.parametrize("m", [24, 45, 64, 113])
def test_irreducible_equals_galois(m):
    import galois

    rng = random.Random(m)
    some = [1 << m | rng.getrandbits(m) | 1 for _ in range(60)] + [poly.find_irreducible(m)]
    assert [poly.irreducible(p) for p in some] == [galois.Poly.Int(p).is_irreducible() for p in some]
    assert any(map(poly.irreducible, some))


def test_primitive_equals_the_order_of_x():
    for m in range(1, 9):
        for p in range(1 << m | 1, 2 << m, 2):
            powers, value = set(), poly.remainder(1, p)
            while value and value not in powers:
                powers.add(value)
                value = poly.remainder(value << 1, p)
            assert poly.primitive(p) == (poly.irreducible(p) and len(powers) == (1 << m) - 1), p


@pytest.mark.parametrize("m", [16, 31, 45, 64, 67, 89])
def test_primitive_equals_galois(m):
    import galois

    rng = random.Random(m)
    some = [poly.find_irreducible(m)]
    while len(some) < 5:
        if poly.irreducible(p := 1 << m | rng.getrandbits(m) | 1):
            some.append(p)
    assert [poly.primitive(p) for p in some] == [galois.Poly.Int(p).is_primitive() for p in some]


def test_factors():
    for n in range(1, 500):
        wanted = [p for p in range(2, n + 1) if n % p == 0 and all(p % q for q in range(2, p))]
        assert poly.factors(n) == tuple(wanted)
    # Large factors: 2^67 - 1 (F. N. Cole, 1903), 2^59 - 1, a square, and a prime.
    assert poly.factors(2**67 - 1) == (193707721, 761838257287)
    assert poly.factors(2**59 - 1) == (179951, 3203431780337)
    assert poly.factors(1000003**2) == (1000003,)
    assert poly.factors((2**31 - 1) ** 2) == (2**31 - 1,)
    assert poly.factors(2**61 - 1) == (2**61 - 1,)


def test_found_polynomial_has_the_fewest_terms_and_then_the_smallest_exponents():
    import galois

    for m in range(2, 13):
        candidates = [1 << m | p for p in range(1, 1 << m, 2) if (1 << m | p).bit_count() in (3, 5)]
        wanted = min(
            (p for p in candidates if galois.Poly.Int(p).is_irreducible()),
            key=lambda p: (p.bit_count(), p),
        )
        assert poly.find_irreducible(m) == wanted


@pytest.mark.parametrize(
    ("m", "inner"),
    # FIPS 186-4, D.1.3.
    [
        (163, (7, 6, 3)),
        (233, (74,)),
        pytest.param(283, (12, 7, 5), marks=pytest.mark.slow),
        pytest.param(409, (87,), marks=pytest.mark.slow),
        pytest.param(571, (10, 5, 2), marks=pytest.mark.slow),
    ],
)
def test_found_polynomials_are_the_standard_ones(m, inner):
    assert poly.find_irreducible(m) == 1 << m | 1 | sum(1 << k for k in inner)


@pytest.mark.parametrize("m", [-1, 0, 1])
def test_no_field_is_that_small(m):
    message = f"The degree of a field must be at least 2, not {m}."
    with pytest.raises(ValueError, match=re.escape(message)):
        poly.find_irreducible(m)


def test_equally_spaced():
    assert poly.text(poly.equally_spaced(4)) == "x^4 + x^3 + x^2 + x + 1"
    assert poly.text(poly.equally_spaced(6, 3)) == "x^6 + x^3 + 1"
    # All-one polynomials are irreducible where 2 generates the residues of the prime m + 1.
    assert [m for m in range(2, 40) if poly.irreducible(poly.equally_spaced(m))] == [2, 4, 10, 12, 18, 28, 36]
    for spacing in (0, 4, -2):
        message = f"The spacing must divide the degree 6; {spacing} does not."
        with pytest.raises(ValueError, match=re.escape(message)):
            poly.equally_spaced(6, spacing)
