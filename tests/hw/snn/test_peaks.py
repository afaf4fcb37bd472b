"""RTL of pyralis.hw.snn.peaks against its golden model, and that against PyTorch's pooling (pytest side)."""

import pytest
import torch

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.peaks import Peaks
from pyralis.sim.bench.build import run_cocotb
from pyralis.sim.golden.snn.peaks import peaks


@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 3), (3, 1), (2, 3), (1, 1)])
def test_golden_is_max_pooling(window, stride):
    currents = torch.randint(-9999, 9999, (2, 3, 8, 7))
    pooled = torch.nn.functional.max_pool2d(currents.double(), window, stride).long()
    assert torch.equal(peaks(currents, window, stride), pooled)


@pytest.mark.parametrize(
    "config",
    [
        SnnConfig(out_lanes=4, in_lanes=4, neuron_lanes=2, step_lanes=2, bus_bits=32),
        SnnConfig(out_lanes=8, in_lanes=4, pixel_lanes=3, step_lanes=4, neuron_lanes=2, bus_bits=32),
    ],
    ids=lambda config: f"N{config.pixel_lanes}-S{config.step_lanes}",
)
def test_against_golden(config):
    run_cocotb(Peaks(config), "cocotb_peaks")
