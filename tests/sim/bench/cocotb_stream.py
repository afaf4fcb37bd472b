"""cocotb side of test_stream.py."""

import random

import cocotb
import pytest
from cocotb.triggers import ClockCycles

from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_stream, monitor_streams, stalls, start


async def bench(dut):
    dut.fault.value = 0
    source, sink = StreamSource(dut, "words"), StreamSink(dut, "copies")
    await start(dut)
    return source, sink


@cocotb.test(timeout_time=100, timeout_unit="us")
async def full_rate_without_stalls(dut):
    source, sink = await bench(dut)
    monitors = monitor_streams(dut)
    assert list(monitors) == ["copies", "words"]
    for n in range(200):
        await source.send_int(n * 257)
    assert await sink.recv_ints(200) == [n * 257 for n in range(200)]
    times = monitors["copies"].times
    assert times[-1] - times[0] == 199 and times[0] == monitors["words"].times[0] + 1
    assert monitors["words"].transfers == source.transfers == sink.transfers == 200


@cocotb.test(timeout_time=100, timeout_unit="us")
async def nothing_is_lost_or_doubled_through_stalls(dut):
    source, sink = await bench(dut)
    monitors = monitor_streams(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    source.set_pause_generator(stalls(rng, 0.4))
    sink.set_pause_generator(stalls(rng, 0.4))
    words = [rng.randrange(1 << 16) for _ in range(300)]
    for word in words:
        source.send_nowait(word)
    await source.wait()
    assert source.empty()
    assert await sink.recv_ints(300) == words
    assert monitors["words"].waits > 30 and monitors["copies"].waits > 30, "the stalls never met a valid"


@cocotb.test(timeout_time=100, timeout_unit="us")
async def reset_drops_what_was_shown_and_clear_what_was_queued(dut):
    source, sink = await bench(dut)
    monitor_streams(dut)
    sink.pause = True
    for n in range(5):
        source.send_nowait(n)
    await ClockCycles(dut.clk, 10)
    assert source.transfers == 1 and not source.empty()
    dut.rst.value = 1
    await ClockCycles(dut.clk, 2)
    source.clear()
    source.send_nowait(77)
    dut.rst.value = 0
    sink.pause = False
    assert await sink.recv_int() == 77
    await ClockCycles(dut.clk, 5)
    assert sink.empty() and source.empty()


@cocotb.test(timeout_time=100, timeout_unit="us")
async def monitor_names_port_and_broken_rule(dut):
    source, sink = await bench(dut)
    monitor = monitor_stream(dut, "copies")
    sentence = (
        "copies: payload changed from 0x5 to 0x4 before the transfer"
        if int(dut.PAYLOAD.value)
        else "copies: valid fell before the transfer"
    )

    async def expect():
        with pytest.raises(AssertionError, match=sentence):
            await monitor.task

    seen = cocotb.start_soon(expect())
    sink.pause = True
    source.send_nowait(5)
    await ClockCycles(dut.clk, 6)
    assert not seen.done()
    dut.fault.value = 1
    await ClockCycles(dut.clk, 6)
    assert seen.done()


@cocotb.test(timeout_time=100, timeout_unit="us")
async def clear_exempts_the_payload_on_show(dut):
    source, sink = await bench(dut)
    monitor = monitor_stream(dut, "copies", clear="fault")
    sink.pause = True
    source.send_nowait(5)
    await ClockCycles(dut.clk, 6)
    dut.fault.value = 1
    await ClockCycles(dut.clk, 6)
    assert monitor.transfers == 0 and monitor.waits > 0
