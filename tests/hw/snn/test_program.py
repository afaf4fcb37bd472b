"""The descriptors are 128 bytes, and a driver in C can read them field by field."""

import pytest
from amaranth.lib import data

from pyralis.hw.snn import program

DESCRIPTORS = {
    program.Opcode.END: program.END,
    program.Opcode.LOAD: program.LOAD,
    program.Opcode.LAYER: program.LAYER,
    program.Opcode.STORE: program.STORE,
}


def test_every_opcode_has_its_descriptor():
    assert set(DESCRIPTORS) == set(program.Opcode)


@pytest.mark.parametrize("layout", DESCRIPTORS.values(), ids=[code.name for code in DESCRIPTORS])
def test_size_and_header(layout):
    assert layout.size == 8 * program.DESCRIPTOR_BYTES == 1024
    header = {name: (layout[name].offset, layout[name].width) for name in ("opcode", "version", "index")}
    assert header == {"opcode": (0, 8), "version": (8, 8), "index": (16, 16)}


@pytest.mark.parametrize("layout", DESCRIPTORS.values(), ids=[code.name for code in DESCRIPTORS])
def test_fields_follow_each_other_and_none_straddles_its_own_size(layout):
    """Bytes, half words and words are aligned; flags stay within one 16-bit half word."""
    end = 0
    for name, field in layout:
        assert field.offset == end, name
        end += field.width
        if name in ("spare", "pad"):
            continue
        unit = field.width if field.width in (8, 16, 32) else 16
        assert field.offset // unit == (field.offset + field.width - 1) // unit, name


def test_values_survive_packing():
    fields = {name: field.width for name, field in program.LAYER if name != "spare"}
    values = {name: 0x5A5A5A5A & (1 << width) - 1 for name, width in fields.items()}
    values["output"] = values["leak"] = values["reset"] = values["timing"] = 2
    values["opcode"] = program.Opcode.LAYER
    bits = program.LAYER.const(values).as_bits()
    back = program.LAYER.from_bits(bits)
    assert isinstance(back, data.Const)
    for name, value in values.items():
        read = getattr(back, name)
        assert getattr(read, "value", read) == getattr(value, "value", value), name


def test_codes_are_the_documented_ones():
    assert [code.value for code in program.ErrorCode] == list(range(10))
    assert program.ErrorCode.NONE.value == 0
    assert program.ErrorCode.TIMEOUT.value == 9
    assert [code.value for code in program.Opcode] == [0, 1, 2, 3]
