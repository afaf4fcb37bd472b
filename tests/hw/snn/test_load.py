"""RTL of pyralis.hw.snn.load against pyralis.sim.golden.snn.load (pytest side)."""

import numpy as np
import pytest
import torch

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.load import Load
from pyralis.sim.bench.build import run_cocotb
from pyralis.sim.golden.snn.load import load, pack_words, unpack_words, word_ints

CONFIGS = [
    pytest.param(SnnConfig(map_words=256), id="v8-s4-bus64"),
    pytest.param(SnnConfig(out_lanes=16, in_lanes=16, map_words=256, bus_bits=128), id="v16-s4-bus128"),
    pytest.param(
        SnnConfig(out_lanes=16, in_lanes=16, step_lanes=8, map_words=128, bus_bits=32), id="v16-s8-bus32"
    ),
    pytest.param(
        SnnConfig(out_lanes=12, in_lanes=6, step_lanes=1, neuron_lanes=2, map_words=512, bus_bits=32),
        id="v6-s1-bus32",
    ),
]


@pytest.mark.parametrize("config", CONFIGS)
def test_against_golden(config):
    run_cocotb(Load(config), "cocotb_load")


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_golden_planes_weigh_back_to_the_pixels(steps):
    config = SnnConfig(step_lanes=steps)
    pixels = torch.arange(-128, 128, dtype=torch.int8).reshape(4, 32, 2)
    bits = load(config, pixels, fold=3, pad_left=1, pad_right=1).to(torch.int64)
    assert bits.shape == (4, 32, 8 // steps, steps, 8)
    value = torch.zeros(4, 32, 8, dtype=torch.int64)
    for group in range(8 // steps):
        for step in reversed(range(steps)):  # most significant plane first
            weight = -1 if group == 0 and step == steps - 1 else 1
            value = 2 * value + weight * bits[:, :, group, step]
    for x in range(32):
        for column in range(3):
            source = x - 1 + column
            expected = pixels[:, source] if 0 <= source < 32 else torch.zeros(4, 2, dtype=torch.int8)
            assert torch.equal(value[:, x, 2 * column : 2 * column + 2], expected.to(torch.int64))
    assert not value[:, :, 6:].any()


def test_words_in_memory():
    config = SnnConfig(out_lanes=12, in_lanes=6, step_lanes=2, neuron_lanes=2, bus_bits=32)
    bits = torch.from_numpy(np.random.default_rng(1).integers(0, 2, (5, 2, 6), np.uint8))
    image = pack_words(config, bits)
    assert len(image) == 10, "12 bits take two bytes"
    assert [int.from_bytes(image[2 * n : 2 * n + 2], "little") for n in range(5)] == word_ints(bits)
    assert torch.equal(unpack_words(config, image), bits)
