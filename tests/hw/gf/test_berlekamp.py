"""Size and depth of pyralis.hw.gf.berlekamp; what it computes is in test_keyequation.py."""

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.berlekamp import parts
from pyralis.hw.gf.code import residue_code
from pyralis.hw.gf.keyequation import KeyEquation


def test_gates_at_r_7():
    whole = KeyEquation(residue_code(45, 5), 5, "bm")
    netlist = map_gates(emit(whole, "dut"), "dut", structural=True).netlist
    assert netlist.gate_count <= 2700
    assert netlist.levels <= whole.levels


def test_steps_are_short():
    for t in range(1, 6):
        assert max(part.levels for part in parts(residue_code(45, t, 7), t)) <= 12
