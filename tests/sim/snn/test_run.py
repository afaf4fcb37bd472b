"""Whole networks: RTL of the core against the golden model, every layer, every score."""

import random
from dataclasses import replace

import numpy as np
import pytest
from agreement import agree
from networks import random_inputs, random_network

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron
from pyralis.gen.snn.compile import compile_network
from pyralis.hw.snn.config import PRESETS, SnnConfig
from pyralis.sim.golden.snn.network import run as golden
from pyralis.sim.snn.run import MemorySettings, simulate

CONFIGS = {
    "tiny": PRESETS["tiny"],
    "odd-dsp": SnnConfig(
        out_lanes=8,
        in_lanes=4,
        pixel_lanes=3,
        step_lanes=2,
        neuron_lanes=2,
        weight_depth=50,
        map_words=1024,
        parameter_tiles=3,
        potential_bits=20,
    ),
}
NETWORKS = 10


@pytest.mark.parametrize("seed", range(NETWORKS))
@pytest.mark.parametrize("name", CONFIGS)
def test_random_networks(name, seed):
    rng = random.Random(f"{name} {seed}")
    config = CONFIGS[name]
    network = random_network(rng, config)
    images = rng.choice([1, 1, 2])
    try:
        compile_network(network, config, images=images)
    except UserError:
        images = 1
    memory = MemorySettings(
        latency=rng.choice([1, 7, 40]),
        bytes_per_cycle=rng.choice([0, 3, 8]),
        stall_percent=rng.choice([0, 20]),
        stall_seed=rng.randint(1, 1000),
    )
    agree(network, config, random_inputs(rng, network, rng.randint(1, 3)), images=images, memory=memory)


def test_the_random_networks_reach_everything():
    """The nets above fire and stay silent, saturate nowhere or somewhere, and use every option."""
    rates, seen = [], set()
    for name, config in CONFIGS.items():
        for seed in range(NETWORKS):
            rng = random.Random(f"{name} {seed}")
            network = random_network(rng, config)
            rng.choice([1, 1, 2])
            result = golden(network, random_inputs(rng, network, 2), observe=True)
            rates += [float(np.asarray(spikes).mean()) for spikes in result.spikes]
            seen |= {network.coding, network.output}
            for layer in network.layers:
                n = layer.neuron
                seen |= {layer.kind, n.leak, n.reset, n.timing, n.inclusive, ("after", n.leak_after)}
                seen |= {("pool", layer.pool), ("stride", layer.stride)}
                if layer.pool > 1:
                    seen.add((layer.pool_of, "last" if layer is network.layers[-1] else "hidden"))
    assert sum(0.02 < rate < 0.98 for rate in rates) > len(rates) // 2
    assert seen >= {
        "direct", "events", "ternary", "counts", "potentials", "conv", "linear", "none", "shift", "multiply",
        "zero", "subtract", "immediate", "delayed", "compensated", True, False,
        ("after", True), ("after", False),
        ("pool", 1), ("pool", 2), ("pool", 3), ("stride", 1), ("stride", 2),
        ("spikes", "hidden"), ("currents", "hidden"), ("currents", "last"),
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_maps_larger_than_the_buffers(seed):
    """Layers are cut into strips that travel through memory; the result is the same."""
    config, rng = PRESETS["tiny"], random.Random(f"large {seed}")
    while True:
        network = random_network(rng, config, (12, 30))
        strips = [len(plan.strips) for plan in compile_network(network, config).layers]
        if max(strips) > 1 and len(strips) > 1 and network.time_steps < 6:
            break
    memory = MemorySettings(
        latency=rng.choice([1, 30]), stall_percent=rng.choice([0, 20]), stall_seed=seed + 1
    )
    agree(network, config, random_inputs(rng, network, 2), memory=memory)


def test_weights_that_do_not_stay_resident():
    """The same network with too small a ring gives the same scores and reads its weights in every run."""
    rng = random.Random(5)
    network = random_network(rng, PRESETS["tiny"])
    inputs = random_inputs(rng, network, 3)
    compiled = compile_network(network, PRESETS["tiny"])
    assert compiled.resident
    fetched = [
        simulate(version, inputs).totals["weight_beats"]
        for version in (compiled, replace(compiled, resident=False))
    ]
    assert fetched == [len(compiled.weights) // 8, 3 * len(compiled.weights) // 8]


def chain(shape, *layers, time_steps=4):
    """Convolutions 3 x 3 with padding 1: (outputs, pool) each, then ten outputs of everything."""
    rng, made, current = np.random.default_rng(9), [], shape
    for n, (outputs, pool) in enumerate((*layers, (10, 1))):
        last = n == len(layers)
        kernel = current[1:] if last else (3, 3)
        fan_in = current[0] * kernel[0] * kernel[1]
        layer = IntLayer(
            name=f"layer{n}",
            kind="linear" if last else "conv",
            weight=rng.integers(-100, 128, (outputs, current[0], *kernel)).astype(np.int8),
            bias=rng.integers(-50, 50, outputs),
            threshold=np.full(outputs, 20 * fan_in if n else 2000 * fan_in),
            padding=(0, 0) if last else (1, 1),
            pool=pool,
            neuron=IntNeuron(reset="zero"),
        )
        made.append(layer)
        current = layer.pooled_shape(current)
    return IntNetwork(input_shape=shape, time_steps=time_steps, layers=tuple(made))


@pytest.mark.parametrize("time_steps", [4, 7])
def test_pools_the_currents_of_pixels(time_steps):
    """Bit planes, their replay for further step groups, and the largest current of each window."""
    network = chain((1, 11, 8), (12, 3), (8, 2), time_steps=time_steps)
    layers = tuple(
        replace(layer, pool_of="currents" if layer.pool > 1 else "spikes") for layer in network.layers
    )
    network = replace(network, layers=layers)
    result, expected = agree(network, PRESETS["tiny"], random_inputs(random.Random(2), network, 2))
    assert all(0.02 < float(np.asarray(spikes).mean()) < 0.98 for spikes in expected.spikes[:-1])
    assert len(result.spikes) == 2


def test_no_dead_cycle_between_weight_sets_passes_and_layers():
    """The array is valid from the second layer's first step to its last without a gap: 4 tiles, pooling.

    The third layer begins without a gap too: the rows that it needs are there before the second has left.
    """
    network = chain((1, 8, 8), (16, 1), (32, 2), (32, 1))
    inputs = random_inputs(random.Random(1), network, 1)
    result, _ = agree(network, PRESETS["tiny"], inputs)
    compiled = compile_network(network, PRESETS["tiny"])
    ideal = [plan.steps_per_group * plan.groups * plan.fields["out_tiles"] for plan in compiled.layers]
    assert [counts.active for counts in result.layers] == ideal
    lengths = [last - first + 1 for first, last in result.bursts]
    assert max(lengths) >= ideal[1] + ideal[2], f"{lengths} cycles without a gap, layers of {ideal}"
    assert [counts.weight_stalls for counts in result.layers[1:3]] == [0, 0]
