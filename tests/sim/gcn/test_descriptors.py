"""Programs read back."""

import pytest

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import (
    AGGREGATE,
    COMBINE,
    END,
    LOAD,
    STORE,
    VERSION,
    Content,
    Opcode,
    Origin,
    Source,
    Target,
)
from pyralis.sim.gcn.descriptors import decode, jobs
from pyralis.sim.gcn.interpret import run
from pyralis.sim.gcn.ordering import OrderError, Touch


def packed(layout, **fields) -> bytes:
    value = layout.const({"version": VERSION, **fields}).as_value().value
    return value.to_bytes(DESCRIPTOR_BYTES, "little")


def test_a_combination_touches_what_its_fields_say():
    dense = packed(
        COMBINE,
        opcode=Opcode.COMBINE,
        source=Source.ROWS,
        after_load=2,
        rows=20,
        elements=19,
        boundary=16,
        slices=2,
        weight_base=5,
        base=100,
        stride=20,
        second_base=200,
        second_stride=22,
        bias_base=3,
        scaled=1,
        scale_base=7,
        target=Target.ROWS,
        target_base=300,
        target_stride=24,
        target_hubs=1,
        target_hub_base=4,
        target_hub_bits=1,
    )
    (job,) = jobs(decode(dense + packed(END, opcode=Opcode.END)), GcnConfig())
    assert job.after["load"] == 2
    assert set(job.touches) == {
        Touch("weights", 5, 5 + 2 * 19, False),
        Touch("rows", 100, 120, False),
        Touch("rows", 120, 140, False),
        Touch("rows", 200, 220, False),
        Touch("biases1", 3, 5, False),
        Touch("scales1", 7, 17, False),
        Touch("rows", 300, 320, True),
        Touch("rows", 324, 344, True),
        Touch("hubs", 4, 8, True),
    }


def test_lines_must_have_been_loaded():
    program = packed(AGGREGATE, opcode=Opcode.AGGREGATE, rows=4, slices=1) + packed(END, opcode=Opcode.END)
    with pytest.raises(OrderError, match=r"^descriptor 0 reads edges that nothing in front of it loads$"):
        jobs(decode(program), GcnConfig())


def test_programs_end_and_are_of_this_version():
    with pytest.raises(ValueError, match=r"^the program does not end$"):
        decode(b"")
    with pytest.raises(ValueError, match=r"^descriptor 0 is of version 7$"):
        decode(bytes([0, 7]) + bytes(126))


def test_words_of_the_row_store_come_and_go():
    load = packed(
        LOAD, opcode=Opcode.LOAD, content=Content.ROWS, origin=Origin.INPUT, beats=4, start=10, count=4
    )
    store = packed(STORE, opcode=Opcode.STORE, after_load=1, base=11, words=2, address=8, beats=2)
    inputs = bytes(range(32))
    program = load + store + packed(END, opcode=Opcode.END)
    outcome = run(program, b"", inputs, GcnConfig(), output_bytes=24)
    assert outcome.outputs == bytes(8) + inputs[8:24]
    assert outcome.read[Content.ROWS] == 32
