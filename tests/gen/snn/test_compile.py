"""Compiler of the spiking core: layouts that invert, proofs of width, and every sentence it refuses with."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pyralis.boards.runtime.layout import JobLayout
from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron
from pyralis.gen.snn.compile import compile_network
from pyralis.gen.snn.generate import network_facts
from pyralis.gen.snn.layout import pack_map, pack_planes, unpack_map, word_bytes
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.program import DESCRIPTOR_BYTES, LAYER, LOAD, Opcode

TINY = PRESETS["tiny"]


def layer(outputs, inputs, kernel, *, name="conv", seed=0, **settings):
    rng = np.random.default_rng(seed)
    return IntLayer(
        name=name,
        weight=rng.integers(-128, 128, (outputs, inputs, kernel, kernel)).astype(np.int8),
        bias=rng.integers(-50, 50, outputs),
        threshold=rng.integers(1, 100, outputs),
        **settings,
    )


def network(*layers, shape=(1, 8, 8), **settings):
    return IntNetwork(input_shape=shape, time_steps=settings.pop("time_steps", 4), layers=layers, **settings)


def digits():
    return network(
        layer(16, 1, 3, name="conv1", padding=(1, 1), pool=2),
        layer(32, 16, 3, name="conv2", padding=(1, 1), pool=2),
        layer(10, 32, 2, name="fc", kind="linear"),
    )


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("shape", [(2, 6, 11, 3, 4), (1, 1, 1, 1, 1), (3, 4, 16, 2, 5)])
def test_maps_survive_packing(preset, shape):
    spikes = np.random.default_rng(1).integers(0, 2, shape).astype(np.uint8)
    packed = pack_map(PRESETS[preset], spikes)
    assert packed.shape[-1] == word_bytes(PRESETS[preset])
    assert (unpack_map(PRESETS[preset], packed, shape[2], shape[1]) == spikes).all()


def test_planes_hold_twos_complement_most_significant_group_first():
    pixels = np.arange(-128, 128, dtype=np.int8).reshape(1, 1, 16, 16)
    for preset in PRESETS.values():
        planes = unpack_map(preset, pack_planes(preset, pixels), 1, 8)[0, :, 0].astype(np.int64)
        s = preset.step_lanes
        order = [(preset.plane_groups - 1 - g) * s + i for g in range(preset.plane_groups) for i in range(s)]
        value = sum(planes[n] * (-128 if p == 7 else 1 << p) for n, p in enumerate(order))
        assert (value == pixels[0, 0]).all()


def test_program_is_a_list_of_descriptors_ending_with_end():
    compiled = compile_network(digits(), TINY)
    words = [
        int.from_bytes(compiled.program[n : n + DESCRIPTOR_BYTES], "little")
        for n in range(0, len(compiled.program), DESCRIPTOR_BYTES)
    ]
    headers = [LAYER.from_bits(word) for word in words]
    assert [h.opcode for h in headers] == [Opcode.LOAD, *[Opcode.LAYER] * 3, Opcode.END]
    assert [h.index for h in headers] == [0, 1, 2, 3, 4]
    assert sum(h.weight_beats for h in headers[1:4]) * TINY.bus_bits // 8 == len(compiled.weights)
    load = LOAD.from_bits(words[0])
    assert (load.pixels, load.channels, load.fold, load.words) == (1, 1, 3, 8 * 8 * 2)


def test_same_network_same_bytes():
    first, second = compile_network(digits(), TINY), compile_network(digits(), TINY)
    assert (first.program, first.weights) == (second.program, second.weights)


def test_small_networks_stay_resident_and_large_ones_do_not():
    assert compile_network(digits(), TINY).resident
    assert not compile_network(digits(), replace(TINY, weight_depth=100)).resident
    assert not compile_network(digits(), replace(TINY, parameter_tiles=7)).resident


def test_bounds_come_from_the_weights():
    plan = compile_network(digits(), TINY).layers[0]
    weight = digits().layers[0].weight.astype(np.int64).reshape(16, -1)
    largest = np.abs(
        np.stack([
            np.maximum(weight, 0).sum(1) * 127 - np.minimum(weight, 0).sum(1) * 128,
            np.minimum(weight, 0).sum(1) * 127 - np.maximum(weight, 0).sum(1) * 128,
        ])
    ).max()
    assert plan.current_bound == largest


def test_refuses_what_an_accumulator_cannot_hold():
    wide = IntLayer(
        name="wide",
        kind="linear",
        weight=np.full((1, 8, 1, 1), 127, np.int8),
        bias=np.zeros(1, np.int64),
        threshold=np.ones(1, np.int64),
    )
    with pytest.raises(UserError) as caught:
        compile_network(network(wide, shape=(8, 1, 1)), replace(TINY, current_bits=16))
    assert caught.value.what == (
        "the worst-case current of output channel 0 is 130048, beyond the 16-bit accumulator's 32767"
    )
    assert caught.value.where == "layer 'wide'"
    assert caught.value.hint == "raise current_bits to 18, or quantise to smaller weights"
    assert compile_network(network(wide, shape=(8, 1, 1)), replace(TINY, current_bits=18))


def test_maps_that_do_not_fit_are_cut_into_strips():
    """Strips cover every output row once, hold the rows that they need, and begin at bus beats in memory."""
    cut = layer(20, 3, 3, name="a", padding=(1, 1), pool=2)
    compiled = compile_network(network(cut, layer(2, 20, 1, name="b"), shape=(3, 40, 12)), TINY)
    plan = compiled.layers[0]
    assert len(plan.strips) > 1
    ranges = [strip.out_rows for strip in plan.strips]
    assert [first for first, _ in ranges] == [0, *(last for _, last in ranges[:-1])]
    assert ranges[-1][1] == 20
    for strip, program in zip(plan.strips, plan.programs, strict=True):
        low, high = strip.in_rows
        assert (high - low) * plan.in_row_words <= TINY.map_words
        assert program["in_height"] == high - low
        assert low - program["pad_top"] == 2 * strip.out_rows[0] - 1
    kinds = [fields["opcode"].name for fields in compiled.descriptors]
    assert kinds == ["LOAD", "LAYER", "STORE"] * len(plan.strips) + ["LOAD", "LAYER", "END"]
    assert all(f["target"] % 8 == 0 for f in compiled.descriptors if f["opcode"] == Opcode.STORE)
    assert all(f["source"] % 8 == 0 for f in compiled.descriptors if f["opcode"] == Opcode.LOAD)


def test_refuses_rows_that_do_not_fit():
    with pytest.raises(UserError) as caught:
        compile_network(network(layer(3, 9, 3), shape=(9, 5, 200)), TINY)
    assert caught.value.what == (
        "even 1 output row of this layer needs 2401 feature-map words, and this core has 512"
    )
    assert caught.value.where == "layer 'conv'"
    with pytest.raises(UserError, match="the maps of all images of a run need 800 feature-map words"):
        compile_network(network(layer(3, 1, 1), shape=(1, 10, 20)), TINY, images=2)
    with pytest.raises(UserError, match=r"more padding .3. than kernel rows .3. cannot be cut into strips"):
        compile_network(network(layer(3, 1, 3, padding=(3, 0)), shape=(1, 40, 40)), TINY)


def test_refuses_weights_that_do_not_fit_unless_they_stream_once():
    with pytest.raises(UserError) as caught:
        compile_network(network(layer(3, 100, 5, name="big"), shape=(100, 6, 6), coding="events"), TINY)
    assert caught.value.what == (
        "one tile of weights, read more than once, needs 325 weight words, and this core has 256"
    )
    once = layer(3, 100, 5, name="big", kind="linear")
    assert compile_network(network(once, shape=(100, 5, 5), coding="events"), TINY).layers[0].groups == 1


def test_refuses_ternary_input_whose_weights_cannot_be_negated():
    first = replace(layer(3, 2, 1), weight=np.full((3, 2, 1, 1), -128, np.int8))
    with pytest.raises(UserError, match="-128 has no negative in 8 bits"):
        compile_network(network(first, shape=(2, 4, 4), coding="ternary"), TINY)


def test_refuses_leaks_that_the_core_has_not():
    multiplied = layer(3, 1, 1, neuron=IntNeuron(leak="multiply", leak_value=3000))
    with pytest.raises(
        UserError, match="the layer's leak is a multiplication, and this core has only shifts"
    ):
        compile_network(network(multiplied), replace(TINY, leak="shift"))
    with pytest.raises(UserError, match="the leak has 12 fraction bits, and this core has 8"):
        compile_network(
            network(replace(multiplied, neuron=IntNeuron(leak="multiply", leak_value=3001))),
            replace(TINY, leak_bits=8),
        )
    exact = compile_network(
        network(replace(multiplied, neuron=IntNeuron(leak="multiply", leak_value=2048))),
        replace(TINY, leak_bits=8),
    )
    assert exact.layers[0].fields["leak_value"] == 128
    with pytest.raises(UserError, match="a leak by a shift of 0 clears the potential"):
        compile_network(network(replace(multiplied, neuron=IntNeuron(leak="shift", leak_value=0))), TINY)


def test_refuses_another_potential_width_only_where_it_shows():
    small = network(layer(3, 1, 1), potential_bits=28)
    assert compile_network(small, TINY)
    large = replace(small, time_steps=255, layers=(replace(small.layers[0], bias=np.full(3, 1 << 20)),))
    with pytest.raises(UserError, match="the network saturates potentials at 28 bits, the core at 24"):
        compile_network(large, TINY)


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (np.zeros((2, 8, 8), np.int8), "the network takes inputs of shape (images, 1, 8, 8), not (2, 8, 8)"),
        (np.zeros((2, 1, 8, 8), np.float32), "the network takes integers, not float32"),
        (np.full((1, 1, 8, 8), 200), "direct inputs must lie in -128..127, but these reach 200..200"),
    ],
)
def test_refuses_inputs(inputs, sentence):
    with pytest.raises(UserError) as caught:
        compile_network(digits(), TINY).pack_inputs(inputs)
    assert caught.value.what == sentence
    assert caught.value.where == "input array" and caught.value.hint


@pytest.mark.parametrize("preset", PRESETS)
def test_a_driver_packs_and_unpacks_by_the_manifest_alone(preset):
    compiled = compile_network(digits(), PRESETS[preset], images=2)
    layout = JobLayout.from_json(json.loads(json.dumps(network_facts(compiled))))
    assert layout == compiled.layout
    inputs = np.random.default_rng(1).integers(-128, 128, (5, 1, 8, 8)).astype(np.int8)
    assert layout.pack(inputs) == compiled.pack_inputs(inputs)
    memory = np.random.default_rng(2).bytes(3 * compiled.output_stride)
    assert (layout.unpack(memory, 5) == compiled.unpack_results(memory, 5)).all()


def test_ternary_frames_become_positive_and_negative_channels():
    compiled = compile_network(network(layer(3, 2, 1), shape=(2, 4, 4), coding="ternary"), TINY)
    frames = np.random.default_rng(2).integers(-1, 2, (3, 4, 2, 4, 4)).astype(np.int8)
    packed = np.frombuffer(compiled.pack_inputs(frames), np.uint8).reshape(3, 4, 4, 1, 1, 4)
    spikes = unpack_map(TINY, packed, 4, 4).astype(np.int8)
    assert (spikes[:, :, :2] - spikes[:, :, 2:] == frames).all()
