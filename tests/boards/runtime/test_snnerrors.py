"""Every error code of the hardware has its sentence, and no sentence is without a code."""

import json

import pytest

from pyralis.boards.runtime.snnerrors import SENTENCES, sentence
from pyralis.gen.emit.registers import to_json
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.program import ErrorCode
from pyralis.hw.snn.registers import register_map

LAYERS = ("conv1", "fc")


def test_the_lists_are_equal():
    assert set(SENTENCES) == {code.name.lower() for code in ErrorCode}
    [word] = [
        word
        for word in json.loads(to_json(register_map(PRESETS["tiny"])))["words"]
        if word["name"] == "error"
    ]
    assert set(SENTENCES) == set(word["fields"][0]["values"])


COMPILE = "compile the network for this core, and load program and weights again"
MEMORY = "load program and weights again and run once more; if it stays, the bitstream lacks a memory port"


@pytest.mark.parametrize(
    ("code", "index", "what", "hint"),
    [
        ("none", 0, "the job was stopped before its end", "run it again"),
        (
            "opcode",
            3,
            "the core stopped at descriptor 3 (the end): it holds an opcode that this core does not know",
            COMPILE,
        ),
        (
            "version",
            0,
            (
                "the core stopped at descriptor 0 (the input): it is of another version of programs "
                "than the core's"
            ),
            COMPILE,
        ),
        (
            "field",
            1,
            (
                "the core stopped at descriptor 1 (layer 'conv1'): a field of it is outside of what "
                "this core can do"
            ),
            COMPILE,
        ),
        (
            "map_address",
            2,
            "the core stopped at descriptor 2 (layer 'fc'): an access fell outside of the feature-map buffer",
            COMPILE,
        ),
        (
            "program_bus",
            0,
            "the core stopped at descriptor 0 (the input): the memory refused to hand out the program",
            MEMORY,
        ),
        (
            "data_bus",
            0,
            "the core stopped at descriptor 0 (the input): the memory refused to hand out the input",
            MEMORY,
        ),
        (
            "weight_bus",
            1,
            "the core stopped at descriptor 1 (layer 'conv1'): the memory refused to hand out the weights",
            MEMORY,
        ),
        (
            "write_bus",
            2,
            "the core stopped at descriptor 2 (layer 'fc'): the memory refused to take the results",
            MEMORY,
        ),
        (
            "timeout",
            1,
            (
                "the core stopped at descriptor 1 (layer 'conv1'): nothing moved any more, for as many "
                "cycles as idle_cycles says"
            ),
            "run again; raise idle_cycles if the memory is slow",
        ),
        (
            "99",
            1,
            (
                "the core stopped at descriptor 1 (layer 'conv1'): it reported the error code 99, which this "
                "driver does not know"
            ),
            COMPILE,
        ),
    ],
)
def test_sentences(code, index, what, hint):
    assert sentence(code, index, LAYERS) == (what, hint)
