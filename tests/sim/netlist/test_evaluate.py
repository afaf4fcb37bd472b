import json
import random

import numpy as np
import pytest
from circuits import COUNTER, multiply, two_step

from pyralis.gen.synthesis.cells import CELLS, GateKind
from pyralis.gen.synthesis.flows import map_gates
from pyralis.gen.synthesis.netlist import Netlist
from pyralis.sim.netlist.evaluate import Evaluator, pack, unpack, unpack_words

TRUTH = {
    "NOT": lambda a, b, s: 1 - a,
    "AND": lambda a, b, s: a & b,
    "OR": lambda a, b, s: a | b,
    "XOR": lambda a, b, s: a ^ b,
    "NAND": lambda a, b, s: 1 - (a & b),
    "NOR": lambda a, b, s: 1 - (a | b),
    "XNOR": lambda a, b, s: 1 - (a ^ b),
    "ANDNOT": lambda a, b, s: a & (1 - b),
    "ORNOT": lambda a, b, s: a | (1 - b),
    "MUX": lambda a, b, s: b if s else a,
}


def every_kind() -> Netlist:
    """One gate of each kind on the inputs a, b, s (bits 0, 1, 2 of x); its output is bit ``kind`` of y."""
    nets = dict(zip("ABS", (2, 3, 4), strict=True))
    cells = {
        str(kind.value): {
            "type": cell.name,
            "attributes": {},
            "port_directions": {},
            "connections": {**{pin: [nets[pin]] for pin in cell.pins}, "Y": [5 + kind]},
        }
        for kind, cell in CELLS.items()
    }
    ports = {
        "x": {"direction": "input", "bits": [2, 3, 4]},
        "y": {"direction": "output", "bits": [5 + kind for kind in GateKind]},
    }
    names = {name: {"hide_name": 0, "attributes": {}, **port} for name, port in ports.items()}
    return Netlist.from_json(
        json.dumps({"modules": {"top": {"ports": ports, "cells": cells, "netnames": names}}}), "top"
    )


def test_every_kind_of_gate():
    outputs = Evaluator(every_kind()).run({"x": pack(range(8), 3)})
    for value, result in enumerate(unpack(outputs["y"], 8)):
        a, b, s = value & 1, value >> 1 & 1, value >> 2
        assert {kind.name: result >> kind & 1 for kind in GateKind} == {
            name: function(a, b, s) for name, function in TRUTH.items()
        }


@pytest.mark.parametrize("structural", [False, True])
def test_all_products_of_8_bits(structural):
    evaluator = Evaluator(map_gates(two_step(8), "multiplier", structural=structural).netlist)
    left, right = np.divmod(np.arange(1 << 16), 256)
    outputs = evaluator.run({"a": pack(left, 8), "b": pack(right, 8)})
    assert unpack(outputs["c"], 1 << 16) == [multiply(a, b, 8) for a in range(256) for b in range(256)]
    assert multiply(0x53, 0xCA, 8) == 0x01  # FIPS 197, section 4.2: these are inverses


def test_products_of_45_bits_in_several_chunks(monkeypatch):
    evaluator = Evaluator(map_gates(two_step(45), "multiplier").netlist)
    chance = random.Random(3)
    left, right = ([chance.getrandbits(45) for _ in range(700)] for _ in range(2))
    monkeypatch.setattr("pyralis.sim.netlist.evaluate.CHUNK_BYTES", 8 * 8 * evaluator.netlist.net_count)
    assert evaluator.chunk_words == 8  # of 11
    outputs = evaluator.run({"a": pack(left, 45), "b": pack(right, 45)})
    assert unpack(outputs["c"], 100) == [multiply(a, b, 45) for a, b in zip(left, right, strict=True)][:100]
    assert unpack(outputs["c"], 700)[690:] == [multiply(left[i], right[i], 45) for i in range(690, 700)]


def test_flip_flops_start_and_step():
    evaluator = Evaluator(map_gates(COUNTER, "top").netlist)
    lanes = [(0, 1, 5), (1, 0, 0), (0, 0, 9), (1, 1, 7)]  # rst, en, step
    inputs = {
        name: pack([lane[index] for lane in lanes], bits)
        for index, (name, bits) in enumerate([("rst", 1), ("en", 1), ("step", 4)])
    }
    state = evaluator.initial_state(1)
    counts, odds = [], []
    for _ in range(3):
        outputs, state = evaluator.step(inputs, state)
        counts.append(unpack(outputs["count"], 4))
        odds.append(unpack(outputs["odd"], 4))
    assert counts == [[9, 9, 9, 9], [14, 3, 9, 3], [3, 3, 9, 3]]
    assert odds == [[0, 0, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0]]
    assert unpack(evaluator.run(inputs)["count"], 4) == [9, 9, 9, 9]


def test_a_netlist_of_wires():
    wires = map_gates("module top(input [1:0] a, output [2:0] y);\nassign y = {a, 1'b1};\nendmodule", "top")
    assert unpack(Evaluator(wires.netlist).run({"a": pack(range(4), 2)})["y"], 4) == [1, 3, 5, 7]


@pytest.mark.parametrize("bits", [1, 7, 64, 65, 163])
@pytest.mark.parametrize("lanes", [1, 64, 100])
def test_packing_there_and_back(bits, lanes):
    chance = random.Random(bits)
    numbers = [chance.getrandbits(bits) for _ in range(lanes)]
    planes = pack(numbers, bits)
    assert planes.shape == (bits, -(-lanes // 64))
    assert planes.dtype == np.uint64
    assert int(planes[0, 0]) & 1 == numbers[0] & 1
    assert unpack(planes, lanes) == numbers
    words = unpack_words(planes, lanes)
    assert words.shape == (lanes, -(-bits // 64))
    assert int(words[0, 0]) == numbers[0] & (1 << 64) - 1
    assert (pack(words, bits) == planes).all()


def test_operands_that_do_not_fit():
    with pytest.raises(ValueError, match="operand 2 does not fit into 3 bits"):
        pack([1, 7, 8], 3)
    with pytest.raises(ValueError, match="operand 1 does not fit into 3 bits"):
        pack(np.array([1, 8], np.uint64), 3)


def test_inputs_that_do_not_fit():
    evaluator = Evaluator(every_kind())
    with pytest.raises(ValueError, match="the inputs of top are x, not none"):
        evaluator.run({})
    with pytest.raises(ValueError, match=r"x must be \(3, words\) with words the same for all, not \(2, 1\)"):
        evaluator.run({"x": np.zeros((2, 1), np.uint64)})
