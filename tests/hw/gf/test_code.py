"""BCH codes: generators against galois, channels, what they correct, and what is said where there is none."""

import itertools
import random
import re
from math import comb

import pytest

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.code import (
    CONWAY,
    MAX_T,
    BchCode,
    corrected,
    coset,
    minimal_polynomial,
    product_code,
    residue_code,
)

KINDS = {"residue": residue_code, "product": product_code}
SIZES = (8, 16, 32, 45, 64, 128, 163, 233, 283, 409, 571)
NONE = [("residue", 8, 4), ("product", 8, 4), ("residue", 16, 4)]
"""Here the smallest code that corrects 4 errors corrects 5."""

CODES = [key for key in itertools.product(KINDS, SIZES, range(1, MAX_T + 1)) if key not in NONE]


def locators(r):
    import galois

    modulus = galois.Poly.Int(CONWAY[r])
    return galois.GF(2**r, irreducible_poly=modulus, primitive_element=2, compile="python-calculate")


def test_locator_fields_are_those_of_conway_and_primitive():
    import galois

    for r in range(2, len(CONWAY)):
        assert int(galois.conway_poly(2, r)) == CONWAY[r]
        assert poly.primitive(CONWAY[r])


@pytest.mark.parametrize("r", [4, 5, 6, 7, 8, 9, 10, 11])
def test_minimal_polynomials_equal_galois(r):
    alpha = locators(r)(2)
    for exponent in range(1, 2 * MAX_T, 2):
        assert minimal_polynomial(r, exponent) == int((alpha**exponent).minimal_poly())


@pytest.mark.parametrize("r", [5, 6, 7, 8, 9, 10, 11])
def test_generators_are_those_of_galois(r):
    import galois

    for t in range(1, MAX_T + 1):
        if corrected(r, t) == t:
            other = galois.BCH(2**r - 1, d=2 * t + 1, extension_field=locators(r))
            assert BchCode("residue", 8, t, r).generator == int(other.generator_poly)
            assert other.t == t


@pytest.mark.parametrize(("kind", "m", "t"), CODES)
def test_code_is_the_smallest_of_exactly_t(kind, m, t):
    code = KINDS[kind](m, t)
    assert (code.kind, code.m, code.t) == (kind, m, t)
    order = 2**code.r - 1
    assert len(code.powers) == order and code.locator_field.polynomial == CONWAY[code.r]
    zeros = [e for e in range(order) if not value_at(code.generator, code, e)]
    assert set(range(1, 2 * t + 1)) <= set(zeros) and 0 not in zeros
    assert 2 * t + 1 not in zeros or 2 * t + 2 not in zeros, "the BCH bound is more than t"
    assert poly.degree(code.generator) == code.parity_bits == len(zeros)
    assert code.length == (2 * m - 1 if kind == "residue" else m + code.parity_bits) <= order
    for r in range(2, code.r):  # no smaller field: too short, or of more errors than any t here
        size = len(set().union(*(coset(r, e) for e in range(1, 2 * t + 1))))
        short = (2 * m - 1 if kind == "residue" else m + size) > 2**r - 1
        assert short or corrected(r, t) > MAX_T
    assert KINDS[kind](m, t, code.r) == code


def value_at(p, code, exponent):
    value = 0
    for k in range(p.bit_length()):
        if p >> k & 1:
            value ^= code.alpha(k * exponent)
    return value


@pytest.mark.parametrize(("kind", "m", "t"), CODES)
def test_channels_carry_all_syndromes(kind, m, t):
    code = KINDS[kind](m, t)
    field, rng = code.locator_field, random.Random(m)
    assert code.channels[0] == 1 and all(channel % 2 for channel in code.channels)
    assert sum(len(coset(code.r, channel)) for channel in code.channels) == code.parity_bits
    errors = sum(1 << k for k in rng.sample(range(code.length), min(7, code.length)))
    syndrome = code.syndrome(errors)
    assert syndrome == tuple(value_at(errors, code, channel) for channel in code.channels)
    for exponent in range(1, 2 * t + 1):
        index, squarings = code.conjugate(exponent)
        assert field.power(syndrome[index], 1 << squarings) == value_at(errors, code, exponent)
    word = poly.multiply(code.generator, rng.getrandbits(4) | 1)
    assert not any(code.syndrome(word))
    assert code.column(3, 5) == code.alpha(15) and code.alpha(-1) == field.inverse(2)


