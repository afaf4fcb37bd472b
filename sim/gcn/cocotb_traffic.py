"""Simulator side of :mod:`pyralis.sim.gcn.coordination`: sets the switches, sleeps, and reads the cycles."""

import json
import os
from pathlib import Path

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.sim.bench.stream import start


@cocotb.test()
async def play(dut):
    """Plays the jobs of the bench once."""
    job = json.loads(os.environ["PYRALIS_JOB"])
    dut.dump.value = 0
    for name in ("by_priority", "by_batch", "by_need", "remap"):
        dut[name].value = job[name]
    await start(dut)
    await RisingEdge(dut.done)
    cycles = int(dut.cycles.value)
    await ClockCycles(dut.clk, 400)  # what was posted is written
    dut.dump.value = 1
    await ClockCycles(dut.clk, 2)
    Path(job["answer"]).write_text(json.dumps(cycles))
