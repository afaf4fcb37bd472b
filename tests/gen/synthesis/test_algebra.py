import dataclasses

import numpy as np
import pytest
from circuits import COUNTER, KEPT, powers, two_step

from pyralis.gen.synthesis.algebra import TooLargeError, hankel_form, prove_bilinear, prove_linear
from pyralis.gen.synthesis.cells import GateKind
from pyralis.gen.synthesis.flows import map_gates
from pyralis.gen.synthesis.netlist import Netlist
from pyralis.sim.netlist.evaluate import Evaluator, pack, unpack


def product_forms(m: int):
    columns = powers(m)
    return [
        hankel_form(sum((power >> j & 1) << k for k, power in enumerate(columns)), m, m) for j in range(m)
    ]


def changed(netlist: Netlist, gate: int, kind: GateKind) -> Netlist:
    kinds = netlist.kind.copy()
    kinds[gate] = kind
    return dataclasses.replace(netlist, kind=kinds)


@pytest.mark.parametrize("structural", [False, True])
@pytest.mark.parametrize("m", [8, 45])
def test_a_multiplier_is_proven(m, structural):
    netlist = map_gates(two_step(m), "multiplier", structural=structural).netlist
    proof = prove_bilinear(netlist, product_forms(m))
    assert proof
    assert proof.gates == netlist.gate_count
    assert proof.held < 40
    assert proof.counterexample is None


@pytest.mark.parametrize("gates", ["nand", "nand_only", "AND,OR,MUX,ANDNOT,ORNOT"])
def test_with_other_gates(gates):
    netlist = map_gates(two_step(8), "multiplier", gates=gates).netlist
    assert prove_bilinear(netlist, product_forms(8))


def test_another_polynomial_is_refuted():
    netlist = map_gates(two_step(8), "multiplier").netlist
    forms = product_forms(8)
    forms[3][7] ^= 0b100
    proof = prove_bilinear(netlist, forms.__getitem__)
    assert not proof
    assert proof.counterexample.output == "c[3]"
    assert proof.counterexample.term == "a[7] b[2]"
    assert proof.counterexample.operands == {"a": 128, "b": 4}
    assert proof.counterexample.got != proof.counterexample.expected


def test_every_wrong_gate_is_found():
    netlist = map_gates(two_step(8), "multiplier").netlist
    good, forms = Evaluator(netlist), product_forms(8)
    other = {GateKind.AND: GateKind.OR, GateKind.NAND: GateKind.AND, GateKind.XOR: GateKind.OR}
    for gate, kind in enumerate(netlist.kind.tolist()):
        bad = changed(netlist, gate, other.get(kind, GateKind.NAND))
        proof = prove_bilinear(bad, forms)
        assert not proof
        # The counterexample is one: checked with the other evaluator.
        found = proof.counterexample
        planes = {port: pack([value], 8) for port, value in found.operands.items()}
        bit = int(found.output[2:-1])
        (was,), (now,) = (unpack(one.run(planes)["c"], 1) for one in (good, Evaluator(bad)))
        assert (now >> bit & 1, was >> bit & 1) == (found.got, found.expected)
        assert found.got != found.expected


def test_outputs_that_are_constants_and_wires():
    ports = "module top(input [1:0] a, input [1:0] b, output [3:0] c);\n"
    netlist = map_gates(ports + "assign c = {b[1], a[0], 1'b1, 1'b0};\nendmodule", "top").netlist
    proof = prove_bilinear(netlist, [[0, 0]] * 4)
    assert (proof.counterexample.output, proof.counterexample.term) == ("c[1]", "1")
    masks = [{}, {}, {"a": 1}, {"b": 2}]
    assert prove_linear(netlist, masks, output="c").counterexample.output == "c[1]"


LINEAR = """
module top(input [69:0] x, input [3:0] y, input gate, output [1:0] z);
assign z = {^x[69:5] ^ y[2] ^ y[3], ^x & gate};
endmodule
"""


