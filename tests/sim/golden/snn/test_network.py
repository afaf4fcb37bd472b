"""The golden model against snnTorch itself, where weights and states are exactly representable."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
import snntorch as snn
import torch
from torch import nn

from pyralis.gen import reference
from pyralis.gen.errors import UserError
from pyralis.gen.frontend.snntorch import from_snntorch
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron
from pyralis.gen.network import Layer, Network, Neuron
from pyralis.sim.golden.snn.network import run

STEPS = {0.0: 5, 0.25: 3, 0.5: 4, 0.75: 3, 1.0: 5}
"""Leaks, and for how many steps a potential that starts as a multiple of 64 stays an integer."""


def integer_network(network: Network) -> IntNetwork:
    """The same network in integers, nothing rounded."""
    layers = []
    for layer in network.layers:
        leak = layer.neuron.beta * 4096
        for values in (layer.weight, layer.bias, layer.threshold, leak):
            assert (np.asarray(values) == np.rint(values)).all()
        neuron = IntNeuron(
            leak="multiply",
            leak_value=int(leak),
            reset=layer.neuron.reset,
            timing=layer.neuron.timing,
            inclusive=layer.neuron.inclusive,
        )
        layers.append(
            IntLayer(
                name=layer.name,
                kind=layer.kind,
                weight=layer.weight.astype(np.int8),
                bias=layer.bias.astype(np.int64),
                threshold=layer.threshold.astype(np.int64),
                stride=layer.stride,
                padding=layer.padding,
                pool=layer.pool,
                pool_stride=layer.pool_stride,
                pool_of=layer.pool_of,
                neuron=neuron,
            )
        )
    return IntNetwork(
        input_shape=network.input_shape,
        time_steps=network.time_steps,
        layers=tuple(layers),
        coding=network.coding,
        output=network.output,
    )


def random_module(
    seed: int, beta: float, reset: str, delay: bool, *, threshold=None, spike_grad=None, currents=False
):
    """Two convolutions and a Linear whose weights, biases and thresholds are multiples of 64.

    With *currents* every layer but the Linear pools its currents, the second with overlapping windows.
    """
    generator = torch.Generator().manual_seed(seed)

    def multiples(shape, low, high):
        return 64.0 * torch.randint(low, high, shape, generator=generator)

    def leaky(channels, last=False):
        limit = multiples((channels, 1, 1), 1, 4) if threshold is None else torch.tensor(threshold)
        return snn.Leaky(
            beta=beta,
            threshold=limit.flatten() if last and threshold is None else limit,
            reset_mechanism=reset,
            reset_delay=delay,
            spike_grad=spike_grad,
        )

    if currents:
        parts = (
            nn.Conv2d(2, 5, 3, padding=1),
            nn.MaxPool2d(2),
            leaky(5),
            nn.Conv2d(5, 6, (3, 2), padding=(2, 1)),
            nn.MaxPool2d(3, 2),
            leaky(6),
        )
    else:
        parts = (
            nn.Conv2d(2, 5, 3, padding=1),
            leaky(5),
            nn.MaxPool2d(2),
            nn.Conv2d(5, 6, (3, 2), stride=2, padding=(1, 0)),
            leaky(6),
        )
    module = nn.Sequential(*parts, nn.Flatten(), nn.Linear(6 * 2 * 2, 4), leaky(4, last=True))
    for part in module:
        if isinstance(part, nn.Conv2d | nn.Linear):
            part.weight.data = multiples(part.weight.shape, -1, 2)
            part.bias.data = multiples(part.bias.shape, -1, 4)
    return module


def snntorch_run(module: nn.Sequential, inputs: torch.Tensor, steps: int):
    """Spikes and potentials (B, T, ...) of every Leaky, as snnTorch computes them."""
    memory = {part: torch.zeros(0) for part in module if isinstance(part, snn.Leaky)}
    trace = {part: ([], []) for part in memory}
    for step in range(steps):
        values = inputs.float() if inputs.dim() == 4 else inputs[:, step].float()
        for part in module:
            if part in memory:
                values, memory[part] = part(values, memory[part])
                trace[part][0].append(values)
                trace[part][1].append(memory[part])
            else:
                values = part(values)
    return [tuple(torch.stack(item, dim=1) for item in pair) for pair in trace.values()]


def random_inputs(coding: str, steps: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (6, 2, 8, 8) if coding == "direct" else (6, steps, 2, 8, 8)
    low, high = {"direct": (-3, 4), "events": (0, 2), "ternary": (-1, 2)}[coding]
    return torch.randint(low, high, shape, generator=generator).to(torch.int8)


def assert_same(module, coding, output, steps, seed):
    """Golden equals snnTorch in every spike, potential and score; returns the layers' spike rates."""
    inputs = random_inputs(coding, steps, seed)
    with torch.no_grad():
        expected = snntorch_run(module, inputs, steps)
    network = integer_network(from_snntorch(module, (2, 8, 8), steps, coding=coding, output=output))
    result = run(network, inputs, observe=True)
    rates = []
    for index, (spikes, potentials) in enumerate(expected):
        shape = result.potentials[index].shape
        assert torch.equal(result.potentials[index].double(), potentials.double().reshape(shape))
        pooled = reference.pool(network.layers[index], spikes.reshape(shape))
        assert torch.equal(result.spikes[index].double(), pooled.double())
        assert result.spike_counts[index] == int(pooled.sum())
        assert result.potential_ranges[index] == (int(potentials.min()), int(potentials.max()))
        rates.append(float(spikes.mean()))
    spikes, potentials = expected[-1]
    scores = spikes.sum(dim=1) if output == "counts" else potentials[:, -1]
    assert torch.equal(result.scores.double(), scores.double())
    assert result.saturated == [0, 0, 0]
    return rates


