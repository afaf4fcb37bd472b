"""RTL of pyralis.hw.gf.redundancy against Python's own operators."""

import random

import pytest
from finitefields import settle

from pyralis.hw.gf.redundancy import Comparator, Nonzero, Parity, Voter


@pytest.mark.parametrize("width", [1, 2, 45])
def test_comparator(width):
    """Every single bit makes a difference, and nothing else does."""
    rng = random.Random(width)
    inputs, expected = [], []
    for flip in (0, 0, *(1 << k for k in range(width)), (1 << width) - 1):
        a = rng.getrandbits(width)
        inputs.append({"a": a, "b": a ^ flip})
        expected.append((bool(flip),))
    assert settle(Comparator(width), inputs, "differ") == expected


def test_voter_on_every_input():
    triples = [(a, b, c) for a in range(8) for b in range(8) for c in range(8)]
    found = settle(Voter(3), [dict(zip("abc", triple, strict=True)) for triple in triples], "y", "differ")
    assert found == [(a & b | a & c | b & c, len({a, b, c}) > 1) for a, b, c in triples]


@pytest.mark.parametrize("width", [1, 45])
def test_voter_outvotes_one_copy(width):
    rng = random.Random(width)
    for port in "abc":
        right, wrong = rng.getrandbits(width), rng.getrandbits(width) | 1
        inputs = {**dict.fromkeys("abc", right), port: right ^ wrong}
        assert settle(Voter(width), [inputs], "y", "differ") == [(right, 1)]


def test_levels():
    assert [Comparator(width).levels for width in (1, 2, 45)] == [1, 2, 7]
    assert [Voter(width).levels for width in (1, 2, 45)] == [3, 3, 8]


@pytest.mark.parametrize("width", [1, 5])
def test_nonzero(width):
    found = settle(Nonzero(width), [{"value": value} for value in range(1 << width)], "any")
    assert found == [(int(value > 0),) for value in range(1 << width)]
    assert Nonzero(width).levels == (width - 1).bit_length()


@pytest.mark.parametrize("width", [1, 5])
def test_parity(width):
    found = settle(Parity(width), [{"value": value} for value in range(1 << width)], "odd")
    assert found == [(value.bit_count() % 2,) for value in range(1 << width)]
    assert Parity(width).levels == (width - 1).bit_length()
