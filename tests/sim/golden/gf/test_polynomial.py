"""Batches of polynomials: words, products, long division."""

import random
import re

import pytest
import torch

from pyralis.hw.gf import polynomial as ints
from pyralis.sim.golden.gf import polynomial as poly

SIZES = [1, 7, 63, 64, 65, 128, 200]


def drawn(bits, count=20):
    rng = random.Random(bits)
    return [0, 1, 1 << bits - 1, (1 << bits) - 1] + [rng.getrandbits(bits) for _ in range(count)]


@pytest.mark.parametrize("bits", SIZES)
def test_words_and_bits_hold_the_integers(bits):
    values = drawn(bits)
    words = poly.from_ints(values, bits)
    assert words.dtype == torch.int64 and words.shape == (len(values), -(-bits // 64))
    assert poly.to_ints(words) == values
    assert poly.to_ints(words.view(torch.uint64)) == values
    table = poly.to_bits(words, bits)
    assert table.tolist() == [[bool(value >> k & 1) for k in range(bits)] for value in values]
    assert torch.equal(poly.from_bits(table), words)


@pytest.mark.parametrize("strided", [lambda x: x[::2], lambda x: x.T.contiguous().T])
def test_words_may_lie_anywhere_in_memory(strided):
    words = strided(poly.from_ints(drawn(100), 100))
    values = poly.to_ints(words)
    assert poly.to_ints(poly.from_bits(poly.to_bits(words, 100))) == values
    assert poly.to_ints(poly.multiply(words, words)) == [ints.multiply(value, value) for value in values]


@pytest.mark.parametrize("bits", [1, 64, 65])
def test_no_polynomials_at_all(bits):
    none = poly.from_ints([], bits)
    assert none.shape == (0, poly.word_count(bits))
    assert poly.from_bits(poly.to_bits(none, bits)).shape == none.shape
    assert poly.multiply(none, none).shape == (0, 2 * poly.word_count(bits))


@pytest.mark.parametrize("value", [-1, 1 << 10])
def test_integers_that_do_not_fit(value):
    with pytest.raises(ValueError, match=re.escape(f"values must be in 0..2^10 - 1, not {value}")):
        poly.from_ints([1, value], 10)


def test_words_of_another_type():
    with pytest.raises(ValueError, match=re.escape("words must be int64 or uint64, not torch.int32")):
        poly.to_ints(torch.zeros(1, 1, dtype=torch.int32))


@pytest.mark.parametrize("bits", SIZES)
@pytest.mark.parametrize("others", [1, 64, 130])
def test_product(bits, others):
    a = drawn(bits)
    b = drawn(others, len(a) - 4)
    found = poly.multiply(poly.from_ints(a, bits), poly.from_ints(b, others).view(torch.uint64))
    assert poly.to_ints(found) == [ints.multiply(x, y) for x, y in zip(a, b, strict=True)]


@pytest.mark.parametrize("bits", SIZES)
@pytest.mark.parametrize("degree", [1, 5, 63, 64, 70])
def test_division(bits, degree):
    divisor = random.Random(degree).getrandbits(degree) | 1 << degree
    values = drawn(bits)
    quotient, remainder = poly.divide(poly.from_ints(values, bits), bits, divisor)
    wanted = [ints.divide(value, divisor) for value in values]
    assert list(zip(poly.to_ints(quotient), poly.to_ints(remainder), strict=True)) == wanted
    assert remainder.shape[1] == poly.word_count(degree)


def test_linear_map():
    rng = random.Random(1)
    columns = [rng.getrandbits(9) for _ in range(30)]
    values = drawn(30)
    found = poly.linear_map(poly.to_bits(poly.from_ints(values, 30), 30), poly.parity_matrix(columns, 9))
    wanted = []
    for value in values:
        total = 0
        for k, column in enumerate(columns):
            total ^= column * (value >> k & 1)
        wanted.append(total)
    assert poly.to_ints(poly.from_bits(found)) == wanted