@pytest.mark.parametrize(("kind", "m", "t"), [("residue", 8, 2), ("residue", 8, 3), ("product", 8, 3)])
def test_patterns_of_t_errors_have_different_syndromes(kind, m, t):
    code = KINDS[kind](m, t)
    found = {
        code.syndrome(sum(1 << k for k in chosen))
        for weight in range(t + 1)
        for chosen in itertools.combinations(range(code.length), weight)
    }
    assert len(found) == sum(comb(code.length, weight) for weight in range(t + 1))


def test_channels_of_less_than_r_bits_and_channels_left_out():
    assert residue_code(8, 3).parity_bits == 10  # alpha^5 of GF(16) is of GF(4)
    assert product_code(32, 5).parity_bits == 27  # alpha^9 of GF(64) is of GF(8)
    assert residue_code(8, 5).channels == (1, 3, 5, 7)  # alpha^9 of GF(32) is conjugate to alpha^5
    assert residue_code(8, 5).conjugate(9) == (2, 3)  # 5 * 2^3 = 40 = 9 modulo 31
    with pytest.raises(ValueError, match=re.escape("The code has no zero at alpha^5.")):
        residue_code(45, 2).conjugate(5)


def test_the_code_of_45_bits_and_5_errors():
    code = product_code(45, 5)
    assert (2**code.r - 1, code.length, code.m) == (127, 80, 45)
    assert residue_code(45, 5).generator == code.generator == 0xE11CA9B57


SENTENCES = [
    ("product", (45, 0), "t must be in 1..5, not 0; the nearest is t = 1."),
    ("residue", (45, -1), "t must be in 1..5, not -1; the nearest is t = 1."),
    ("product", (45, 6), "t must be in 1..5, not 6; the nearest is t = 5."),
    ("product", (1, 1), "The degree m of a field must be at least 2, not 1."),
    (
        "product",
        (45, 5, 6),
        (
            "A code over GF(2^6) with t = 5 does not fit: it has 63 positions and m = 45 needs 72; the "
            "smallest that fits has r = 7."
        ),
    ),
    (
        "residue",
        (8, 4, 3),
        (
            "A code over GF(2^3) with t = 4 does not fit: it has 7 positions and m = 8 needs 15; the "
            "smallest that fits has r = 6."
        ),
    ),
    (
        "residue",
        (8, 4, 4),
        (
            "No code over GF(2^4) corrects exactly 4 errors of m = 8 bits: the smallest that corrects 4 "
            "corrects 7; ask for r = 6."
        ),
    ),
    (
        "residue",
        (45, 2, 16),
        "The locator field GF(2^r) must have r in 2..15, not 16; the nearest is r = 15.",
    ),
    (
        "residue",
        (16385, 1),
        "m = 16385 is too large for t = 1: the largest locator field, GF(2^15), has room for m = 16384.",
    ),
    (
        "product",
        (32693, 5),
        "m = 32693 is too large for t = 5: the largest locator field, GF(2^15), has room for m = 32692.",
    ),
]
SENTENCES += [
    (
        kind,
        (m, t),
        (
            f"No code over GF(2^5) corrects exactly 4 errors of m = {m} bits: the smallest that corrects 4 "
            "corrects 5; ask for t = 5 (and correct = 4)."
        ),
    )
    for kind, m, t in NONE
]


@pytest.mark.parametrize(("kind", "asked", "sentence"), SENTENCES)
def test_codes_that_do_not_exist(kind, asked, sentence):
    with pytest.raises(ValueError, match="^" + re.escape(sentence) + "$"):
        KINDS[kind](*asked)


@pytest.mark.parametrize(
    ("kind", "asked"),
    [("residue", (16384, 1)), ("product", (32692, 5)), ("residue", (8, 4, 6)), ("residue", (8, 5))],
)
def test_the_nearest_choices_that_are_named_exist(kind, asked):
    assert KINDS[kind](*asked).t == asked[1]
