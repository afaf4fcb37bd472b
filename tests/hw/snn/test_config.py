"""Every bound of the core's configuration, and the numbers derived from it."""

from dataclasses import FrozenInstanceError, replace

import pytest

from pyralis.hw.snn.config import PRESETS, SnnConfig


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"in_lanes": 18},
            "in_lanes must be even and in 2..16 (a 12-bit lane holds 16 int8 products), not 18",
        ),
        ({"in_lanes": 7}, "in_lanes must be even and in 2..16 (a 12-bit lane holds 16 int8 products), not 7"),
        ({"in_lanes": 0}, "in_lanes must be even and in 2..16 (a 12-bit lane holds 16 int8 products), not 0"),
        ({"out_lanes": 0}, "out_lanes must be a multiple of 4 and of in_lanes (8), not 0"),
        ({"out_lanes": 12}, "out_lanes must be a multiple of 4 and of in_lanes (8), not 12"),
        ({"out_lanes": 6, "in_lanes": 2}, "out_lanes must be a multiple of 4 and of in_lanes (2), not 6"),
        ({"pixel_lanes": 0}, "pixel_lanes must be at least 1, not 0"),
        ({"step_lanes": 3}, "step_lanes must be 1, 2, 4 or 8, not 3"),
        ({"neuron_lanes": 3}, "neuron_lanes must divide in_lanes (8), not 3"),
        ({"neuron_lanes": 0}, "neuron_lanes must divide in_lanes (8), not 0"),
        ({"cell": "dsp58"}, "cell must be 'dsp48e2' or 'fabric', not 'dsp58'"),
        ({"leak": "exp"}, "leak must be 'shift' or 'multiply', not 'exp'"),
        ({"leak_bits": 16}, "leak_bits must be in 1..15, not 16"),
        ({"current_bits": 12}, "current_bits must be in 16..32, not 12"),
        ({"potential_bits": 33}, "potential_bits must be in 16..32, not 33"),
        ({"bus_bits": 48}, "bus_bits must be 32, 64, 128, 256 or 512, not 48"),
        ({"weight_depth": 1}, "weight_depth must be at least 2, not 1"),
        ({"parameter_tiles": 1}, "parameter_tiles must be at least 2, not 1"),
        ({"address_bits": 16}, "address_bits must be in 32..64, not 16"),
    ],
)
def test_impossible_size_is_refused_with_value_and_bound(change, sentence):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared below
        SnnConfig(**change)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(("words", "possible"), [(1, False), (2, True), (1 << 15, True), (1 << 16, False)])
def test_map_size_is_bounded(words, possible):
    if possible:
        assert SnnConfig(map_words=words).map_words == words
    else:
        with pytest.raises(ValueError, match=rf"map_words must be .*2\.\.32768, not {words}"):
            SnnConfig(map_words=words)


def test_bus_wider_than_a_stage_is_refused():
    with pytest.raises(ValueError, match=r"bus_bits \(512\) must divide the 128 bits of weights"):
        SnnConfig(bus_bits=512)


def test_unknown_parameter_is_refused():
    with pytest.raises(TypeError, match="lanes_out"):
        SnnConfig(lanes_out=8)


def test_frozen_and_hashable():
    config = SnnConfig()
    with pytest.raises(FrozenInstanceError):
        config.in_lanes = 4
    assert len({config, SnnConfig(), replace(config, weight_depth=64)}) == 2


@pytest.mark.parametrize(("name", "cells"), [("tiny", 64), ("zu3eg", 256), ("zcu104", 1024)])
def test_presets_have_the_documented_number_of_cells(name, cells):
    assert PRESETS[name].cells == cells


def test_derived_numbers_of_zu3eg():
    config = PRESETS["zu3eg"]
    assert (config.out_lanes, config.in_lanes, config.pixel_lanes, config.step_lanes) == (16, 16, 2, 4)
    assert config.stages == 8
    assert config.stage_bits == 2 * 16 * 8
    assert config.weight_word_bits == 16 * 16 * 8 == config.stages * config.stage_bits
    assert config.weight_word_beats * config.bus_bits == config.weight_word_bits
    assert config.parameter_beats * config.bus_bits == 16 * 64
    assert config.map_word_bits == 16 * 4
    assert config.slots == config.pixel_lanes * config.blocks == 2 * 16 // config.neuron_lanes
    assert config.plane_groups == 2


def test_a_lane_cannot_overflow_at_the_widest_cascade():
    assert -(1 << 11) <= 16 * -128
    assert 16 * 127 < 1 << 11
