import json

import numpy as np
import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.synthesis.cells import CELLS, GateKind
from pyralis.gen.synthesis.netlist import Netlist


def gate(kind, out, *inputs, block=""):
    pins = dict(zip(CELLS[kind].pins, ([net] for net in inputs), strict=True))
    return {
        "type": CELLS[kind].name,
        "attributes": {"scopename": block} if block else {},
        "port_directions": {**dict.fromkeys(pins, "input"), "Y": "output"},
        "connections": {**pins, "Y": [out]},
    }


def flip_flop(q, d, clock=2, kind="$_DFF_P_"):
    return {
        "type": kind,
        "attributes": {},
        "port_directions": {"C": "input", "D": "input", "Q": "output"},
        "connections": {"C": [clock], "D": [d], "Q": [q]},
    }


def read(cells, *, names=None, **ports):
    """Ports by name: nets of an input as list, of an output as tuple."""
    directions = {name: "input" if isinstance(bits, list) else "output" for name, bits in ports.items()}
    ports = {name: {"direction": directions[name], "bits": list(bits)} for name, bits in ports.items()}
    nets = {name: {"hide_name": 0, "bits": port["bits"], "attributes": {}} for name, port in ports.items()}
    for name, (bits, attributes) in (names or {}).items():
        nets[name] = {"hide_name": 0, "bits": bits, "attributes": attributes}
    module = {"ports": ports, "cells": dict(enumerate(cells)), "netnames": nets}
    return Netlist.from_json(json.dumps({"modules": {"top": module}}), "top")


@pytest.fixture
def example():
    cells = [
        gate(GateKind.XOR, 9, 8, 4, block="right"),
        gate(GateKind.AND, 8, 3, 4, block="left part"),
        gate(GateKind.NOT, 7, 6),
        flip_flop(6, 9),
    ]
    return read(cells, clk=[2], a=[3, 4], y=(9, 7, "1", 3), names={"state": ([6], {"init": "1"})})


def test_nets_are_counted_constants_inputs_flip_flops_gates(example):
    assert example.inputs == {"a": (2, 3)}
    assert example.clock == "clk"
    assert example.ff_q.tolist() == [4]
    assert example.out.tolist() == [5, 6, 7]
    assert (example.first_gate_net, example.net_count) == (5, 8)
    assert example.outputs == {"y": (7, 6, 1, 2)}


def test_gates_stand_behind_their_inputs(example):
    assert example.kind.tolist() == [GateKind.AND, GateKind.NOT, GateKind.XOR]
    assert example.fanin.tolist() == [[2, 3, 0], [4, 0, 0], [5, 3, 0]]
    assert example.level.tolist() == [1, 1, 2]
    assert example.ff_d.tolist() == [7]
    assert example.ff_init.tolist() == [1]


def test_figures(example):
    assert (example.gate_count, example.flip_flop_count) == (3, 1)
    assert example.kind_counts == {"NOT": 1, "AND": 1, "XOR": 1}
    assert example.gate_equivalents == pytest.approx(0.667 + 1.333 + 2 + 5.667, abs=0.01)
    assert example.levels == 2
    assert example.port_levels == {"y": 2}
    assert example.level_of(6) == 1


def test_blocks(example):
    assert example.blocks == ("", "left.part", "right")
    assert example.block_counts == {"": 1, "left.part": 1, "right": 1}
    assert example.net_block.tolist() == [-1, -1, -1, -1, 0, 1, 0, 2]
    assert example.gates_within("left").tolist() == [0]
    assert example.gates_within("right").tolist() == [2]
    assert example.flip_flops_within("").tolist() == [0]
    assert example.flip_flops_within("left").size == 0
    assert example.equivalents_within("left.part") == pytest.approx(1.333, abs=0.01)
    assert (example.levels_within(""), example.levels_within("right")) == (2, 1)
    with pytest.raises(KeyError, match=r"top has no block 'lef'; it has left\.part, right"):
        example.gates_within("lef")


def test_levels_end_at_flip_flops():
    inverters = [gate(GateKind.NOT, net + 1, net) for net in range(3, 8)]
    assert read(inverters, a=[3], y=(8,)).levels == 5
    inverters[3] = flip_flop(7, 6)
    assert read(inverters, clk=[2], a=[3], y=(8,)).levels == 3


def test_a_design_of_wires_only():
    wires = read([], a=[2, 3], y=(3, "0", 2))
    assert (wires.gate_count, wires.levels, wires.clock) == (0, 0, "")
    assert wires.outputs == {"y": (3, 0, 2)}
    assert wires.fanin.shape == (0, 3)
    assert wires.kind_counts == {}


def test_initial_values_of_a_register_of_several_bits():
    bits = [flip_flop(net, net) for net in (3, 4, 5)]
    register = read(bits, clk=[2], y=(3, 4, 5), names={"state": ([3, 4, 5], {"init": "x10"})})
    assert register.ff_init.tolist() == [0, 1, 0]


def test_a_loop_is_an_error():
    cells = [gate(GateKind.AND, 4, 3, 5), gate(GateKind.NOT, 5, 4), gate(GateKind.NOT, 6, 5)]
    with pytest.raises(UserError, match=r"combinational loop of 2 cells, through u, v\.") as caught:
        read(cells, a=[3], y=(6,), names={"u": ([4], {}), "v": ([5], {})})
    assert caught.value.where == "top"


def test_a_loop_through_a_flip_flop_is_none():
    toggle = read([gate(GateKind.NOT, 4, 3), flip_flop(3, 4)], clk=[2], y=(3,))
    assert toggle.levels == 1


def test_a_net_without_driver():
    with pytest.raises(UserError, match=r"used and not driven: y\[1\]\."):
        read([], a=[2], y=(2, 3))
    with pytest.raises(UserError, match=r"used and not driven: y\."):
        read([], a=[2], y=("x",))


def test_a_net_with_two_drivers():
    with pytest.raises(UserError, match=r"several drivers: a\."):
        read([gate(GateKind.NOT, 2, 2)], a=[2], y=(2,))


def test_cells_that_are_no_gates():
    with pytest.raises(UserError, match=r"holds cells that are no gates: \$_DLATCH_P_\."):
        read([flip_flop(4, 3, kind="$_DLATCH_P_")], clk=[2], a=[3], y=(4,))


def test_two_clocks():
    with pytest.raises(UserError, match=r"clocked by clk, fast\."):
        read([flip_flop(5, 4), flip_flop(6, 4, clock=3)], clk=[2], fast=[3], a=[4], y=(5, 6))


def test_a_clock_that_is_made_inside():
    cells = [gate(GateKind.NOT, 6, 3), flip_flop(5, 4, clock=6)]
    with pytest.raises(UserError, match=r"clocked by gated\.") as caught:
        read(cells, en=[3], a=[4], y=(5,), names={"gated": ([6], {})})
    assert "input port of one bit" in caught.value.hint


def test_the_order_does_not_depend_on_that_of_the_cells():
    rng = np.random.default_rng(1)
    chain = [gate(GateKind.NOT, 10, 2), *(gate(GateKind.NAND, 10 + i, 2 + i, 9 + i) for i in range(1, 8))]
    for _ in range(5):
        shuffled = read([chain[i] for i in rng.permutation(8)], a=[*range(2, 10)], y=(17,))
        assert shuffled.fanin[:, 0].tolist() == list(range(2, 10))
        assert shuffled.level.tolist() == list(range(1, 9))
