"""Long runs of whole networks: full size, every preset, many seeds (`make regress`)."""

import random

import numpy as np
import pytest
from agreement import agree
from networks import random_inputs, random_network

from pyralis.gen.bench.snn import bench
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron
from pyralis.hw.snn.config import PRESETS
from pyralis.sim.snn.run import MemorySettings

pytestmark = pytest.mark.slow

FIREFLY_V1_DSP_CYCLES = 89.4e6
"""SNN-7 on xczu3eg, without its first layer. Source: Li et al., IEEE TVLSI 31(8), 2023."""


def test_snn7_at_full_size(tmp_path):
    """Bit exact in every layer, conv2 to conv6 without a dead cycle, fewer DSP-cycles than FireFly v1."""
    result = bench(PRESETS["zu3eg"], tmp_path / "snn.json", name="zu3eg")
    assert result["bit_exact"]
    layers = {layer["name"]: layer for layer in result["layers"]}
    for name in ("conv2", "conv3", "conv4", "conv5", "conv6"):
        assert layers[name]["utilisation"] > 0.999, name
    assert PRESETS["zu3eg"].cells * result["cycles"] < FIREFLY_V1_DSP_CYCLES


@pytest.mark.parametrize("preset", PRESETS)
def test_random_networks_on_every_preset(preset):
    rng = random.Random(f"regress {preset}")
    for _ in range(6):
        network = random_network(rng, PRESETS[preset])
        memory = MemorySettings(latency=rng.choice([1, 50]), stall_percent=rng.choice([0, 30]), stall_seed=7)
        agree(network, PRESETS[preset], random_inputs(rng, network, 2), memory=memory)


@pytest.mark.parametrize("seed", range(100, 140))
def test_many_random_networks(seed):
    rng = random.Random(f"many {seed}")
    sizes = (1, 9) if seed % 2 else (8, 24)
    network = random_network(rng, PRESETS["tiny"], sizes)
    agree(network, PRESETS["tiny"], random_inputs(rng, network, 2))


def test_linear_layer_as_wide_as_firefly_cannot():
    """12,544 inputs, more than FireFly v1's memories hold: the tile streams through the ring once."""
    rng = np.random.default_rng(0)
    layer = IntLayer(
        name="wide",
        kind="linear",
        weight=rng.integers(-128, 128, (10, 256, 7, 7)).astype(np.int8),
        bias=np.zeros(10, np.int64),
        threshold=np.full(10, 3000),
        neuron=IntNeuron(reset="zero"),
    )
    network = IntNetwork(input_shape=(256, 7, 7), coding="events", time_steps=4, layers=(layer,))
    agree(network, PRESETS["zu3eg"], random_inputs(random.Random(1), network, 2))
