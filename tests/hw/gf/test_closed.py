"""Size and depth of pyralis.hw.gf.closed; what it computes is in test_keyequation.py."""

import pytest

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.closed import parts
from pyralis.hw.gf.code import residue_code
from pyralis.hw.gf.keyequation import KeyEquation


@pytest.mark.parametrize(("t", "gates"), [(1, 6), (2, 100), (3, 400), (4, 1000), (5, 1350)])
def test_gates_at_r_7(t, gates):
    whole = KeyEquation(residue_code(45, t, 7), t, "closed")
    netlist = map_gates(emit(whole, "dut"), "dut", structural=True).netlist
    assert netlist.gate_count <= gates
    assert netlist.levels <= whole.levels


def test_steps_are_short():
    for t in range(1, 6):
        assert max(part.levels for part in parts(residue_code(45, t, 7), t)) <= 12
