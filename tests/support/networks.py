"""Integer networks: random ones, with every option that the core has, and one that is always the same."""

import random

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron
from pyralis.gen.snn.compile import compile_network
from pyralis.hw.snn.config import SnnConfig


def random_neuron(rng: random.Random, leak_bits: int) -> IntNeuron:
    leak = rng.choice(["none", "shift", "multiply"])
    value = {"none": 0, "shift": rng.randint(1, 5), "multiply": rng.randint(1, 1 << leak_bits)}[leak]
    return IntNeuron(
        leak=leak,
        leak_value=value,
        leak_bits=leak_bits,
        leak_after=rng.random() < 0.3,
        reset=rng.choice(["zero", "subtract", "none"]),
        timing=rng.choice(["immediate", "delayed", "compensated"]),
        inclusive=rng.random() < 0.5,
    )


def random_layer(rng: random.Random, name: str, shape, leak_bits: int, *, last: bool) -> IntLayer:
    channels, height, width = shape
    outputs = rng.choice([1, 3, 8, 13, 20])
    numbers = np.random.default_rng(rng.getrandbits(32))
    linear = last and rng.random() < 0.6
    currents = not linear and rng.random() < 0.3  # what is pooled, if anything
    if linear:
        kernel, padding, stride, pool = (height, width), (0, 0), 1, 1
    else:
        padding = (rng.randint(0, 2), rng.randint(0, 2))
        kernel = tuple(
            rng.randint(1, min(5, size + 2 * pad)) for size, pad in zip((height, width), padding, strict=True)
        )
        stride = rng.randint(1, 2)
        pool = rng.choice([1, 1, 2, 3]) if currents or not last else 1
    fan_in = channels * kernel[0] * kernel[1]
    spread = 30 * max(1, int(fan_in**0.5))
    return IntLayer(
        name=name,
        kind="linear" if linear else "conv",
        weight=numbers.integers(-100, 128, (outputs, channels, *kernel)).astype(np.int8),
        bias=numbers.integers(-spread, spread + 1, outputs),
        threshold=numbers.integers(1, 3 * spread + 2, outputs),
        stride=stride,
        padding=padding,
        pool=pool,
        pool_stride=1 if pool == 1 else rng.randint(1, 3),
        pool_of="currents" if currents and pool > 1 else "spikes",
        neuron=random_neuron(rng, leak_bits),
    )


def random_network(rng: random.Random, config: SnnConfig, sizes: tuple[int, int] = (1, 9)) -> IntNetwork:
    """A network that compiles for *config*, its input *sizes* pixels high and wide."""
    while True:
        coding = rng.choice(["direct", "direct", "events", "ternary"])
        shape = (rng.choice([1, 2, 3, 5, 9]), rng.randint(*sizes), rng.randint(*sizes))
        count = rng.randint(1, 4)
        layers, current = [], shape
        for n in range(count):
            layer = random_layer(rng, f"layer{n}", current, min(config.leak_bits, 12), last=n == count - 1)
            layers.append(layer)
            rows, columns = layer.map_shape(current)[1:]
            if min(rows, columns) < layer.pool:
                break
            current = layer.pooled_shape(current)
        network = IntNetwork(
            input_shape=shape,
            coding=coding,
            time_steps=rng.randint(1, 9),
            layers=tuple(layers),
            output=rng.choice(["counts", "potentials"]),
            potential_bits=config.potential_bits,
        )
        try:
            compile_network(network, config)
        except UserError:
            continue
        return network


def random_inputs(rng: random.Random, network: IntNetwork, count: int) -> np.ndarray:
    numbers = np.random.default_rng(rng.getrandbits(32))
    low, high = network.input_range(0)
    shape = network.input_shape if network.coding == "direct" else (network.time_steps, *network.input_shape)
    return numbers.integers(low, high + 1, (count, *shape)).astype(np.int8)


def two_layers() -> IntNetwork:
    """A padded and pooled convolution to 8 channels, and a linear layer to 10 classes."""
    rng = np.random.default_rng(3)

    def layer(name: str, outputs: int, inputs: int, kernel: int, threshold: int, **settings) -> IntLayer:
        return IntLayer(
            name=name,
            weight=rng.integers(-100, 128, (outputs, inputs, kernel, kernel)).astype(np.int8),
            bias=rng.integers(-50, 50, outputs),
            threshold=np.full(outputs, threshold),
            neuron=IntNeuron(reset="zero"),
            **settings,
        )

    return IntNetwork(
        input_shape=(1, 6, 6),
        time_steps=4,
        output="potentials",
        layers=(
            layer("conv", 8, 1, 3, 4000, padding=(1, 1), pool=2),
            layer("fc", 10, 8, 3, 400, kind="linear"),
        ),
    )
