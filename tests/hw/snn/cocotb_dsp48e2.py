"""cocotb side of the model tests in test_crossbar.py: sets one input of the primitive as ``SETTING`` says."""

import os

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

# W = C, Z = PCIN, X = A:B: everything on.
ALL = 0b11_001_00_11


@cocotb.test(timeout_time=1, timeout_unit="us")
async def sums_everything_that_is_on(dut):
    """A:B is 2**18 + 2, C 3 and PCIN 4; a legal mode adds those that it selects."""
    inputs = {"opmode": ALL, "alumode": 0, "inmode": 0, "carryin": 0, "hold": 0, "rstp": 0, "rst": 0}
    for name, value in inputs.items():
        getattr(dut, name).value = value
    Clock(dut.clk, 4, unit="ns").start()
    for _ in range(4):
        await FallingEdge(dut.clk)
    assert int(dut.p.value) == (1 << 18) + 9
    name, value = os.environ["SETTING"].split("=")
    getattr(dut, name).value = int(value, 0)
    for x in (0b00, 0b11):
        for z in (0b000, 0b001):
            for w in (0b00, 0b11):
                if name != "opmode" or int(value, 0) == 0:
                    dut.opmode.value = w << 7 | z << 4 | x
                for _ in range(4):
                    await FallingEdge(dut.clk)
                if name != "opmode" or int(value, 0) == 0:
                    assert int(dut.p.value) == (x and (1 << 18) + 2) + (z and 4) + (w and 3)
