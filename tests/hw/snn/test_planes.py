"""RTL of pyralis.hw.snn.planes against its golden model, and that against plain products (pytest side)."""

import pytest
import torch

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.planes import Planes
from pyralis.sim.bench.build import run_cocotb
from pyralis.sim.golden.snn.planes import from_planes, to_planes

SMALL = SnnConfig(out_lanes=4, in_lanes=4, neuron_lanes=2, bus_bits=32)


@pytest.mark.parametrize("step_lanes", [1, 2, 4, 8])
def test_planes_of_a_product_make_the_product(step_lanes):
    generator = torch.Generator().manual_seed(step_lanes)
    pixels = torch.randint(-128, 128, (40, 9), generator=generator)
    pixels[:3] = torch.tensor([-128, 127, 0])[:, None]
    weights = torch.randint(-128, 128, (9, 5), generator=generator)
    planes = to_planes(pixels, step_lanes)
    assert planes.shape == (8 // step_lanes, step_lanes, 40, 9)
    assert planes.unique().tolist() == [0, 1]
    assert torch.equal(from_planes(planes), pixels)
    assert torch.equal(from_planes(planes @ weights), pixels @ weights)


@pytest.mark.parametrize(
    "config",
    [
        SnnConfig(out_lanes=4, in_lanes=4, neuron_lanes=2, step_lanes=2, bus_bits=32),
        SMALL,
        SnnConfig(out_lanes=4, in_lanes=4, pixel_lanes=1, step_lanes=8, current_bits=20, bus_bits=32),
        SnnConfig(out_lanes=4, in_lanes=4, pixel_lanes=3, step_lanes=1, neuron_lanes=1, bus_bits=32),
    ],
    ids=lambda config: f"S{config.step_lanes}",
)
def test_against_golden(config):
    run_cocotb(Planes(config), "cocotb_planes")
