"""Quantisation: exact where it can be, measured where it cannot."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pyralis.gen import reference
from pyralis.gen.errors import UserError
from pyralis.gen.network import Layer, Network, Neuron
from pyralis.gen.quantize import quantize
from pyralis.sim.golden.snn.network import run


def network(seed: int = 0, *, spread: float = 1.0, beta: float = 0.9, **settings) -> Network:
    """Two layers of random weights; the channels' magnitudes differ by *spread*."""
    rng = np.random.default_rng(seed)

    def layer(name, out, inputs, size, **more):
        scale = np.geomspace(1, spread, out)
        return Layer(
            name=name,
            weight=rng.normal(size=(out, inputs, *size)) * scale[:, None, None, None],
            bias=rng.normal(size=out) * 0.1 * scale,
            threshold=(rng.random(out) + 0.5) * scale,
            neuron=Neuron(beta=beta, timing="delayed"),
            **more,
        )

    first = layer("conv", 6, 2, (3, 3), padding=(1, 1), pool=2, pool_stride=2)
    last = layer("fc", 5, 6, (4, 4), kind="linear")
    return Network(**{"input_shape": (2, 8, 8), "time_steps": 4, "layers": (first, last)} | settings)


def pooling(source: Network, pool_of) -> Network:
    """The same network, but for what its first layer pools."""
    return replace(source, layers=(replace(source.layers[0], pool_of=pool_of), source.layers[1]))


def images(count: int = 32, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 2, 8, 8))


def test_what_is_on_the_grid_stays_as_it_is():
    """Weights k/127 of a power of two, an exact beta and an exact input scale: nothing is rounded."""
    rng = np.random.default_rng(3)
    weight = rng.integers(-126, 127, (6, 2, 3, 3)).astype(float)
    weight[:, 0, 0, 0] = 127
    unit = 2.0 ** np.array([-7, -3, 0, 1, -1, 4])
    layer = Layer(
        name="conv",
        weight=weight * unit[:, None, None, None],
        bias=rng.integers(-999, 999, 6) * unit * 0.25,
        threshold=rng.integers(1, 999, 6) * unit * 0.25,
        neuron=Neuron(beta=1.0),
    )
    exact = Network(input_shape=(2, 8, 8), time_steps=4, layers=(layer,))
    pixels = rng.integers(-128, 128, (20, 2, 8, 8)).astype(np.int8)
    result, report = quantize(exact, pixels * 0.25, input_scale=0.25)
    assert np.array_equal(result.layers[0].weight, weight)
    assert np.array_equal(result.layers[0].weight_scale, unit)
    assert report.layers[0].weight_snr_db is None
    assert report.layers[0].current_snr_db is None
    assert report.layers[0].spike_agreement == report.class_agreement == 1
    scores, traces = reference.run(exact, pixels * 0.25)
    golden = run(result, pixels, observe=True)
    assert torch.equal(golden.scores.double(), scores)
    assert torch.equal(golden.spikes[0].double(), traces[0].spikes.transpose(0, 1))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1 << 20),
    output=st.sampled_from(["counts", "potentials"]),
    pool_of=st.sampled_from(["spikes", "currents"]),
)
def test_the_report_runs_the_same_integers_as_the_golden_model(seed, output, pool_of):
    source = pooling(network(seed, output=output), pool_of)
    result, report = quantize(source, images())
    golden = run(result, result.encode(images()), observe=True)
    assert golden.saturated == [0, 0]
    assert result.layers[0].pool_of == pool_of
    for index, layer in enumerate(report.layers):
        assert tuple(layer.potential_range) == golden.potential_ranges[index]
    scores, traces = reference.run(source, images())
    assert report.class_agreement == np.mean(golden.classes.numpy() == scores.numpy().argmax(axis=1))
    last = golden.spikes[-1].double().mean()
    assert report.layers[-1].rate_int == pytest.approx(float(last))
    agreement = (golden.spikes[-1].transpose(0, 1).double() == traces[-1].spikes).double().mean()
    assert report.layers[-1].spike_agreement_running == pytest.approx(float(agreement))


@pytest.mark.parametrize("pool_of", ["spikes", "currents"])
def test_rounding_errors_are_small_and_stated(pool_of):
    floats = pooling(network(), pool_of)
    result, report = quantize(floats, images(200))
    for source, target, layer in zip(floats.layers, result.layers, report.layers, strict=True):
        dequantised = target.weight * target.weight_scale[:, None, None, None]
        assert (
            np.abs(dequantised - source.weight) <= target.weight_scale[:, None, None, None] / 2 + 1e-12
        ).all()
        assert np.abs(target.weight).max(axis=(1, 2, 3)).tolist() == [127] * len(target.weight)
        assert layer.weight_snr_db > 38
        assert layer.current_snr_db > 35
        assert layer.beta_error == pytest.approx(round(0.9 * 4096) / 4096 - 0.9, abs=1e-12)
        assert 0 < layer.threshold_error <= 0.5 / (target.threshold.min() - 0.5)
        assert 0.97 < layer.spike_agreement <= 1
        assert 0.02 < layer.rate_float < 0.98
    assert report.class_agreement > 0.8
    assert report.samples == 200


def test_channels_of_different_size_need_their_own_scale():
    source = network(spread=1e3)
    by_channel, fine = quantize(source, images(), granularity="channel")
    by_tensor, coarse = quantize(source, images(), granularity="tensor")
    assert len(np.unique(by_tensor.layers[0].weight_scale)) == 1
    assert len(np.unique(by_channel.layers[0].weight_scale)) == 6
    assert fine.layers[0].spike_agreement > 0.97
    assert coarse.layers[0].spike_agreement < fine.layers[0].spike_agreement - 0.02
    assert (fine.granularity, coarse.granularity) == ("channel", "tensor")


