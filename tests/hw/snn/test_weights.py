"""RTL of pyralis.hw.snn.weights against lists of words (pytest side)."""

from dataclasses import replace

import pytest

from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.weights import WeightStore
from pyralis.sim.bench.build import run_cocotb

CONFIGS = {
    "tiny": replace(PRESETS["tiny"], weight_depth=24, parameter_tiles=8),
    "odd-depth": replace(PRESETS["tiny"], in_lanes=4, weight_depth=19, parameter_tiles=9),
    "wide": replace(PRESETS["zu3eg"], weight_depth=16, parameter_tiles=8),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_words_in_order(config):
    run_cocotb(WeightStore(config), "cocotb_weights")
