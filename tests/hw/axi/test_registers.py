"""RTL of pyralis.hw.axi.registers (pytest side)."""

import runpy
from pathlib import Path

from pyralis.gen.emit.verilog import emit
from pyralis.hw.axi.registers import RegisterBank
from pyralis.sim.bench.build import run_cocotb

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("map_example.py")))["EXAMPLE"]


def test_bank_keeps_its_map():
    run_cocotb(RegisterBank(EXAMPLE), "cocotb_registers")


def test_ports_are_registers_and_fields():
    bank = RegisterBank(EXAMPLE)
    assert len(bank.control.start) == 1 and len(bank.control.kind) == 3 and len(bank.cycles.value) == 64
    assert bank.control.kind.init == 5 and bank.base.value.init == 0x1_0000_0002
    assert not hasattr(bank, "identity"), "a constant needs no port"
    text = emit(bank, "bank")
    assert "output [2:0] control__kind;" in text and "input [63:0] cycles__value;" in text
