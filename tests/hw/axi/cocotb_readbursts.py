"""cocotb side of test_read.py: jobs that are bursts already."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.hw.axi.read import DmaConfig
from pyralis.sim.bench.axi import AxiRam, monitor_axi
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start

CONFIG = DmaConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
UNIT, SPAN = CONFIG.beat_bytes, CONFIG.burst_beats
SIZE = 1 << 14


class Bench:
    def __init__(self, dut, stall=0.0):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        dut.flush.value = 0
        self.ram = AxiRam(dut, "bus_", SIZE, rng=self.rng, stall=stall)
        self.ram.memory[:] = self.rng.randbytes(SIZE)
        self.jobs, self.data = StreamSource(dut, "jobs"), StreamSink(dut, "data")
        self.streams, self.bus = monitor_streams(dut, clear="flush"), monitor_axi(dut, "bus_")
        self.wanted, self.bursts = [], []
        if stall:
            self.jobs.set_pause_generator(stalls(self.rng, stall))
            self.data.set_pause_generator(stalls(self.rng, stall))

    def burst(self, address, beats):
        self.jobs.send_nowait(address | beats << CONFIG.address_bits)
        self.bursts.append((address, beats))
        self.wanted += [(address + n * UNIT, n == beats - 1) for n in range(beats)]

    async def check(self):
        """All bursts are on the bus as they were given, and all beats come."""
        for at, last in self.wanted:
            beat = await self.data.recv_int()
            word = int.from_bytes(self.ram.memory[at : at + UNIT], "little")
            assert beat == word | last << CONFIG.data_bits, f"beat of {at:#x}"
        self.wanted.clear()
        await ClockCycles(self.dut.clk, 20)
        assert self.data.empty() and not int(self.dut.busy.value) and not self.bus.outstanding_reads


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def random_bursts(dut, stall):
    bench = Bench(dut, stall)
    await start(dut)
    for _ in range(200):
        beats = bench.rng.choice([1, 1, 1, 2, SPAN, bench.rng.randrange(1, SPAN + 1)])
        first = bench.rng.randrange(SIZE // UNIT // SPAN) * SPAN
        bench.burst((first + bench.rng.randrange(SPAN - beats + 1)) * UNIT, beats)
    await bench.check()
    assert bench.bus.reads == bench.bursts


@cocotb.test(timeout_time=200, timeout_unit="us")
async def a_beat_a_cycle_in_bursts_of_one(dut):
    bench = Bench(dut)
    await start(dut)
    for n in range(100):
        bench.burst(n * 3 % 64 * UNIT, 1)
    await bench.check()
    taken, asked = bench.streams["jobs"].times, bench.bus.channels["ar"].times
    assert asked[0] - taken[0] == 1
    given = bench.streams["data"].times
    assert given[-1] - given[0] == 99


@cocotb.test(timeout_time=200, timeout_unit="us")
async def never_more_bursts_or_beats_than_there_are_places(dut):
    bench = Bench(dut)
    await start(dut)
    bench.ram.pause(True, answers=True)
    for n in range(CONFIG.bursts + 10):
        bench.burst(n * UNIT, 1)
    await ClockCycles(dut.clk, 2 * CONFIG.bursts)
    bench.ram.pause(False, answers=True)
    await bench.check()
    assert bench.bus.most_reads == CONFIG.bursts > CONFIG.outstanding
    bench.data.pause = True
    before = sum(beats for _, beats in bench.bus.reads)
    for n in range(CONFIG.outstanding + 3):
        bench.burst(n * SPAN * UNIT, SPAN)
    await ClockCycles(dut.clk, 4 * CONFIG.depth + 100)
    assert sum(beats for _, beats in bench.bus.reads) - before == CONFIG.depth
    bench.data.pause = False
    await bench.check()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def flush_drops_what_is_offered(dut):
    bench = Bench(dut, stall=0.3)
    await start(dut)
    for _ in range(20):
        for n in range(12):
            bench.burst(n * UNIT, bench.rng.choice([1, 1, 4]))
        await ClockCycles(dut.clk, bench.rng.randrange(3, 40))
        dut.flush.value = 1
        bench.jobs.clear()
        await ClockCycles(dut.clk, 3)
        while not bench.jobs.empty():
            await RisingEdge(dut.clk)
        dut.flush.value = 0
        while int(dut.busy.value):
            await RisingEdge(dut.clk)
        bench.data.clear()
        bench.wanted.clear()
        bench.burst(64, 2)
        await bench.check()
