"""RTL of pyralis.hw.common.words against bytes (pytest side)."""

import json

import pytest

from pyralis.hw.common.words import PackWords, UnpackWords, slot_bits
from pyralis.sim.bench.build import run_cocotb

SIZES = [(16, 64), (32, 32), (128, 32), (5, 16), (20, 16)]
"""Several words a beat, one, several beats a word; and words that leave bits of their slot unused."""


@pytest.mark.parametrize(("word_bits", "bus_bits"), SIZES)
@pytest.mark.parametrize("unit", [PackWords, UnpackWords])
def test_words_are_where_memory_has_them(unit, word_bits, bus_bits):
    env = {"SIZES": json.dumps([word_bits, bus_bits])}
    run_cocotb(unit(word_bits, bus_bits), "cocotb_words", testcase=unit.__name__.lower(), env=env)


def test_slots_are_powers_of_two():
    assert [slot_bits(bits) for bits in (1, 5, 8, 9, 16, 20, 128)] == [8, 8, 8, 16, 16, 32, 128]
