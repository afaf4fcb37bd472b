"""GF(2^m): named fields, arithmetic against galois, and what is said of polynomials that make no field."""

import random
import re

import pytest

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.field import DEFAULTS, NAMED, Gf2m, named, reduction_matrix

FIELDS = [Gf2m(2), Gf2m(3), named("aes"), Gf2m(9, 0b1000000011), Gf2m(45), named("ghash"), named("b163")]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: str(field.m))
def test_arithmetic_equals_galois(field):
    import galois

    modulus = galois.Poly.Int(field.polynomial)
    options = {"compile": "python-calculate"} if field.m < 60 else {}
    other = galois.GF(2**field.m, irreducible_poly=modulus, primitive_element=2, verify=False, **options)
    rng = random.Random(field.m)
    values = [0, 1, (1 << field.m) - 1] + [rng.getrandbits(field.m) for _ in range(20)]
    for a, b in zip(values, values[::-1], strict=True):
        x, y = other(a), other(b)
        assert field.multiply(a, b) == int(x * y)
        assert field.square(a) == int(x * x)
        assert field.power(a, 13) == int(x**13)
        if field.m < 60:  # galois takes its time
            assert field.trace(a) == int(x.field_trace())
        if a:
            assert field.inverse(a) == int(other(1) / x)
            assert field.power(a, -3) == int(x**-3)


@pytest.mark.parametrize("m", [128, 163])
def test_trace_is_linear_and_of_conjugates_the_same(m):
    field, rng = Gf2m(m), random.Random(m)
    a, b = rng.getrandbits(m), rng.getrandbits(m)
    assert field.trace(a ^ b) == field.trace(a) ^ field.trace(b)
    assert field.trace(field.square(a)) == field.trace(a)
    assert {field.trace(1 << k) for k in (0, 1, 2, 3, 5, 7, 121, 157) if k < m} == {0, 1}


def test_zero_has_no_inverse():
    for ask in (lambda: Gf2m(8).inverse(0), lambda: Gf2m(8).power(0, -1)):
        with pytest.raises(ZeroDivisionError, match=r"^0 has no inverse$"):
            ask()


@pytest.mark.parametrize("name", NAMED)
def test_named(name):
    field = named(name)
    assert poly.irreducible(field.polynomial)
    assert field.order == ("ghash" if name == "ghash" else "polynomial")
    plain = Gf2m(field.m)
    assert (plain.polynomial, plain.order) == (field.polynomial, "polynomial")
    assert DEFAULTS[field.m] == name


def test_primitive():
    assert not named("aes").primitive  # 3 generates the nonzero bytes, x does not
    assert Gf2m(8, 0x11D).primitive
    assert Gf2m(45, poly.find_irreducible(45)).primitive == poly.primitive(poly.find_irreducible(45))


def test_an_inverse_in_the_s_box_of_aes():
    assert named("aes").inverse(0x53) == 0xCA  # FIPS 197, 4.2: {53} {ca} = {01}


@pytest.mark.parametrize("m", [2, 5, 45, 128])
def test_bit_order(m):
    rng = random.Random(m)
    mirrored = Gf2m(m, order="ghash")
    for element in (1, rng.getrandbits(m)):
        assert Gf2m(m).convert(element) == element
        there = mirrored.convert(element)
        assert all(there >> k & 1 == element >> m - 1 - k & 1 for k in range(m))
        assert mirrored.convert(there) == element


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: str(field.m))
def test_reduction_matrix(field):
    assert reduction_matrix(field) == tuple(field.reduce(1 << field.m + k) for k in range(field.m - 1))


def says(message):
    return pytest.raises(ValueError, match="^" + re.escape(message) + "$")


def test_reducible_polynomial():
    message = "The polynomial x^8 + 1 is reducible; x^8 + x^4 + x^3 + x + 1 is irreducible."
    with says(message):
        Gf2m(8, 0x101)
    message = "The polynomial x^4 + x^2 + 1 is reducible; x^4 + x + 1 is irreducible."
    with says(message):
        Gf2m(4, 0b10101)
    message = "The polynomial x^571 + 1 is reducible; x^571 + x^10 + x^5 + x^2 + 1 is irreducible."
    with says(message):
        Gf2m(571, 1 << 571 | 1)


@pytest.mark.parametrize(("polynomial", "text"), [(0x11B, "x^8 + x^4 + x^3 + x + 1"), (0b111, "x^2 + x + 1")])
def test_polynomial_of_another_degree(polynomial, text):
    message = (
        f"The polynomial {text} has degree {poly.degree(polynomial)}, but the field has m = 45; "
        "x^45 + x^4 + x^3 + x + 1 is irreducible."
    )
    with says(message):
        Gf2m(45, polynomial)


@pytest.mark.parametrize("m", [-3, 0, 1])
def test_too_small(m):
    with says(f"The degree m of a field must be at least 2, not {m}."):
        Gf2m(m)


def test_unknown_order_and_name():
    with says("The bit order must be 'polynomial' or 'ghash', not 'lsb'."):
        Gf2m(8, order="lsb")
    message = "There is no field called 'nist'; there are aes, ghash, gf45, b163, b233, b283, b409, b571."
    with says(message):
        named("nist")