@pytest.mark.parametrize("delay", [True, False], ids=["delayed", "compensated"])
@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
@pytest.mark.parametrize("beta", STEPS)
def test_equals_snntorch_for_every_reset_and_leak(beta, reset, delay):
    rates = []
    cases = itertools.product(("direct", "events", "ternary"), ("counts", "potentials"))
    for seed, (coding, output) in enumerate(cases):
        module = random_module(seed, beta, reset, delay)
        rates.append(assert_same(module, coding, output, STEPS[beta], seed))
    assert all(0.05 < rate < 0.95 for rate in np.mean(rates, axis=0)), "spikes and silence must both occur"


@pytest.mark.parametrize("delay", [True, False], ids=["delayed", "compensated"])
@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_equals_snntorch_where_currents_are_pooled(reset, delay):
    rates = []
    cases = itertools.product((0.5, 1.0), ("direct", "events", "ternary"), ("counts", "potentials"))
    for seed, (beta, coding, output) in enumerate(cases):
        module = random_module(seed, beta, reset, delay, currents=True)
        rates.append(assert_same(module, coding, output, STEPS[beta], seed))
    assert all(0.05 < rate < 0.95 for rate in np.mean(rates, axis=0)), "spikes and silence must both occur"


@pytest.mark.parametrize("output", ["counts", "potentials"])
def test_the_last_layer_may_pool_its_currents(output):
    module = nn.Sequential(*random_module(5, 0.5, "subtract", True, currents=True)[:3])
    network = integer_network(from_snntorch(module, (2, 8, 8), 4, output=output))
    inputs = random_inputs("direct", 4, 5)
    with torch.no_grad():
        spikes, potentials = snntorch_run(module, inputs, 4)[0]
    result = run(network, inputs, observe=True)
    scores = spikes.sum(dim=1) if output == "counts" else potentials[:, -1]
    assert result.scores.shape == (6, 5 * 4 * 4)
    assert torch.equal(result.scores.double(), scores.double().flatten(1))
    assert torch.equal(result.potentials[0].double(), potentials.double())
    later = replace(network.layers[0], pool_of="spikes", pool=1, pool_stride=1)
    unpooled = run(replace(network, layers=(later,)), inputs)
    assert result.current_ranges == unpooled.current_ranges, "of the sums, before pooling"