def test_potentials_that_are_compared_share_a_scale():
    result, _ = quantize(network(output="potentials"), images())
    assert len(np.unique(result.layers[0].weight_scale)) == 6
    assert len(np.unique(result.layers[1].weight_scale)) == 1


def test_input_scale_is_calibrated_or_given():
    samples = images()
    result, report = quantize(network(), samples)
    assert result.input_scale == pytest.approx(np.abs(samples).max() / 127)
    assert report.inputs_clipped == 0
    result, report = quantize(network(), samples, input_scale=0.004)
    assert result.input_scale == 0.004
    assert report.inputs_clipped == pytest.approx(np.mean(np.abs(samples) > 0.51), abs=0.02)
    assert report.inputs_clipped > 0.3


@pytest.mark.parametrize(
    ("beta", "leak", "value"), [(1.0, "none", 0), (0.0, "multiply", 0), (0.3, "multiply", 1229)]
)
def test_leaks(beta, leak, value):
    result, report = quantize(network(beta=beta), images())
    assert (result.layers[0].neuron.leak, result.layers[0].neuron.leak_value) == (leak, value)
    assert abs(report.layers[0].beta_error) <= 2**-13
    assert result.layers[0].neuron.timing == "delayed"


def test_leak_bits_set_the_resolution():
    result, report = quantize(network(beta=0.9), images(), leak_bits=4)
    assert (result.layers[0].neuron.leak_value, result.layers[0].neuron.leak_bits) == (14, 4)
    assert report.layers[0].beta_error == pytest.approx(14 / 16 - 0.9)


def test_a_dead_channel_and_a_huge_bias_fit():
    source = network()
    weight, bias = source.layers[0].weight.copy(), source.layers[0].bias.copy()
    weight[2], bias[2] = 0, 0.4
    weight[3], bias[3] = 1e-9, -1e6
    source = replace(source, layers=(replace(source.layers[0], weight=weight, bias=bias), source.layers[1]))
    result, _ = quantize(source, images())
    result.validate()
    golden = run(result, result.encode(images()), observe=True)
    spikes = golden.spikes[0].double().mean(dim=(0, 1, 3, 4))
    _, traces = reference.run(source, images())
    pooled = reference.pool(source.layers[0], traces[0].spikes).mean(dim=(0, 1, 3, 4))
    assert spikes[2] == pooled[2] > 0
    assert spikes[3] == pooled[3] == 0


@pytest.mark.parametrize("coding", ["events", "ternary"])
def test_spikes_as_input_keep_their_unit(coding):
    low = 0 if coding == "events" else -1
    samples = np.random.default_rng(1).integers(low, 2, (16, 4, 2, 8, 8))
    result, report = quantize(network(coding=coding), samples)
    assert result.input_scale == report.input_scale == 1
    golden = run(result, result.encode(samples))
    assert golden.classes.shape == (16,)
    assert report.layers[0].current_snr_db > 35
    with pytest.raises(UserError, match=f"input_scale must be 1 for {coding} coding, not 0.5"):
        quantize(network(coding=coding), samples, input_scale=0.5)
    with pytest.raises(UserError, match=f"with {coding} coding every value must be an integer in {low}..1"):
        quantize(network(coding=coding), samples * 2)


def test_report_is_json():
    _, report = quantize(network(), images())
    plain = json.loads(json.dumps(report.to_json()))
    assert plain["layers"][1]["name"] == "fc"
    assert plain["layers"][0]["potential_range"] == report.layers[0].potential_range
    assert plain["class_agreement"] == report.class_agreement


@pytest.mark.parametrize(
    ("samples", "options", "sentence"),
    [
        (images()[:, :1], {}, "calibration must be of shape (B, 2, 8, 8), not (32, 1, 8, 8)"),
        (images(0), {}, "calibration must be of shape (B, 2, 8, 8), not (0, 2, 8, 8)"),
        (images() * np.nan, {}, "calibration holds NaN or infinite values"),
        (images() * 0, {}, "every calibration value is 0"),
        (images(), {"input_scale": -1.0}, "input_scale must be positive, not -1.0"),
        (images(), {"granularity": "row"}, "granularity must be channel or tensor, not 'row'"),
        (images(), {"potential_bits": 40}, "potential_bits must be in 16..32, not 40"),
        (images(), {"leak_bits": 16}, "leak_bits must be in 1..15, not 16"),
    ],
)
def test_refuses(samples, options, sentence):
    with pytest.raises(UserError, match=f"(?m)^{re.escape(sentence)}$"):
        quantize(network(), samples, **options)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"weight": np.full((6, 2, 3, 3), np.nan)}, "108 of 108 values of weight are NaN or infinite"),
        ({"bias": np.full(6, np.inf)}, "6 of 6 values of bias are NaN or infinite"),
        ({"bias": np.zeros(5)}, "bias must hold 6 values, one per output channel, not (5,)"),
        ({"threshold": np.zeros(6)}, "threshold must be positive, not 0"),
        ({"neuron": Neuron(beta=1.5)}, "beta must be in 0..1, not 1.5"),
        ({"stride": 2, "pool": 5}, "a pooling window of 5 does not fit into the layer's 4 x 4 map"),
    ],
)
def test_float_networks_are_checked(changes, sentence):
    source = network()
    source = replace(source, layers=(replace(source.layers[0], **changes), source.layers[1]))
    with pytest.raises(UserError, match=f"(?m)^{re.escape(sentence)}$") as caught:
        quantize(source, images())
    assert caught.value.where == "layer 'conv'"
