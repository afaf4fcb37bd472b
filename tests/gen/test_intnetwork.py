"""Checks of hand-built integer networks: every sentence is read."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron


def layer(name="conv", out=4, inputs=2, kernel=(3, 3), **settings) -> IntLayer:
    values = {
        "weight": np.ones((out, inputs, *kernel), np.int8),
        "bias": np.zeros(out, np.int64),
        "threshold": np.ones(out, np.int64),
    }
    return IntLayer(name=name, **values | settings)


def network(*layers, **settings) -> IntNetwork:
    layers = layers or (layer(),)
    return IntNetwork(**{"input_shape": (2, 9, 8), "time_steps": 4, "layers": layers} | settings)


def test_shapes_round_down_and_chain():
    first = layer(padding=(1, 0), stride=2, pool=2)
    second = layer("wide", 3, 4, (2, 1), padding=(0, 1), pool=2, pool_stride=1)
    last = layer("fc", 5, 3, (0, 0))
    last = replace(last, kind="linear", weight=np.ones((5, 3, 1, 1), np.int8))
    last_network = network(first, replace(second, pool=1, pool_stride=1))
    assert last_network.shapes() == [(2, 9, 8), (4, 2, 1), (3, 1, 3)]
    assert first.map_shape((2, 9, 8)) == (4, 5, 3)
    last_network.validate()
    with pytest.raises(UserError, match="window of 2 does not fit into the layer's 1 x 3 map"):
        network(first, second, last).validate()


def test_pooling_stride_is_the_window_unless_given():
    assert layer(pool=3).pool_stride == 3
    assert layer(pool=3, pool_stride=2).pool_stride == 2


def test_the_last_layer_may_pool_its_currents():
    pooled = network(layer(pool=2, pool_of="currents"))
    pooled.validate()
    assert pooled.shapes() == network(layer(pool=2)).shapes() == [(2, 9, 8), (4, 3, 3)]
    assert pooled.layers[0].map_shape((2, 9, 8)) == (4, 7, 6)
    assert layer().pool_of == "spikes"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"input_shape": (2, 9)}, "input_shape must be three sizes (C, H, W) in 1..65535, not (2, 9)"),
        ({"coding": "rate"}, "coding must be direct, events or ternary, not 'rate'"),
        ({"output": "spikes"}, "output must be counts or potentials, not 'spikes'"),
        ({"time_steps": 0}, "time_steps must be in 1..255, not 0"),
        ({"time_steps": True}, "time_steps must be in 1..255, not True"),
        ({"potential_bits": 33}, "potential_bits must be in 16..32, not 33"),
        ({"input_scale": float("nan")}, "input_scale must be positive, not nan"),
        ({"layers": ()}, "a network needs at least one layer, and this one has none"),
    ],
)
def test_network_settings_are_checked(settings, sentence):
    with pytest.raises(UserError, match=f"(?m)^{re.escape(sentence)}$") as caught:
        replace(network(), **settings).validate()
    assert caught.value.where == "network"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"weight": np.ones((4, 2, 3, 3))}, "weight must be a numpy array of int8, not of float64"),
        ({"weight": [[1]]}, "weight must be a numpy array of int8, not of list"),
        ({"bias": np.zeros(4, np.int32)}, "bias must be a numpy array of int64, not of int32"),
        (
            {"weight": np.ones((4, 18), np.int8)},
            "weight must have four sizes (O, I, Kh, Kw) of at least 1, not (4, 18)",
        ),
        ({"bias": np.zeros(3, np.int64)}, "bias must hold 4 values, one per output channel, not (3,)"),
        (
            {"threshold": np.ones(5, np.int64)},
            "threshold must hold 4 values, one per output channel, not (5,)",
        ),
        (
            {"bias": np.full(4, 1 << 31)},
            "bias must be in -2147483648..2147483647, not 2147483648..2147483648",
        ),
        ({"threshold": np.array([1, 1, 0, 1])}, "threshold must be in 1..8388607, not 0..1"),
        ({"threshold": np.array([1, 1, 1, 1 << 23])}, "threshold must be in 1..8388607, not 1..8388608"),
        ({"weight_scale": 0.0}, "weight_scale must be one positive number or 4 of them, not 0.0"),
        (
            {"weight": np.ones((4, 3, 3, 3), np.int8)},
            "the weights take 3 input channels, but the map before them has 2",
        ),
        ({"stride": 0}, "stride must be in 1..255, not 0"),
        ({"stride": 1.0}, "stride must be in 1..255, not 1.0"),
        ({"padding": 1}, "padding must be two sizes (rows, columns) in 0..255, not 1"),
        ({"pool": 300}, "pool must be in 1..255, not 300"),
        ({"pool_stride": -1}, "pool_stride must be in 1..255, not -1"),
        ({"kind": "dense"}, "kind must be conv or linear, not 'dense'"),
        ({"kind": "linear"}, "a linear layer's kernel must cover its 9 x 8 input, but is 3 x 3"),
        (
            {"weight": np.ones((4, 2, 12, 3), np.int8), "padding": (1, 0)},
            "a 12 x 3 kernel does not fit into its 9 x 8 input padded by (1, 0)",
        ),
        ({"pool_of": "voltages"}, "pool_of must be spikes or currents, not 'voltages'"),
        ({"pool": 2}, "the last layer cannot pool its spikes, but its window is 2 with stride 1"),
        ({"pool_stride": 2}, "the last layer cannot pool its spikes, but its window is 1 with stride 2"),
        (
            {"pool": 10, "pool_of": "currents"},
            "a pooling window of 10 does not fit into the layer's 7 x 6 map",
        ),
        ({"neuron": IntNeuron(leak="exp")}, "leak must be none, shift or multiply, not 'exp'"),
        ({"neuron": IntNeuron(reset="soft")}, "reset must be zero, subtract or none, not 'soft'"),
        (
            {"neuron": IntNeuron(timing="late")},
            "timing must be immediate, delayed or compensated, not 'late'",
        ),
        ({"neuron": IntNeuron(leak_bits=16)}, "leak_bits must be in 1..15, not 16"),
        (
            {"neuron": IntNeuron(leak="shift", leak_value=16)},
            "leak_value must be in 0..15 for leak 'shift', not 16",
        ),
        (
            {"neuron": IntNeuron(leak="multiply", leak_value=4097)},
            "leak_value must be in 0..4096 for leak 'multiply', not 4097",
        ),
    ],
)
def test_layers_are_checked(settings, sentence):
    with pytest.raises(UserError, match=f"(?m)^{re.escape(sentence)}$") as caught:
        network(replace(layer(), **settings)).validate()
    assert caught.value.where == "layer 'conv'"


def test_names_must_differ():
    with pytest.raises(UserError, match="layer names must be unique and not empty; 'conv' is not"):
        network(layer(), layer(inputs=4)).validate()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1 << 30), coding=st.sampled_from([(-128, 127), (0, 1), (-1, 1)]))
def test_current_bounds_are_reached_and_never_passed(seed, coding):
    rng = np.random.default_rng(seed)
    weight = rng.integers(-128, 128, (3, 2, 2, 2), dtype=np.int8)
    low, high = layer(out=3, weight=weight).current_bounds(*coding)
    flat = weight.reshape(3, -1).astype(np.int64)
    for channel in range(3):
        most = np.where(flat[channel] > 0, coding[1], coding[0])
        least = np.where(flat[channel] > 0, coding[0], coding[1])
        assert high[channel] == flat[channel] @ most
        assert low[channel] == flat[channel] @ least
    inputs = rng.integers(coding[0], coding[1] + 1, (8, 50))
    assert (flat @ inputs <= high[:, None]).all()
    assert (flat @ inputs >= low[:, None]).all()


def test_direct_images_are_rounded_and_saturated():
    images = np.array([-9.0, -0.26, -0.25, 0.0, 0.25, 0.76, 63.6, 99.0])
    assert network(input_scale=0.5).encode(images).tolist() == [-18, -1, 0, 0, 0, 2, 127, 127]
    assert network(input_scale=0.5).encode(images).dtype == np.int8


@pytest.mark.parametrize(
    ("coding", "images", "sentence"),
    [
        ("direct", [np.nan], "the images hold NaN or infinite values"),
        ("events", [0, -1], "with events coding every value must be an integer in 0..1"),
        ("ternary", [0.5], "with ternary coding every value must be an integer in -1..1"),
    ],
)
def test_images_that_cannot_be_encoded(coding, images, sentence):
    with pytest.raises(UserError, match=re.escape(sentence)):
        network(coding=coding).encode(np.array(images))


def test_current_scale_holds_the_input_scale_in_the_first_layer_only():
    net = network(
        layer(weight_scale=0.5), layer("b", 3, 4, weight_scale=np.array([1.0, 2.0, 4.0])), input_scale=0.1
    )
    assert net.current_scale(0).tolist() == [0.05] * 4
    assert net.current_scale(1).tolist() == [1.0, 2.0, 4.0]
