"""Bounded-distance decoding on integers."""

import itertools
import random

import pytest

from pyralis.hw.gf.code import product_code, residue_code
from pyralis.hw.gf.decoder import decode, spoiled_by_one_channel


@pytest.mark.parametrize("code", [residue_code(8, 3), residue_code(8, 2), product_code(8, 2)], ids=str)
def test_every_pattern_of_a_small_code(code):
    for weight in range(code.t + 1):
        for positions in itertools.combinations(range(code.length), weight):
            syndrome = code.syndrome(sum(1 << k for k in positions))
            assert decode(code, syndrome, code.t) == positions


@pytest.mark.parametrize("code", [residue_code(45, 5), product_code(45, 5), residue_code(163, 4)], ids=str)
def test_random_patterns(code):
    rng = random.Random(1)
    for weight in range(1, code.t + 1):
        for _ in range(5):
            positions = tuple(sorted(rng.sample(range(code.length), weight)))
            syndrome = code.syndrome(sum(1 << k for k in positions))
            assert decode(code, syndrome, code.t) == positions
            assert decode(code, syndrome, weight - 1) != positions


def test_what_has_no_pattern_is_refused():
    code = residue_code(8, 2)
    found = 0
    for values in itertools.product(range(16), repeat=2):
        positions = decode(code, values, 2)
        if positions is None:
            found += 1
        else:
            assert code.syndrome(sum(1 << k for k in positions)) == values and len(positions) <= 2
    assert found == 256 - (1 + 15 + 105), "all syndromes but those of at most two errors"


def test_one_channel_alone_is_never_corrected_at_m_45():
    assert [spoiled_by_one_channel(residue_code(45, t), t) for t in range(1, 6)] == [True] + 4 * [False]


@pytest.mark.parametrize(("m", "t", "correct"), [(8, 2, 2), (8, 3, 3), (16, 2, 2), (32, 4, 3)])
def test_one_channel_alone_against_every_value(m, t, correct):
    code = residue_code(m, t)
    spoils = any(
        decode(code, tuple(value if n == index else 0 for n in range(len(code.channels))), correct)
        for index in range(len(code.channels))
        for value in code.powers
    )
    assert spoiled_by_one_channel(code, correct) == spoils
