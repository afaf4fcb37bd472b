"""Simulator side of :mod:`pyralis.sim.snn.run`: writes the registers, sleeps until the interrupt, reads back.

Python wakes a few hundred times in all, however many cycles the network takes.
"""

import json
import os
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, First, RisingEdge, Timer

CLOCK_NS = 4


class Registers:
    """Single AXI4-Lite accesses by byte address; enters Python only while one is under way."""

    def __init__(self, dut) -> None:
        self.dut = dut
        for name in ("awvalid", "wvalid", "bready", "arvalid", "rready", "awprot", "arprot"):
            dut[f"s_axi_ctrl_{name}"].value = 0

    async def write(self, address: int, value: int) -> None:
        d = self.dut
        d.s_axi_ctrl_awaddr.value, d.s_axi_ctrl_wdata.value, d.s_axi_ctrl_wstrb.value = address, value, 15
        d.s_axi_ctrl_awvalid.value = d.s_axi_ctrl_wvalid.value = d.s_axi_ctrl_bready.value = 1
        waiting = {"aw", "w", "b"}
        while waiting:
            await RisingEdge(d.clk)
            for channel, ready in (("aw", "awready"), ("w", "wready"), ("b", "bvalid")):
                if channel in waiting and int(d[f"s_axi_ctrl_{ready}"].value):
                    waiting.discard(channel)
                    d["s_axi_ctrl_bready" if channel == "b" else f"s_axi_ctrl_{channel}valid"].value = 0
        assert int(d.s_axi_ctrl_bresp.value) == 0, f"register {address:#x} refused a write"

    async def read(self, address: int) -> int:
        d = self.dut
        d.s_axi_ctrl_araddr.value = address
        d.s_axi_ctrl_arvalid.value = d.s_axi_ctrl_rready.value = 1
        while True:
            await RisingEdge(d.clk)
            if int(d.s_axi_ctrl_arready.value):
                d.s_axi_ctrl_arvalid.value = 0
            if int(d.s_axi_ctrl_rvalid.value):
                d.s_axi_ctrl_rready.value = 0
                return int(d.s_axi_ctrl_rdata.value)


@cocotb.test()
async def run_job(dut):
    """Carries out the steps of the job file and leaves what was read in its answer file."""
    job = json.loads(Path(os.environ["PYRALIS_JOB"]).read_text())
    Clock(dut.clk, CLOCK_NS, unit="ns").start()
    for name in ("load", "dump", "unhang"):
        dut[name].value = 0
    registers = Registers(dut)
    dut.rst.value = 1
    await ClockCycles(dut.clk, 4)
    dut.rst.value = 0
    await RisingEdge(dut.clk)
    values: dict[str, Any] = {}
    for step in job["steps"]:
        match step:
            case ["write", address, value]:
                await registers.write(address, value)
            case ["read", name, address]:
                values[name] = await registers.read(address)
            case ["wait", cycles]:
                if not int(dut.irq.value):
                    await First(RisingEdge(dut.irq), Timer(cycles * CLOCK_NS, "ns"))
                await RisingEdge(dut.clk)
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