def test_pooling_currents_is_not_pooling_spikes():
    """Two halves of a window that fire in turns: their greatest current fires a step earlier."""
    weight = np.array([[[[3]]]], np.int8)
    neuron = IntNeuron(reset="subtract")
    settings = {"weight": weight, "bias": np.ones(1, np.int64), "threshold": np.full(1, 6), "neuron": neuron}
    last = IntLayer(name="last", weight=weight, bias=np.zeros(1, np.int64), threshold=np.ones(1, np.int64))
    inputs = torch.tensor([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=torch.uint8).reshape(1, 4, 1, 1, 2)
    inputs = inputs.repeat_interleave(2, dim=-2)
    trains = {}
    for kind in ("spikes", "currents"):
        first = IntLayer(name="first", pool=2, pool_of=kind, **settings)
        network = IntNetwork(input_shape=(1, 2, 2), coding="events", time_steps=4, layers=(first, last))
        trains[kind] = run(network, inputs, observe=True).spikes[0].flatten().tolist()
    # currents 4, 4, 4, 4 against 4, 1, 4, 1 and 1, 4, 1, 4 with a threshold of 6
    assert trains == {"spikes": [0, 0, 1, 1], "currents": [0, 1, 0, 1]}


def test_equals_snntorch_when_potentials_meet_the_threshold():
    """Multiples of 64 meet a threshold of 64 often; strict and inclusive neurons must differ there."""
    strict = random_module(3, 0.5, "subtract", True, threshold=64.0)
    inclusive = random_module(
        3, 0.5, "subtract", True, threshold=64.0, spike_grad=lambda x: (x >= 0).to(x.dtype)
    )
    rates = [assert_same(module, "events", "counts", 4, 3) for module in (strict, inclusive)]
    assert rates[1][0] > rates[0][0] + 0.01


def test_equals_snntorch_with_beta_beyond_its_clamp():
    assert_same(random_module(4, 1.5, "subtract", True), "direct", "counts", 4, 4)


@pytest.mark.parametrize("timing", ["immediate", "delayed", "compensated"])
@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_equals_the_float_reference_for_every_timing(reset, timing):
    rng = np.random.default_rng(7)
    layer = Layer(
        name="conv",
        weight=rng.integers(-2, 2, (5, 3, 3, 3)) * 64.0,
        bias=rng.integers(-1, 2, 5) * 64.0,
        threshold=rng.integers(1, 4, 5) * 64.0,
        stride=2,
        padding=(2, 1),
        neuron=Neuron(beta=0.75, reset=reset, timing=timing),
    )
    network = Network(input_shape=(3, 9, 7), time_steps=3, layers=(layer,), coding="events")
    inputs = rng.integers(0, 2, (4, 3, 3, 9, 7), dtype=np.uint8)
    scores, traces = reference.run(network, inputs)
    result = run(integer_network(network), inputs, observe=True)
    assert torch.equal(result.scores.double(), scores)
    assert torch.equal(result.potentials[0].double(), traces[0].potentials.transpose(0, 1))
    assert 0 < result.spike_counts[0] < result.spikes[0].numel()


def small(**changes) -> IntNetwork:
    rng = np.random.default_rng(0)
    layer = IntLayer(
        name="fc",
        kind="linear",
        weight=rng.integers(-128, 128, (6, 1, 3, 3), dtype=np.int8),
        bias=rng.integers(-99, 99, 6),
        threshold=np.full(6, 500),
        neuron=IntNeuron(reset="none"),
    )
    settings = {"input_shape": (1, 3, 3), "time_steps": 4, "layers": (layer,)} | changes
    return IntNetwork(**settings)


def test_chunks_do_not_change_the_result(monkeypatch):
    inputs = random_pixels(23)
    whole = run(small(), inputs, observe=True)
    monkeypatch.setattr("pyralis.sim.golden.snn.network.CHUNK_VALUES", 4 * 9 * 5)
    parts = run(small(), inputs, observe=True)
    assert torch.equal(whole.scores, parts.scores)
    assert torch.equal(whole.spikes[0], parts.spikes[0])
    assert torch.equal(whole.potentials[0], parts.potentials[0])
    assert whole.current_ranges == parts.current_ranges
    assert whole.potential_ranges == parts.potential_ranges
    assert whole.spike_counts == parts.spike_counts


def test_ties_go_to_the_lowest_class():
    result = run(small(), random_pixels(200))
    tied = 0
    for scores, chosen in zip(result.scores.tolist(), result.classes.tolist(), strict=True):
        assert chosen == scores.index(max(scores))
        tied += scores.count(max(scores)) > 1
    assert tied > 20


def test_saturation_is_counted():
    result = run(small(potential_bits=16), torch.full((1, 1, 3, 3), 127, dtype=torch.int8), observe=True)
    unbounded = run(small(), torch.full((1, 1, 3, 3), 127, dtype=torch.int8), observe=True)
    beyond = unbounded.potentials[0].clamp(-32768, 32767) != unbounded.potentials[0]
    assert result.saturated == [int(beyond.sum())]
    assert result.saturated[0] > 0
    assert unbounded.saturated == [0]


def random_pixels(count: int) -> torch.Tensor:
    return torch.randint(-128, 128, (count, 1, 3, 3), generator=torch.Generator().manual_seed(1)).to(
        torch.int8
    )


@pytest.mark.parametrize(
    ("coding", "inputs", "sentence"),
    [
        ("direct", np.zeros((2, 1, 3, 3), np.float32), "images must be int8, not float32"),
        ("direct", np.zeros((1, 3, 3), np.int8), "images must be of shape (B, 1, 3, 3), not (1, 3, 3)"),
        ("direct", np.zeros((0, 1, 3, 3), np.int8), "images must be of shape (B, 1, 3, 3), not (0, 1, 3, 3)"),
        (
            "events",
            np.zeros((2, 1, 3, 3), np.int8),
            "images must be of shape (B, 4, 1, 3, 3), not (2, 1, 3, 3)",
        ),
        ("events", np.full((2, 4, 1, 3, 3), 2, np.uint8), "values must be in 0..1, not 2..2"),
        ("ternary", np.full((2, 4, 1, 3, 3), -2, np.int8), "values must be in -1..1, not -2..-2"),
    ],
)
def test_refuses_other_inputs(coding, inputs, sentence):
    with pytest.raises(UserError, match=f"^{re.escape(sentence)}"):
        run(small(coding=coding), inputs)


def test_a_thousand_digits_take_seconds():
    """The size of the digits network; the bound leaves room for a busy machine."""
    rng = np.random.default_rng(2)

    def layer(name, out, inputs, kernel, pool, kind="conv"):
        return IntLayer(
            name=name,
            kind=kind,
            weight=rng.integers(-127, 128, (out, inputs, kernel, kernel), dtype=np.int8),
            bias=np.zeros(out, np.int64),
            threshold=np.full(out, 300),
            padding=(0, 0) if kind == "linear" else (1, 1),
            pool=pool,
        )

    layers = (layer("a", 16, 1, 3, 2), layer("b", 32, 16, 3, 2), layer("c", 10, 32, 2, 1, "linear"))
    network = IntNetwork(input_shape=(1, 8, 8), time_steps=4, layers=layers)
    images = torch.as_tensor(rng.integers(-128, 128, (1000, 1, 8, 8), dtype=np.int8))
    result = run(network, images)
    assert result.scores.shape == (1000, 10)
    assert len(set(result.classes.tolist())) > 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_gpu_gives_the_same_integers():
    module = random_module(1, 0.75, "subtract", True)
    network = integer_network(from_snntorch(module, (2, 8, 8), 3))
    inputs = random_inputs("direct", 3, 1)
    first, second = (run(network, inputs, device=device, observe=True) for device in ("cpu", "cuda"))
    assert torch.equal(first.scores, second.scores)
    assert all(torch.equal(a, b) for a, b in zip(first.potentials, second.potentials, strict=True))
