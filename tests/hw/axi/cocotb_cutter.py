"""cocotb side of test_cutter.py."""

import json
import os

import cocotb
from cocotb.triggers import ClockCycles

from pyralis.hw.axi.dma import DmaConfig
from pyralis.sim.bench.stream import StreamSink, StreamSource, between_streams, monitor_streams, start, unpack

CONFIG = DmaConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
UNIT, SPAN = CONFIG.beat_bytes, CONFIG.burst_beats


def bursts_of(address, beats):
    """(address, beats, last) of each burst: none goes beyond a multiple of the longest one."""
    while beats:
        count = min(beats, SPAN - address // UNIT % SPAN)
        beats -= count
        yield address, count, not beats
        address += count * UNIT


def job(address, beats):
    return address | beats << CONFIG.address_bits


def burst(payload):
    address = payload & (1 << CONFIG.address_bits) - 1
    beats, last = unpack(payload >> CONFIG.address_bits, SPAN.bit_length(), 2)
    return address, beats, bool(last)


@cocotb.test(timeout_time=100, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def every_burst_of_every_job(dut, stall):
    dut.drop.value = 0
    jobs, bursts, monitors, rng = await between_streams(dut, "jobs", "bursts", stall)
    expected = []
    for beats in [1, SPAN, 0, SPAN + 1, 5 * SPAN, *(rng.randrange(60) for _ in range(30))]:
        address = rng.randrange(1 << 30) * UNIT
        jobs.send_nowait(job(address, beats))
        expected += bursts_of(address, beats)
    assert [burst(payload) for payload in await bursts.recv_ints(len(expected))] == expected
    await ClockCycles(dut.clk, 20)
    assert bursts.empty() and jobs.empty()
    assert not stall or monitors["bursts"].waits > 5


@cocotb.test(timeout_time=100, timeout_unit="us")
async def a_burst_a_cycle(dut):
    dut.drop.value = 0
    jobs, bursts, monitors, _ = await between_streams(dut, "jobs", "bursts", 0)
    jobs.send_nowait(job(0, 10 * SPAN))
    jobs.send_nowait(job(0, 1))
    await bursts.recv_ints(11)
    times = monitors["bursts"].times
    assert times[0] - monitors["jobs"].times[0] == 2
    assert times[9] - times[0] == 9 and times[10] - times[9] == 2
    for n in range(20):  # jobs of one beat
        jobs.send_nowait(job(n * UNIT, 1))
    await bursts.recv_ints(20)
    times = monitors["bursts"].times[-20:]
    assert times[-1] - times[0] == 19


@cocotb.test(timeout_time=100, timeout_unit="us")
async def dropped_jobs_leave_nothing(dut):
    dut.drop.value = 0
    jobs, bursts = StreamSource(dut, "jobs"), StreamSink(dut, "bursts")
    monitor_streams(dut, clear="drop")
    await start(dut)
    bursts.pause = True
    jobs.send_nowait(job(0, 10 * SPAN))
    jobs.send_nowait(job(0, 3 * SPAN))
    await ClockCycles(dut.clk, 10)
    dut.drop.value = 1
    await ClockCycles(dut.clk, 5)
    dut.drop.value = 0
    bursts.pause = False
    assert jobs.empty()
    await ClockCycles(dut.clk, 5)
    assert bursts.empty()
    jobs.send_nowait(job(64, 3))
    assert burst(await bursts.recv_int()) == (64, 3, True)
