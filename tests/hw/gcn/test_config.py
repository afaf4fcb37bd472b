"""Every bound of the core's configuration, and the numbers derived from it."""

import dataclasses
import re

import pytest

from pyralis.hw.gcn.config import PRESETS, GcnConfig


def test_the_presets_have_the_lanes_that_they_are_named_after():
    assert {name: (c.simd_lanes, c.gather_lanes, c.macs) for name, c in PRESETS.items()} == {
        "tiny": (8, 8, 16),
        "z8": (128, 256, 512),
        "z32": (512, 1024, 2048),
        "z64": (1024, 1024, 2048),
    }
    assert PRESETS["z32"].rows == PRESETS["z64"].rows == 1 << 15
    assert (PRESETS["z32"].clusters, PRESETS["z32"].cluster_ports) == (1, 4)
    assert (PRESETS["tiny"].clusters, PRESETS["tiny"].cluster_ports) == (1, 1)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("columns", 3, "columns must be a power of two in 1..64, not 3"),
        ("columns", 128, "columns must be a power of two in 1..64, not 128"),
        ("lanes", 12, "lanes must be 4, 8 or 16, not 12"),
        ("splits", 3, "splits must be 1, 2 or 4, not 3"),
        ("cores", 5, "cores must be in 1..4, not 5"),
        ("rounds", 0, "rounds must be in 1..4, not 0"),
        ("gather_ports", 8, "gather_ports (8) must not exceed pe_rows (4)"),
        ("hubs", 3, "hubs must be 0 or a power of two up to 4096, not 3"),
        ("store_rows", 1 << 14, "the row store of 65536 words has more than an index of 15 bits can name"),
        ("scale_rows", 1000, "scale_rows must be a power of two in 16..65536, not 1000"),
        ("group_bytes", 4, "group_bytes must be a power of two in 8..4096, not 4"),
        ("program_queue", 17, "program_queue must be in 1..16, not 17"),
        ("accumulator_bits", 33, "accumulator_bits must be in 16..32, not 33"),
        ("epilogue_lanes", 1, "epilogue_lanes must be 2, 4 or 8, as lanes is 8, not 1"),
        ("epilogue_lanes", 16, "epilogue_lanes must be 2, 4 or 8, as lanes is 8, not 16"),
        ("occupancy_words", 8, "occupancy_words must be 0 or a power of two in 16..2048, not 8"),
        ("occupancy_words", 48, "occupancy_words must be 0 or a power of two in 16..2048, not 48"),
        ("bus_bits", 48, "bus_bits must be 32, 64, 128, 256 or 512, not 48"),
        ("bus_bits", 512, "bus_bits (512) must not exceed 128 for each column (2)"),
    ],
)
def test_what_is_out_of_range_is_refused(field, value, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        dataclasses.replace(GcnConfig(), **{field: value})


def test_a_beat_of_rows_is_of_different_columns_where_some_are_left_out():
    sentence = (
        "with occupancy_words, a beat of bus_bits (256) must not exceed a word of 32 bits for each column (4)"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        GcnConfig(columns=4, lanes=4, bus_bits=256, occupancy_words=16)


def test_epilogues_have_half_the_lanes_unless_told():
    assert GcnConfig().epilogue_lanes == 4
    assert GcnConfig(lanes=16, epilogue_lanes=4).epilogue_lanes == 4
    assert [config.epilogue_lanes for config in PRESETS.values()] == [1, 8, 8, 8]


@pytest.mark.parametrize("bus_bits", [32, 64, 128, 256, 512])
def test_every_bus_has_a_memory_handler(bus_bits):
    handler = dataclasses.replace(GcnConfig(), columns=4, bus_bits=bus_bits, address_bits=48).handler
    assert (handler.dma.data_bits, handler.dma.address_bits) == (bus_bits, 48)
    on_chip = handler.buffer_bursts * handler.dma.burst_beats
    assert on_chip == (256 if bus_bits >= 256 else 64)
