"""cocotb side of test_axi.py: short scripts of both sides' signals, one dictionary a cycle."""

import cocotb
import pytest
from cocotb.triggers import RisingEdge

from pyralis.sim.bench.axi import monitor_axi, monitor_axi_lite
from pyralis.sim.bench.stream import start

IDLE = {f"{name}{end}": 0 for name in ("ar", "r", "aw", "w", "b") for end in ("valid", "ready")}


def ar(address=0x100, beats=2, **other):
    return {
        "arvalid": 1,
        "arready": 1,
        "araddr": address,
        "arlen": beats - 1,
        "arsize": 2,
        "arburst": 1,
        "arid": 0,
    } | other


def r(last=0, **other):
    return {"rvalid": 1, "rready": 1, "rlast": last, "rdata": 7} | other


def aw(address=0x100, beats=2, **other):
    return {f"aw{name[2:]}": value for name, value in ar(address, beats).items()} | other


def w(last=0, **other):
    return {"wvalid": 1, "wready": 1, "wlast": last, "wstrb": 15, "wdata": 9} | other


B = {"bvalid": 1, "bready": 1}

RULES = {
    "fell": ([ar(arready=0), {}], "bus_arvalid fell before the transfer"),
    "moved": ([ar(arready=0), ar(0x200)], "bus_araddr changed from 0x100 to 0x200 before the transfer"),
    "data moved": ([aw(), w(wready=0), w(wdata=10)], "bus_wdata changed from 0x9 to 0xa before the transfer"),
    "boundary": ([ar(0xFFC)], "bus_ar: 2 beats at 0xffc cross 4 KB"),
    "size": ([aw(awsize=1)], "bus_awsize is 1, not the bus width 2"),
    "type": ([ar(arburst=2)], "bus_arburst is 2, not INCR"),
    "id": ([ar(arid=1)], "bus_arid is 1, not 0"),
    "alignment": ([ar(0x102)], "bus_araddr 0x102 is not aligned to 4 bytes"),
    "unasked": ([r()], "bus_r: data that nobody asked for"),
    "unasked after": ([ar(beats=1), r(1), r(1)], "bus_r: data that nobody asked for"),
    "last early": ([ar(), r(1)], "bus_rlast is 1"),
    "last late": ([ar(), r(), r()], "bus_rlast is 0"),
    "word early": ([aw(), w(1)], "bus_wlast is not 0"),
    "word late": ([w(), w(), aw()], "bus_wlast is not 1"),
    "answer early": ([aw(), w(), B], "bus_b: an answer before the last word"),
    "answered twice": ([aw(beats=1) | w(1), B, B], "bus_b: an answer before the last word"),
}


async def play(dut, script):
    for cycle in script:
        for name, value in (IDLE | cycle).items():
            dut[f"bus_{name}"].value = value
        await RisingEdge(dut.clk)
    for name, value in IDLE.items():
        dut[f"bus_{name}"].value = value
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)


async def expect(monitor, sentence):
    with pytest.raises(AssertionError, match=sentence.replace("(", r"\(")):
        await monitor.task


@cocotb.test(timeout_time=10, timeout_unit="us")
@cocotb.parametrize(rule=list(RULES))
async def broken(dut, rule):
    script, sentence = RULES[rule]
    await start(dut)
    await play(dut, [])
    seen = cocotb.start_soon(expect(monitor_axi(dut, "bus"), sentence))
    await play(dut, script)
    assert seen.done(), "the monitor saw nothing"


@cocotb.test(timeout_time=10, timeout_unit="us")
async def kept(dut):
    await start(dut)
    await play(dut, [])
    monitor = monitor_axi(dut, "bus")
    await play(dut, [ar(arready=0), ar(), ar(0xFF8), r(), r(1), r(rready=0), r(), r(1)])
    await play(
        dut,
        [w() | aw(), w(1), B, w(), w(1), aw(), B, aw(0x300, 1, awready=0), aw(0x300, 1) | w(1, wstrb=0), B],
    )
    assert monitor.reads == [(0x100, 2), (0xFF8, 2)]
    assert monitor.writes == [(0x100, 2), (0x100, 2), (0x300, 1)]
    assert monitor.strobes == {15, 0} and monitor.most_reads == 2
    assert monitor.outstanding_reads == monitor.outstanding_writes == 0
    assert [monitor.channels[name].waits for name in ("ar", "r", "aw", "w", "b")] == [1, 1, 1, 0, 0]


@cocotb.test(timeout_time=10, timeout_unit="us")
async def reset_forgets_what_was_owed(dut):
    await start(dut)
    await play(dut, [])
    monitor = monitor_axi(dut, "bus")
    await play(dut, [ar(arready=1), aw(), w()])
    assert monitor.outstanding_reads == 1 and monitor.outstanding_writes == 1
    dut.rst.value = 1
    await play(dut, [])
    dut.rst.value = 0
    assert monitor.outstanding_reads == monitor.outstanding_writes == 0
    await play(dut, [ar(beats=1), r(1), aw(beats=1), w(1), B])


@cocotb.test(timeout_time=10, timeout_unit="us")
async def lite_has_one_beat_and_no_last(dut):
    await start(dut)
    await play(dut, [])
    monitor = monitor_axi_lite(dut, "bus")
    await play(dut, [ar(0x102, 1), r(0), aw(4, 1), w(0), B])
    assert monitor.reads == [(0x102, 1)] and monitor.outstanding_reads == 0
    seen = cocotb.start_soon(expect(monitor, "bus_b: an answer before the last word"))
    await play(dut, [B])
    assert seen.done()
