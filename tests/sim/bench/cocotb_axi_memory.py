"""cocotb side of test_axi_memory.py: starts the copy bench, sleeps, and reads what it counted."""

import json
import os
from pathlib import Path

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.sim.bench.stream import start

CASE = json.loads(os.environ.get("PYRALIS_CASE", "{}"))


async def prepare(dut, **inputs):
    names = ("start", "flush", "load", "dump", "unhang", "source", "target", "beats")
    values = dict.fromkeys(names, 0) | inputs
    for name, value in values.items():
        getattr(dut, name).value = value
    await start(dut)


async def pulse(dut, name, cycles=1):
    getattr(dut, name).value = 1
    await ClockCycles(dut.clk, cycles)
    getattr(dut, name).value = 0


def counters(dut):
    names = ("done", "busy", "hung", "cycles", "words", "sum", "sums", "read_errors", "write_errors")
    names += ("beats_a", "beats_b", "beats_w")
    return {name: int(getattr(dut, name).value) for name in names}


async def finish(dut, **more):
    await pulse(dut, "dump")
    await ClockCycles(dut.clk, 2)
    Path(os.environ["PYRALIS_RESULT"]).write_text(json.dumps(counters(dut) | more), encoding="utf-8")


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def straight(dut):
    await prepare(dut, **CASE)
    await pulse(dut, "start")
    await RisingEdge(dut.done)
    await ClockCycles(dut.clk, 500)
    await finish(dut)


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def hang_then_flush(dut):
    await prepare(dut, **CASE)
    await pulse(dut, "start")
    await RisingEdge(dut.hung)
    await ClockCycles(dut.clk, 300)
    stuck = counters(dut)
    await ClockCycles(dut.clk, 300)
    assert counters(dut) | {"cycles": 0} == stuck | {"cycles": 0}, "something moved in a hung memory"
    await pulse(dut, "flush")
    await ClockCycles(dut.clk, 100)
    assert int(dut.busy.value), "the DMAs gave up transfers that the bus still owes"
    await pulse(dut, "unhang")
    while int(dut.busy.value):
        await RisingEdge(dut.clk)
    await ClockCycles(dut.clk, 10)
    between = counters(dut)
    await pulse(dut, "load")
    await pulse(dut, "start")
    await RisingEdge(dut.done)
    await ClockCycles(dut.clk, 500)
    await finish(dut, stuck=stuck, between=between)


@cocotb.test(timeout_time=20, timeout_unit="us")
async def manager(dut):
    await start(dut)
    await ClockCycles(dut.clk, 200)
    assert int(dut.beats_a.value) == 4 and int(dut.beats_w.value) == 2
