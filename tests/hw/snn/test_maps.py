"""RTL of pyralis.hw.snn.maps against two lists of words (pytest side)."""

import pytest

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.maps import FeatureMaps
from pyralis.sim.bench.build import run_cocotb

CONFIGS = {
    "one-lane": SnnConfig(pixel_lanes=1, step_lanes=1, map_words=64),
    "two-lanes": SnnConfig(map_words=32),
    "three-lanes": SnnConfig(out_lanes=16, in_lanes=16, pixel_lanes=3, map_words=2, bus_bits=128),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_words_come_back(config):
    run_cocotb(FeatureMaps(config), "cocotb_maps")
