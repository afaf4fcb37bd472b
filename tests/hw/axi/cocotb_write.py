"""cocotb side of test_write.py: random jobs, then the bytes of a RAM."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.hw.axi.write import DmaConfig
from pyralis.sim.bench.axi import AxiRam, monitor_axi
from pyralis.sim.bench.stream import StreamSource, monitor_streams, stalls, start

CONFIG = DmaConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
UNIT = CONFIG.beat_bytes
SIZE = 1 << 16
ALL = (1 << UNIT) - 1
MOST = min(3 * CONFIG.depth, SIZE // UNIT // 8)


class Bench:
    def __init__(self, dut, stall=0.0):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        dut.flush.value = 0
        self.ram = AxiRam(dut, "bus_", SIZE, rng=self.rng, stall=stall)
        self.expected = bytearray(SIZE)
        self.jobs, self.data = StreamSource(dut, "jobs"), StreamSource(dut, "data")
        self.streams, self.bus = monitor_streams(dut), monitor_axi(dut, "bus_")
        self.sent, self.done, self.errors = 0, 0, 0
        self.done_times = []
        cocotb.start_soon(self._count())

    async def _count(self):
        cycle = 0
        while True:
            await RisingEdge(self.dut.clk)
            cycle += 1
            if int(self.dut.done.value):
                self.done += 1
                self.done_times.append(cycle)
            self.errors += int(self.dut.error.value)

    def stall(self, jobs, data):
        self.jobs.set_pause_generator(stalls(self.rng, jobs))
        self.data.set_pause_generator(stalls(self.rng, data))

    def job(self, address, beats, *, words=None):
        """Queues a job and its words; with *words* fewer than *beats*, the rest never comes."""
        self.jobs.send_nowait(address | beats << CONFIG.address_bits)
        self.sent += 1
        for n in range(beats if words is None else words):
            word = self.rng.randbytes(UNIT)
            self.data.send_nowait(int.from_bytes(word, "little"))
            self.expected[address + n * UNIT : address + (n + 1) * UNIT] = word

    def random_job(self, most):
        beats = self.rng.choice([1, 1, 2, CONFIG.burst_beats, self.rng.randrange(1, most + 1)])
        if self.rng.random() < 0.3:  # across a 4 KB boundary
            address = 4096 * self.rng.randrange(1, 8) - UNIT * self.rng.randrange(1, beats + 1)
        else:
            address = UNIT * self.rng.randrange((SIZE - most * UNIT) // UNIT)
        self.job(max(address, 0), beats)

    async def no_burst_after_flush(self):
        """No address appears in the cycle after one with `flush`."""
        flushed, waiting = 0, 0
        while True:
            await RisingEdge(self.dut.clk)
            valid, ready = int(self.dut.bus__awvalid.value), int(self.dut.bus__awready.value)
            assert waiting or not (flushed and valid), "a burst was begun during a flush"
            flushed, waiting = int(self.dut.flush.value), valid and not ready

    async def idle(self):
        while not self.jobs.empty() or int(self.dut.busy.value):
            await RisingEdge(self.dut.clk)

    async def check(self):
        await self.idle()
        await ClockCycles(self.dut.clk, 20)
        assert not int(self.dut.busy.value) and self.data.empty()
        assert self.bus.outstanding_writes == 0
        assert self.ram.memory == self.expected
        assert self.done == self.sent


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def random_jobs(dut, stall):
    bench = Bench(dut, stall)
    await start(dut)
    bench.stall(stall, stall)
    for n in range(60):
        bench.random_job(MOST)
        if n % 20 == 7:
            bench.job(5 * UNIT, 0)  # a job of no beats ends and writes nothing
    await bench.check()
    assert max(beats for _, beats in bench.bus.writes) == CONFIG.burst_beats, "no full burst"
    assert bench.bus.strobes == {ALL} and bench.errors == 0
    if stall:
        assert bench.bus.most_writes == CONFIG.outstanding, "never as many outstanding as allowed"
        channels = bench.bus.channels
        assert min(channels["aw"].waits, channels["w"].waits, bench.streams["data"].waits) > 5


@cocotb.test(timeout_time=400, timeout_unit="us")
async def full_rate_and_latency(dut):
    bench = Bench(dut)
    await start(dut)
    beats = min(20 * CONFIG.burst_beats, SIZE // UNIT // 4)
    bench.job(0, beats)
    bench.job(beats * UNIT, beats)
    await bench.check()
    taken, words = bench.streams["jobs"].times, bench.streams["data"].times
    channels = bench.bus.channels
    assert channels["aw"].times[0] - channels["aw"].waits - taken[0] <= 2, "job to AWVALID"
    if CONFIG.depth >= 64:
        assert words[-1] - words[0] == 2 * beats - 1, "a gap between words of two jobs"
        assert channels["w"].times[-1] - words[-1] == 1, "word to WVALID"
    assert bench.done_times[-1] - channels["b"].times[-1] <= 1, "answer to done"


@cocotb.test(timeout_time=400, timeout_unit="us")
async def done_means_answered(dut):
    """No job is done before the answer to its last burst, whatever the bus does with the answers."""
    bench = Bench(dut, 0.5)
    await start(dut)
    for n in range(20):
        bench.job(n % 4 * 2 * CONFIG.burst_beats * UNIT, 2 * CONFIG.burst_beats)
        while bench.done <= n:
            await RisingEdge(dut.clk)
        assert bench.bus.outstanding_writes == 0
    await bench.check()


@cocotb.test(timeout_time=400, timeout_unit="us")
async def bus_errors_are_reported(dut):
    bench = Bench(dut, 0.2)
    await start(dut)
    burst = CONFIG.burst_beats * UNIT
    bench.job(4096, 4 * CONFIG.burst_beats)
    await bench.check()
    assert bench.errors == 0
    bench.ram.refuse(range(4096 + burst, 4096 + 3 * burst))
    kept = bytes(bench.expected[4096 + burst : 4096 + 3 * burst])
    bench.job(4096, 4 * CONFIG.burst_beats)
    bench.expected[4096 + burst : 4096 + 3 * burst] = kept
    await bench.check()
    assert bench.errors == 2, "one a burst"


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.3])
async def flush_at_any_moment(dut, stall):
    bench = Bench(dut, stall)
    await start(dut)
    bench.stall(stall, stall)
    cocotb.start_soon(bench.no_burst_after_flush())
    rounds, cut, pending = 30, 0, 0
    for n in range(rounds):
        if n % 3 == 0:
            bench.ram.pause(True)  # the flush meets addresses and words that nobody takes
        bench.random_job(MOST)
        bench.job(0, MOST, words=bench.rng.choice([0, MOST // 2, MOST]))
        bench.random_job(MOST)
        await ClockCycles(dut.clk, bench.rng.randrange(1, 60))
        cut += int(dut.busy.value)
        pending += int(dut.bus__awvalid.value) and not int(dut.bus__awready.value)
        bench.jobs.clear()
        bench.data.clear()
        bench.ram.refuse(range(SIZE))  # answers dropped by a flush raise no error
        dut.flush.value = 1
        await ClockCycles(dut.clk, 2)
        errors = bench.errors
        await ClockCycles(dut.clk, bench.rng.choice([1, 1, 5, 200]))
        dut.flush.value = 0
        done = bench.done
        if n % 3 == 0:
            bench.ram.pause(False)
            bench.ram.stall(bench.rng, stall)
        await bench.idle()
        while not bench.data.empty():  # a word on show when the flush fell: it belongs to no job
            dut.flush.value = 1
            await RisingEdge(dut.clk)
            dut.flush.value = 0
            await bench.idle()
        assert bench.bus.outstanding_writes == 0, "idle with answers owed"
        assert bench.done == done, "a flushed job was reported as done"
        assert bench.errors <= errors + 1, "a dropped answer was reported as an error"
        bench.ram.refuse(range(0))
        bench.expected[:] = bench.ram.memory
        bench.sent = bench.done
        bench.random_job(MOST)
        await bench.check()
    assert cut > rounds // 2 and pending > 3, "the flushes met nothing in flight"
    assert bench.bus.strobes == {ALL, 0}, "no burst was completed without data"


@cocotb.test(timeout_time=400, timeout_unit="us")
async def flush_completes_a_burst_without_words_and_writes_nothing(dut):
    bench = Bench(dut)
    await start(dut)
    beats = max(CONFIG.burst_beats, 2)
    bench.job(0, beats, words=1)
    await ClockCycles(dut.clk, 100)
    assert int(dut.busy.value) and bench.done == 0
    dut.flush.value = 1
    await ClockCycles(dut.clk, 1)
    dut.flush.value = 0
    await bench.idle()
    await ClockCycles(dut.clk, 5)
    assert bench.ram.memory == bench.expected and bench.done == 0
    assert bench.bus.channels["w"].transfers == sum(beats for _, beats in bench.bus.writes)
    bench.sent = 0
    bench.random_job(MOST)
    await bench.check()


@cocotb.test(timeout_time=400, timeout_unit="us")
async def words_wait_for_their_job_and_reset_forgets(dut):
    bench = Bench(dut, 0.3)
    await start(dut)
    bench.data.send_nowait(1)
    await ClockCycles(dut.clk, 30)
    assert bench.data.transfers == 0
    bench.job(0, MOST)
    await ClockCycles(dut.clk, 40)
    dut.rst.value = 1
    await ClockCycles(dut.clk, 3)
    bench.jobs.clear()
    bench.data.clear()
    dut.rst.value = 0
    await ClockCycles(dut.clk, 20)
    bench.expected[:] = bench.ram.memory
    bench.sent = bench.done
    bench.random_job(MOST)
    await bench.check()
