"""RTL of pyralis.hw.snn.words against the memory image of pyralis.sim.golden.snn.load (pytest side)."""

import pytest

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.words import PackWords, UnpackWords, slot_bits, word_beats
from pyralis.sim.bench.build import run_cocotb

SHAPES = {
    "two-words-a-beat": (SnnConfig(bus_bits=64), 32),
    "a-word-a-beat": (SnnConfig(bus_bits=32), 32),
    "four-beats-a-word": (SnnConfig(out_lanes=16, in_lanes=16, step_lanes=8, bus_bits=32), 128),
    "four-words-a-beat": (SnnConfig(out_lanes=12, in_lanes=6, step_lanes=1, neuron_lanes=2, bus_bits=32), 8),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("unit", [PackWords, UnpackWords])
def test_against_memory_image(unit, shape):
    run_cocotb(unit(SHAPES[shape][0]), f"cocotb_{unit.__name__.lower()}")


@pytest.mark.parametrize("shape", SHAPES)
def test_slots_are_powers_of_two(shape):
    config, bits = SHAPES[shape]
    assert slot_bits(config) == bits
    for words in range(1, 20):
        assert (
            (word_beats(config, words) - 1) * config.bus_bits
            < words * bits
            <= word_beats(config, words) * config.bus_bits
        )
