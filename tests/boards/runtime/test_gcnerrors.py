"""Every error code of the graph core has its sentence, and no sentence is without a code."""

import json

import pytest

from pyralis.boards.runtime.gcnerrors import SENTENCES, sentence
from pyralis.gen.emit.registers import to_json
from pyralis.hw.gcn.config import PRESETS
from pyralis.hw.gcn.program import ErrorCode
from pyralis.hw.gcn.registers import register_map

DESCRIPTORS = [
    {"kind": "load", "name": "edges"},
    {"kind": "aggregate", "name": "h1"},
    {"kind": "combine", "name": "xw"},
    {"kind": "end", "name": ""},
]


def test_the_lists_are_equal():
    assert set(SENTENCES) == {code.name.lower() for code in ErrorCode}
    words = json.loads(to_json(register_map(PRESETS["tiny"])))["words"]
    [word] = [word for word in words if word["name"] == "error"]
    assert set(SENTENCES) == set(word["fields"][0]["values"])


@pytest.mark.parametrize(
    ("code", "index", "what"),
    [
        ("none", 0, "the job was stopped before its end"),
        (
            "edges_bus",
            0,
            "the core stopped at descriptor 0 (the load of edges): the memory refused to hand out the graph",
        ),
        (
            "field",
            1,
            (
                "the core stopped at descriptor 1 (aggregation 'h1'): a field of it is outside of what this "
                "core can do"
            ),
        ),
        (
            "timeout",
            2,
            (
                "the core stopped at descriptor 2 (combination 'xw'): nothing moved any more, for as many "
                "cycles as idle_cycles says"
            ),
        ),
        (
            "opcode",
            3,
            "the core stopped at descriptor 3 (the end): it holds an opcode that this core does not know",
        ),
        (
            "version",
            9,
            (
                "the core stopped at descriptor 9 (behind the end): it is of another version of programs "
                "than the core's"
            ),
        ),
        (
            "77",
            1,
            (
                "the core stopped at descriptor 1 (aggregation 'h1'): it reported the error code 77, "
                "which this driver does not know"
            ),
        ),
    ],
)
def test_what_is_said(code, index, what):
    assert sentence(code, index, DESCRIPTORS)[0] == what


def test_the_next_step():
    assert sentence("field", 1, DESCRIPTORS)[1] == (
        "compile the network for this core, and load program and constants again"
    )
    assert sentence("77", 1, DESCRIPTORS)[1] == sentence("field", 1, DESCRIPTORS)[1]
    assert sentence("outputs_bus", 1, DESCRIPTORS)[1] == (
        "load program and constants again and run once more; if it stays, the bitstream lacks a memory port"
    )
