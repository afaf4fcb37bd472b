"""Simulator side of :mod:`pyralis.sim.bench.machine`: writes registers, sleeps until the interrupt, reads.

Python wakes a few hundred times in all, however many cycles the network takes.
"""

import json
import os
from pathlib import Path
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.sim.bench.lite import start_core, wait_for_interrupt


@cocotb.test()
async def run_job(dut):
    """Carries out the steps of the job file and leaves what was read in its answer file."""
    job = json.loads(Path(os.environ["PYRALIS_JOB"]).read_text())
    registers = await start_core(dut)
    values: dict[str, Any] = {}
    for step in job["steps"]:
        match step:
            case ["write", address, value]:
                await registers.write(address, value)
            case ["read", name, address]:
                values[name] = await registers.read(address)
            case ["wait", cycles]:
                await wait_for_interrupt(dut, cycles)
            case ["idle", cycles]:
                await ClockCycles(dut.clk, cycles)
            case ["pulse", name]:
                dut[name].value = 1
                await ClockCycles(dut.clk, 2)
                dut[name].value = 0
                await RisingEdge(dut.clk)
            case _:
                raise ValueError(f"unknown step {step}")
    values["memory_beats"] = {port: int(dut[f"beats_{port}"].value) for port in "abw"}
    Path(job["answer"]).write_text(json.dumps(values))
