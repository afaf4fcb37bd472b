"""SNN-7, the CIFAR-10 network of the FireFly papers: its shapes as data, and random integers in its ranges.

The published weights are not part of this repository. Shapes, ranges and thresholds are those of the
published 8-bit network for 16 lanes (github:adamgallas/FireFly-v1, MIT); input spike rates are means over 32
CIFAR-10 images of the same network. T = 4, direct coding, hard reset, a spike where the potential is greater
than the threshold, bias added in every step.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron, Shape

__all__ = ["INPUT_SHAPE", "PUBLISHED", "SNN7", "TIME_STEPS", "LayerFacts", "Published", "build", "shrink"]

INPUT_SHAPE: Shape = (3, 32, 32)
PIXELS = (-59, 67)
"""Range of the published network's quantised pixels, zero point subtracted."""

TIME_STEPS = 4
SPREAD = 1 / 6
"""Standard deviation of the random weights, of the distance from zero to the nearer end of their range."""

BIAS_SPREAD = 1 / 8
"""The same for biases, of the width of their range."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerFacts:
    """A layer as published.

    Attributes
    ----------
    name : str
    weight_shape : (O, I, Kh, Kw)
    weights, biases : (int, int)
        Their least and greatest values.
    threshold : int
    padding, pool : int
    rate : float or None
        Spikes per neuron and step after pooling, which is the input rate of the next layer.
    """

    name: str
    weight_shape: tuple[int, int, int, int]
    weights: tuple[int, int]
    biases: tuple[int, int]
    threshold: int
    padding: int = 1
    pool: int = 1
    rate: float | None = None


def _conv(name, out, inputs, weights, biases, threshold, rate, pool=1) -> LayerFacts:
    return LayerFacts(
        name=name,
        weight_shape=(out, inputs, 3, 3),
        weights=weights,
        biases=biases,
        threshold=threshold,
        pool=pool,
        rate=rate,
    )


SNN7 = (
    _conv("conv1", 16, 3, (-105, 127), (-1635, 1538), 1327, 0.388),
    _conv("conv2", 64, 16, (-128, 79), (-566, 483), 148, 0.260, pool=2),
    _conv("conv3", 128, 64, (-128, 82), (-265, 231), 143, 0.140),
    _conv("conv4", 128, 128, (-128, 113), (-375, 443), 310, 0.120, pool=2),
    _conv("conv5", 256, 128, (-117, 127), (-308, 248), 268, 0.091),
    _conv("conv6", 256, 256, (-120, 127), (-410, 354), 415, 0.058, pool=2),
    _conv("conv7", 512, 256, (-128, 117), (-301, 382), 271, 0.037),
    LayerFacts(
        name="fc",
        weight_shape=(10, 512, 4, 4),
        weights=(-106, 127),
        biases=(-46, 46),  # the published lower end, -8192, belongs to six unused classes
        threshold=131071,  # never reached: the scores are summed currents
        padding=0,
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """A published run of SNN-7. ``dsp_cycles`` = DSPs x cycles of their clock, in one image."""

    name: str
    dsp: int
    cycles: int
    dsp_cycles: float
    scope: str
    source: str


PUBLISHED = (
    Published(
        name="FireFly v1, xczu3eg",
        dsp=288,
        cycles=310_500,
        dsp_cycles=89.4e6,
        scope="conv1 excluded: it runs on the CPU",
        source="IEEE TVLSI 31(8) 2023, Table III: 1035 us at 300 MHz",
    ),
    Published(
        name="FireFly v2, xczu3eg",
        dsp=256,
        cycles=423_600,
        dsp_cycles=108.4e6,
        scope="whole network",
        source="IEEE TCAD 43(9) 2024, Table VI: 706 us at a DSP clock of 600 MHz",
    ),
    Published(
        name="FireFly v2, xczu5ev",
        dsp=512,
        cycles=213_500,
        dsp_cycles=109.3e6,
        scope="whole network",
        source="IEEE TCAD 43(9) 2024, Table VI: 427 us at a DSP clock of 500 MHz",
    ),
)


def shrink(facts: tuple[LayerFacts, ...], factor: int) -> tuple[LayerFacts, ...]:
    """The same network with the channels between its layers divided by *factor*; for tests."""
    small = []
    for index, layer in enumerate(facts):
        out, inputs, *kernel = layer.weight_shape
        out = out if index == len(facts) - 1 else max(1, out // factor)
        inputs = inputs if index == 0 else max(1, inputs // factor)
        small.append(replace(layer, weight_shape=(out, inputs, kernel[0], kernel[1])))
    return tuple(small)


def build(
    facts: tuple[LayerFacts, ...] = SNN7, *, images: int = 1, seed: int = 1
) -> tuple[IntNetwork, np.ndarray]:
    """A network of these shapes and random images for it: (IntNetwork, int8 (images, C, H, W)).

    Weights are normal around zero, clipped to the published range; pixels are uniform over theirs. Biases are
    normal, clipped to their range, with a mean per layer that is searched so that the layer's spike rate on
    these images comes nearest the published one.
    """
    random = np.random.default_rng(seed)
    pixels = random.integers(*PIXELS, size=(images, *INPUT_SHAPE), endpoint=True, dtype=np.int64).astype(
        np.int8
    )
    maps = torch.as_tensor(pixels)[None].movedim(-3, -1)
    layers = []
    for index, fact in enumerate(facts):
        layer, maps = _layer(fact, maps, random, last=index == len(facts) - 1)
        layers.append(layer)
    network = IntNetwork(
        input_shape=INPUT_SHAPE,
        coding="direct",
        time_steps=TIME_STEPS,
        layers=tuple(layers),
        output="potentials",
        input_scale=0.0410747,
        source={"workload": "SNN-7 shapes, random integers", "seed": seed},
    )
    network.validate()
    return network, pixels


def _layer(
    fact: LayerFacts, maps: torch.Tensor, random: np.random.Generator, *, last: bool
) -> tuple[IntLayer, torch.Tensor]:
    """The layer and its output maps (T, B, H, W, C) for the input maps *maps*."""
    from pyralis.sim.golden.snn.conv import conv
    from pyralis.sim.golden.snn.neuron import neuron

    low, high = fact.weights
    values = random.normal(0.0, SPREAD * min(-low, high), size=fact.weight_shape)
    weight = np.rint(values).clip(low, high).astype(np.int8)
    noise = random.normal(0.0, BIAS_SPREAD * (fact.biases[1] - fact.biases[0]), size=fact.weight_shape[0])
    layer = IntLayer(
        name=fact.name,
        kind="linear" if last else "conv",
        weight=weight,
        bias=_biases(noise, 0, fact),
        threshold=np.full(fact.weight_shape[0], fact.threshold, dtype=np.int64),
        padding=(fact.padding, fact.padding),
        pool=fact.pool,
        neuron=IntNeuron(reset="none" if last else "zero"),
    )
    currents = conv(maps, torch.as_tensor(weight), layer.stride, layer.padding)
    currents = currents.expand(TIME_STEPS, *currents.shape[1:])

    def spikes(mean: int) -> torch.Tensor:
        bias = torch.as_tensor(_biases(noise, mean, fact))
        fired, _, _ = neuron(currents, bias, torch.as_tensor(layer.threshold), layer.neuron, 24)
        windows = fired.unfold(2, fact.pool, fact.pool).unfold(3, fact.pool, fact.pool)
        return windows.amax(dim=(-2, -1)).to(torch.uint8)

    mean = (
        0
        if fact.rate is None
        else _search(lambda m: float(spikes(m).double().mean()), fact.rate, fact.biases)
    )
    return replace(layer, bias=_biases(noise, mean, fact)), spikes(mean)


def _biases(noise: np.ndarray, mean: int, fact: LayerFacts) -> np.ndarray:
    return np.rint(noise + mean).clip(*fact.biases).astype(np.int64)


def _search(rate_of, target: float, bounds: tuple[int, int]) -> int:
    """The mean bias in *bounds* whose rate is nearest *target*; rates rise with the bias."""
    low, high = bounds
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if rate_of(middle) < target else (low, middle)
    return min((low, high), key=lambda mean: abs(rate_of(mean) - target))
