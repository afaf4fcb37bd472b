"""RTL of pyralis.hw.snn.store against the words of pyralis.sim.golden.snn.load (pytest side)."""

import pytest

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.store import Store
from pyralis.sim.bench.build import run_cocotb

CONFIGS = [
    pytest.param(SnnConfig(map_words=256), 2, id="v8-s4-bus64"),
    pytest.param(SnnConfig(out_lanes=16, in_lanes=16, map_words=256, bus_bits=128), 3, id="v16-s4-bus128"),
    pytest.param(
        SnnConfig(out_lanes=16, in_lanes=16, step_lanes=8, map_words=128, bus_bits=32), 2, id="v16-s8-bus32"
    ),
    pytest.param(
        SnnConfig(out_lanes=12, in_lanes=6, step_lanes=1, neuron_lanes=2, map_words=256, bus_bits=32),
        1,
        id="v6-s1-bus32",
    ),
]


@pytest.mark.parametrize(("config", "map_latency"), CONFIGS)
def test_words_reach_memory(config, map_latency):
    env = {"PYRALIS_MAP_LATENCY": str(map_latency)}
    run_cocotb(Store(config, map_latency=map_latency), "cocotb_store", env=env)


def test_rejects_a_map_without_latency():
    with pytest.raises(ValueError, match="map_latency must be at least 1, not 0"):
        Store(SnnConfig(), map_latency=0)
