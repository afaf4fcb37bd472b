"""The header and the size that all programs share."""

import pytest
from amaranth.lib import enum

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES, descriptor
from pyralis.hw.snn import program


class Opcode(enum.Enum, shape=8):
    END = 0
    MOVE = 1


def test_every_descriptor_has_the_header_first_and_the_same_size():
    for layout in (descriptor(Opcode, {}), descriptor(Opcode, {"source": 32}), program.LAYER, program.END):
        assert [layout[name].offset for name in ("opcode", "version", "index")] == [0, 8, 16]
        assert layout.size == 8 * DESCRIPTOR_BYTES
    assert descriptor(Opcode, {"source": 32})["source"].offset == 32
    assert descriptor(Opcode, {"all": 992}).size == 1024  # no room left, and none missing


def test_too_many_fields_are_refused():
    message = "the fields have 8 bits more than a descriptor of 128 bytes"
    with pytest.raises(ValueError, match=f"^{message}$"):
        descriptor(Opcode, {"all": 1000})
