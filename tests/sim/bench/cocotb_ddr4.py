"""cocotb side of test_ddr4.py: lets the bench play its script."""

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.sim.bench.stream import start


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def play(dut):
    dut.dump.value = 0
    await start(dut)
    if not int(dut.done.value):
        await RisingEdge(dut.done)
    await ClockCycles(dut.clk, 400)  # what was posted is written
    dut.dump.value = 1
    await ClockCycles(dut.clk, 2)
