"""RTL of pyralis.hw.snn.pool against its golden model, and that against torch's max pooling (pytest side)."""

import pytest
import torch

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.pool import Pool
from pyralis.sim.bench.build import run_cocotb
from pyralis.sim.golden.snn.pool import pool


@pytest.mark.parametrize(("size", "stride"), [(1, 1), (2, 2), (3, 3), (3, 2), (2, 1)])
def test_pooling_is_torch_max_pooling(size, stride):
    spikes = torch.rand(4, 3, 7, 8, generator=torch.Generator().manual_seed(size)) < 0.2
    expected = torch.nn.functional.max_pool2d(spikes.float(), size, stride)
    assert torch.equal(pool(spikes.to(torch.uint8), size, stride), expected.to(torch.uint8))


@pytest.mark.parametrize(
    ("size", "stride", "sentence"),
    [
        (5, 1, "size must be in 1..4, the map's shorter side, not 5"),
        (0, 1, "size must be in 1..4, the map's shorter side, not 0"),
        (2, 0, "stride must be at least 1, not 0"),
    ],
)
def test_impossible_windows_are_named(size, stride, sentence):
    with pytest.raises(ValueError, match=sentence):
        pool(torch.zeros(4, 6), size, stride)


@pytest.mark.parametrize(
    "config",
    [
        SnnConfig(out_lanes=8, in_lanes=4, pixel_lanes=1, neuron_lanes=2, step_lanes=2, bus_bits=32),
        SnnConfig(),
        SnnConfig(out_lanes=12, in_lanes=12, pixel_lanes=3, neuron_lanes=4, step_lanes=1, bus_bits=64),
    ],
    ids=lambda config: f"N{config.pixel_lanes}",
)
def test_against_golden(config):
    run_cocotb(Pool(config), "cocotb_pool")