def test_linear_maps():
    netlist = map_gates(LINEAR, "top").netlist
    every = (1 << 70) - 1
    forms = [{"x": every}, {"x": every >> 5 << 5, "y": 0b1100}]
    assert prove_linear(netlist, forms, output="z", tie={"gate": 1})
    assert not prove_linear(netlist, forms, output="z", tie={"gate": 0})
    refuted = prove_linear(
        netlist, [forms[0], {"x": every >> 5 << 5, "y": 0b0100}], output="z", tie={"gate": 1}
    )
    assert (refuted.counterexample.output, refuted.counterexample.term) == ("z[1]", "y[3]")
    assert refuted.counterexample.operands == {"x": 0, "y": 8}
    free = prove_linear(netlist, forms, output="z")
    assert free.counterexample.term == "x[0]"


def test_a_map_that_is_not_linear():
    netlist = map_gates("module top(input [2:0] x, output z);\nassign z = &x;\nendmodule", "top").netlist
    proof = prove_linear(netlist, [{}], output="z")
    assert proof.counterexample.term == "x[0] x[1] x[2]"
    assert proof.counterexample.operands == {"x": 7}


PIPELINED = (
    two_step(8)
    + """
module top(
    input clk, input rst, input en, input [7:0] a, input [7:0] b, input [7:0] flip, output reg [7:0] c);
reg [7:0] left, right;
wire [7:0] p;
multiplier x(.a(left), .b(right), .c(p));
always @(posedge clk) if (rst) c <= 0; else if (en) begin left <= a; right <= b; c <= p ^ flip; end
endmodule
"""
)


def test_registers_are_wires_once_their_enable_is_tied():
    netlist = map_gates(PIPELINED, "top").netlist
    assert netlist.flip_flop_count == 24
    assert prove_bilinear(netlist, product_forms(8), tie={"rst": 0, "en": 1, "flip": 0})
    refuted = prove_bilinear(netlist, product_forms(8), tie={"rst": 0, "en": 1, "flip": 4})
    assert (refuted.counterexample.output, refuted.counterexample.term) == ("c[2]", "1")
    with pytest.raises(ValueError, match="a flip-flop of top is fed by itself; tie its enable"):
        prove_linear(netlist, [{}] * 8, output="c", tie={"rst": 0})
    with pytest.raises(ValueError, match="en has 1 bits and cannot be tied to 2"):
        prove_bilinear(netlist, product_forms(8), tie={"rst": 0, "en": 2, "flip": 0})
    with pytest.raises(ValueError, match="the input ports en, flip of top need a value in tie"):
        prove_bilinear(netlist, product_forms(8), tie={"rst": 0})


def test_a_counter_is_no_form():
    netlist = map_gates(COUNTER, "top").netlist
    with pytest.raises(ValueError, match="fed by itself"):
        prove_linear(netlist, [{}] * 4, output="count", tie={"rst": 0, "en": 1})


def test_unknown_ports():
    netlist = map_gates(two_step(8), "multiplier").netlist
    with pytest.raises(ValueError, match="there is no port 'y'; have: c"):
        prove_bilinear(netlist, product_forms(8), output="y")
    with pytest.raises(ValueError, match="there is no port 'x'; have: a, b"):
        prove_bilinear(netlist, product_forms(8), a="x")
    with pytest.raises(ValueError, match="multiplier has no free input port d"):
        prove_linear(netlist, [{"d": 1}] * 8, output="c")


def test_what_is_far_from_bilinear_is_not_decided():
    text = "module top(input [63:0] x, output y);\nassign y = ^(x * x * x);\nendmodule"
    netlist = map_gates(text, "top", structural=True).netlist
    with pytest.raises(TooLargeError, match=r"a (product|factor) of"):
        prove_linear(netlist, [{}], output="y")


def test_hankel_form():
    assert hankel_form(0b00100, 3, 3) == [0b100, 0b010, 0b001]
    rows = hankel_form(0b1011, 2, 3)
    assert [[row >> j & 1 for j in range(3)] for row in rows] == [[1, 1, 0], [1, 0, 1]]


def test_kept_blocks_do_not_matter():
    netlist = map_gates(two_step(16), "multiplier").netlist
    assert KEPT in two_step(16)
    assert np.unique(netlist.block).size == 2
    assert prove_bilinear(netlist, product_forms(16))
