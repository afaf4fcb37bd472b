"""cocotb side of test_inverter.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from amaranth.lib import data
from cocotb.triggers import RisingEdge

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.inverter import InverseLayout
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start

CYCLES = int(os.environ["CYCLES"])


def elements(field: Gf2m, rng: random.Random, count: int) -> list[int]:
    """Every element if there are few, else the extremes and some at random."""
    if field.m <= 8:
        return list(range(1 << field.m))
    return [0, 1, 2, 1 << field.m - 1, (1 << field.m) - 1] + [rng.getrandbits(field.m) for _ in range(count)]


def settings() -> Gf2m:
    values = json.loads(os.environ["PYRALIS_CONFIG"])
    return Gf2m(values["m"], values["polynomial"])


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[False, True])
async def inverses(dut, stall):
    field, rng = settings(), random.Random(cocotb.RANDOM_SEED)
    await start(dut)
    source, sink = StreamSource(dut, "elements"), StreamSink(dut, "inverses")
    monitors = monitor_streams(dut)
    if stall:
        source.set_pause_generator(stalls(rng, 0.5))
        sink.set_pause_generator(stalls(rng, 0.5))
    sent = elements(field, rng, 20)
    for x in sent:
        source.send_nowait(x)
    for x in sent:
        result = data.Const(InverseLayout(field), await sink.recv_int())
        assert result.zero == (x == 0)
        assert result.value == (field.inverse(x) if x else 0)
    assert any(monitor.waits for monitor in monitors.values())
    if not stall:
        taken, given = monitors["elements"].times, monitors["inverses"].times
        assert {late - early for early, late in zip(taken, given, strict=True)} == {CYCLES}


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reset_in_the_middle(dut):
    field = settings()
    await start(dut)
    source, sink = StreamSource(dut, "elements"), StreamSink(dut, "inverses")
    monitor_streams(dut)
    for cycles in range(1, CYCLES + 1, max(CYCLES // 7, 1)):
        await source.send_int(3)
        await source.wait()
        for _ in range(cycles):
            await RisingEdge(dut.clk)
        dut.rst.value = 1
        await RisingEdge(dut.clk)
        dut.rst.value = 0
        await RisingEdge(dut.clk)
        sink.clear()
        await source.send_int(2)
        result = data.Const(InverseLayout(field), await sink.recv_int())
        assert result.value == field.inverse(2)
