"""The graph core's descriptors: what a program says takes the bits that the units read."""

import pytest

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn import program
from pyralis.hw.gcn.config import PRESETS
from pyralis.hw.gcn.epilogue import BIAS_SLICES, EPILOGUE_SETTINGS
from pyralis.hw.gcn.simdcore import AGGREGATION_SETTINGS

UNITS = (program.LOAD, program.AGGREGATE, program.COMBINE, program.STORE)


def test_every_unit_waits_for_the_others_by_the_same_bits():
    for layout in UNITS:
        assert layout.size == 8 * DESCRIPTOR_BYTES
        places = [layout[f"after_{unit}"].offset for unit in ("load", "aggregate", "combine", "store")]
        assert places == [32, 48, 64, 80]


def test_settings_have_the_widths_of_the_engine():
    for name, shape in AGGREGATION_SETTINGS.members.items():
        own = program.AGGREGATE.members[name]
        assert own == shape, name


@pytest.mark.parametrize("preset", PRESETS)
def test_addresses_reach_all_of_a_core(preset):
    config = PRESETS[preset]
    for layout in (program.AGGREGATE, program.COMBINE):
        assert config.rows <= 1 << layout["base"].width
        assert config.rows <= 1 << layout["target_base"].width
        assert max(config.edge_lines, config.feature_lines) <= 1 << layout["start"].width
        assert program.scale_depth(config) <= 1 << layout["scale_base"].width
        assert 1 << layout["bias_base"].width >= BIAS_SLICES
    assert config.weight_rows <= 1 << program.COMBINE["weight_base"].width


def test_biases_come_with_the_shifts_of_their_descriptor():
    for name in ("bias_shift", "shift"):
        assert program.LOAD[name].width == EPILOGUE_SETTINGS.members[name]


def test_lines_do_not_go_across_beats():
    assert [program.line_bytes(valued) for valued in (False, True)] == [16, 32]
