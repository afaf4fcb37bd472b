"""cocotb side of test_stream.py."""

import os

import cocotb
from cocotb.triggers import ClockCycles

from pyralis.sim.bench.stream import between_streams, stalls, unpack

DEPTH, WIDE, NARROW = (int(os.environ.get(f"PYRALIS_{name}", "0")) for name in ("DEPTH", "WIDE", "NARROW"))


async def all_come_in_order(source, sink, monitors, words, *, latency, stalling):
    """Lets out the 300 *words* that were sent while the sink paused, then one more, for the latency."""
    sink.pause = False
    if stalling:
        sink.set_pause_generator(stalling)
    assert await sink.recv_ints(300) == words
    source.send_nowait(1)
    assert await sink.recv_int() == 1
    entered, left = monitors["input"].times, monitors["output"].times
    if stalling:
        assert monitors["input"].waits > 30 and monitors["output"].waits > 30
    else:
        assert left[-1] - entered[-1] == latency, "latency"
        assert left[299] - left[0] == 299, "one transfer a cycle"


@cocotb.test(timeout_time=100, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def queue(dut, stall):
    source, sink, monitors, rng = await between_streams(dut, "input", "output", stall)
    sink.set_pause_generator(None)
    sink.pause = True
    words = [rng.randrange(1 << 21) for _ in range(300)]
    for word in words:
        source.send_nowait(word)
    await ClockCycles(dut.clk, 8 * DEPTH)
    assert monitors["input"].transfers == DEPTH and int(dut.output__valid.value), (
        "full, and valid without ready"
    )
    await all_come_in_order(source, sink, monitors, words, latency=2, stalling=stall and stalls(rng, stall))


@cocotb.test(timeout_time=100, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def downsize(dut, stall):
    source, sink, monitors, rng = await between_streams(dut, "input", "output", stall)
    parts = WIDE // NARROW
    words = [rng.randrange(1 << WIDE) for _ in range(60)]
    for word in words:
        source.send_nowait(word)
    for word in words:
        assert await sink.recv_ints(parts) == unpack(word, NARROW, parts)
    times = monitors["output"].times
    if stall:
        assert monitors["output"].waits > 10
    else:
        assert times[-1] - times[0] == 60 * parts - 1 and times[parts - 1] == monitors["input"].times[0]
    # A reset in the middle of a word begins the next one at its low bits.
    sink.set_pause_generator(None)
    sink.pause = True
    source.send_nowait(words[0])
    await ClockCycles(dut.clk, 10)
    sink.pause = False
    await ClockCycles(dut.clk, 2)
    dut.rst.value = 1
    await ClockCycles(dut.clk, 2)
    source.clear()
    sink.clear()
    dut.rst.value = 0
    source.send_nowait(words[1])
    assert await sink.recv_ints(parts) == unpack(words[1], NARROW, parts)


@cocotb.test(timeout_time=100, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def slice_(dut, stall):
    source, sink, monitors, rng = await between_streams(dut, "input", "output", stall)
    sink.set_pause_generator(None)
    sink.pause = True
    words = [rng.randrange(1 << 21) for _ in range(300)]
    for word in words:
        source.send_nowait(word)
    await ClockCycles(dut.clk, 40)
    assert monitors["input"].transfers == 2, "one word is shown, one waits"
    assert int(dut.output__valid.value) and not int(dut.input__ready.value)
    await all_come_in_order(source, sink, monitors, words, latency=1, stalling=stall and stalls(rng, stall))
