"""cocotb side of test_handler.py: random jobs of all clients against the bytes of a RAM."""

import json
import os
import random
from itertools import pairwise, product

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.gcn.handler import CLIENTS, READERS
from pyralis.hw.gcn.handlerconfig import HandlerConfig
from pyralis.sim.bench.axi import AxiRam, monitor_axi
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start

SETTINGS = json.loads(os.environ["PYRALIS_CONFIG"])
CONFIG = HandlerConfig(**SETTINGS | {"dma": DmaConfig(**SETTINGS["dma"])})
DMA = CONFIG.dma
UNIT, SPAN = DMA.beat_bytes, DMA.burst_beats
SIZE = 1 << 16
HALF = SIZE // 2
"""Below it is read, above it is written."""


class Bench:
    def __init__(self, dut, stall=0.0):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        for name in ("flush", "by_priority", "by_batch", "by_need", "late", "remap"):
            dut[name].value = 0
        self.remapped = False
        self.ram = AxiRam(dut, "read_", SIZE, rng=self.rng, stall=stall)
        self.written = AxiRam(dut, "write_", SIZE, rng=self.rng, stall=stall, share=self.ram)
        self.ram.memory[:] = self.rng.randbytes(SIZE)
        self.expected = bytearray(self.ram.memory)
        self.jobs = {name: StreamSource(dut, f"{name}_jobs") for name in CLIENTS}
        self.data = {name: StreamSink(dut, f"{name}_data") for name in READERS}
        self.words = StreamSource(dut, "outputs_data")
        self.streams = monitor_streams(dut, clear="flush")
        self.reads, self.writes = monitor_axi(dut, "read_"), monitor_axi(dut, "write_")
        self.wanted = {name: [] for name in READERS}
        self.sent = self.done = 0
        self.errors = [0] * len(CLIENTS)
        cocotb.start_soon(self._count())

    async def _count(self):
        while True:
            await RisingEdge(self.dut.clk)
            self.done += int(self.dut.outputs_done.value)
            error = int(self.dut.error.value)
            for n in range(len(CLIENTS)):
                self.errors[n] += error >> n & 1

    def stall(self, probability):
        for port in (*self.jobs.values(), *self.data.values(), self.words):
            port.set_pause_generator(stalls(self.rng, probability) if probability else None)

    def switch(self, *, priority, batch, remap, need=0):
        """Only while idle."""
        self.dut.by_need.value = need
        self.dut.by_priority.value, self.dut.by_batch.value, self.dut.remap.value = priority, batch, remap
        self.remapped = remap

    def place(self, address):
        return CONFIG.remap(address) if self.remapped else address

    def job(self, name, address, beats, words=True):
        self.jobs[name].send_nowait(address | beats << DMA.address_bits)
        for n in range(beats):
            at = address + n * UNIT
            if name in READERS:
                self.wanted[name].append((at, n == beats - 1))
            elif words:
                self.word(at)
        self.sent += name == "outputs" and beats > 0

    def word(self, at):
        word = self.rng.randbytes(UNIT)
        self.words.send_nowait(int.from_bytes(word, "little"))
        self.expected[self.place(at) : self.place(at) + UNIT] = word

    def random_job(self, name):
        beats = self.rng.choice([0, 1, 1, 2, SPAN, SPAN + 1, self.rng.randrange(1, 6 * SPAN)])
        low = HALF if name == "outputs" else 0
        self.job(name, low + self.rng.randrange(HALF // UNIT - beats) * UNIT, beats)

    async def take(self, name):
        """Every expected beat of a reader comes, in order."""
        for at, last in self.wanted[name]:
            beat = await self.data[name].recv_int()
            place = self.place(at)
            word = int.from_bytes(self.ram.memory[place : place + UNIT], "little")
            assert beat & (1 << DMA.data_bits) - 1 == word, f"{name}: beat of {at:#x}"
            assert beat >> DMA.data_bits == last, f"{name}: last of {at:#x}"
        self.wanted[name].clear()

    async def check(self):
        """Everything that was asked for happens, and then nothing more."""
        for name in READERS:
            await self.take(name)
        while self.done < self.sent or int(self.dut.busy.value):
            await RisingEdge(self.dut.clk)
        await ClockCycles(self.dut.clk, 20)
        assert all(sink.empty() for sink in self.data.values()) and self.done == self.sent
        assert all(port.empty() for port in self.jobs.values()) and self.words.empty()
        assert not self.reads.outstanding_reads and not self.writes.outstanding_writes
        assert self.ram.memory == self.expected


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def every_client_gets_what_it_asked_for(dut, stall):
    bench = Bench(dut, stall)
    await start(dut)
    bench.stall(stall)
    for priority, batch, remap, need in product((0, 1), repeat=4):
        bench.switch(priority=priority, batch=batch, remap=remap, need=need)
        for _ in range(10):
            for name in CLIENTS:
                bench.random_job(name)
        await bench.check()
    assert bench.errors == [0] * len(CLIENTS)
    assert max(beats for _, beats in bench.reads.reads) == SPAN
    if stall:
        assert min(bench.streams[f"{name}_data"].waits for name in CLIENTS) > 5


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(late=[0, 1])
async def by_need_late_weights_go_with_the_edges(dut, late):
    """First features, then edges and weights in turn; else weights, features, edges."""
    bench = Bench(dut)
    await start(dut)
    bench.switch(priority=1, batch=0, remap=0, need=1)
    dut.late.value = late
    starts = {"edges": 0, "features": HALF // 4, "weights": HALF // 2}
    for name, at in starts.items():
        bench.job(name, at, 4 * SPAN)
    await bench.check()
    order = [
        max((at, name) for name, at in starts.items() if at <= address) for address, _ in bench.reads.reads
    ]
    names = [name for _, name in order][3:]  # the first ones come before all are known
    assert len(order) == 12
    if late:
        assert names[: names.index("edges")] == ["features"] * names.index("edges")
        rest = [name for name in names if name != "features"]
        assert rest in (["edges", "weights"] * (len(rest) // 2), ["weights", "edges"] * (len(rest) // 2))
    else:
        assert names == sorted(names, key=["weights", "features", "edges"].index)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def who_takes_nothing_holds_up_nobody(dut):
    bench = Bench(dut)
    await start(dut)
    bench.switch(priority=1, batch=1, remap=0)
    for idle in READERS:
        bench.data[idle].pause = True
        for name in CLIENTS:
            bench.job(name, HALF if name == "outputs" else 0, 20 * SPAN)
        for name in READERS:
            if name != idle:
                await bench.take(name)
        while bench.done < bench.sent:
            await RisingEdge(dut.clk)
        assert bench.data[idle].empty()
        bench.data[idle].pause = False
        await bench.check()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def a_writer_without_words_holds_up_nobody(dut):
    bench = Bench(dut)
    await start(dut)
    bench.switch(priority=1, batch=1, remap=0)
    bench.job("outputs", HALF, 2 * SPAN, words=False)
    for name in READERS:
        bench.job(name, 0, 10 * SPAN)
    for name in READERS:
        await bench.take(name)
    assert not bench.writes.writes, "a burst was begun without its words"
    for n in range(2 * SPAN):
        bench.word(HALF + n * UNIT)
    await bench.check()
    # The other way round: words wait for their job.
    for n in range(2 * SPAN):
        bench.word(HALF + n * UNIT)
    await ClockCycles(dut.clk, 30)
    assert len(bench.writes.writes) == 2
    bench.job("outputs", HALF, 2 * SPAN, words=False)
    await bench.check()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def order_on_the_bus(dut):
    bench = Bench(dut)
    await start(dut)
    base = {"edges": 0, "features": 0x2000, "weights": 0x4000}
    bursts = 4 * CONFIG.batch_bursts

    async def owners(**switches):
        bench.switch(**switches, remap=0)
        before = len(bench.reads.reads)
        for name in base:
            bench.job(name, base[name], bursts * SPAN)
        await bench.check()
        return [address // 0x2000 for address, _ in bench.reads.reads[before:]]

    def runs(order):
        return sum(a != b for a, b in pairwise(order)) + 1

    # Batches: some bursts of one client follow each other, and all have had their turns at the end of each.
    order = await owners(priority=1, batch=1)
    assert sorted(order[: 3 * CONFIG.batch_bursts]) == [
        n for n in range(3) for _ in range(CONFIG.batch_bursts)
    ]
    assert runs(order) <= 3 * 4 + 4
    # Priority alone: others go only while edges have no room on chip.
    order = await owners(priority=1, batch=0)
    assert runs(order) <= 4 * 3 and max(n for n, owner in enumerate(order) if owner == 0) < 2 * bursts
    # The same by need: weights go first, then features.
    order = await owners(priority=1, batch=0, need=1)
    last = {owner: max(n for n, other in enumerate(order) if other == owner) for owner in range(3)}
    assert runs(order) <= 4 * 3 and last[2] < 2 * bursts and last[2] < last[1] < last[0]
    # Order of arrival: in turns.
    assert runs(await owners(priority=0, batch=0)) > 2.9 * bursts


@cocotb.test(timeout_time=200, timeout_unit="us")
async def the_program_does_not_wait_for_streams(dut):
    bench = Bench(dut)
    await start(dut)
    for batch in (0, 1):
        bench.switch(priority=1, batch=batch, remap=0)
        for name in ("edges", "features", "weights"):
            bench.job(name, 0, 30 * SPAN)
        for _ in range(6):
            await ClockCycles(dut.clk, bench.rng.randrange(40, 80))
            before = len(bench.reads.reads)
            bench.job("program", 0x4000, 2 * SPAN)
            await bench.take("program")
            others = [address for address, _ in bench.reads.reads[before:]].index(0x4000)
            assert others <= 4, "bursts of others went first"
        await bench.check()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def remapped_bursts_go_to_other_banks(dut):
    bench = Bench(dut)
    await start(dut)
    bench.switch(priority=1, batch=1, remap=1)
    bench.job("edges", 0, 32 * SPAN)
    await bench.check()
    places = [address for address, _ in bench.reads.reads]
    assert places == [CONFIG.remap(n * SPAN * UNIT) for n in range(32)]
    banks = [place >> CONFIG.bank_bit & (1 << CONFIG.bank_bits) - 1 for place in places]
    assert banks == [n % (1 << CONFIG.bank_bits) for n in range(32)]


@cocotb.test(timeout_time=200, timeout_unit="us")
async def errors_tell_the_client(dut):
    bench = Bench(dut, 0.2)
    await start(dut)
    bench.stall(0.2)
    bench.switch(priority=0, batch=1, remap=0)
    bases = {"edges": 0, "features": 0x1000, "weights": 0x2000, "program": 0x3000, "outputs": HALF}
    for n, name in enumerate(CLIENTS):
        bench.errors = [0] * len(CLIENTS)
        bench.ram.refuse(range(bases[name] + 2 * UNIT, bases[name] + 3 * UNIT))
        bench.written.refuse(range(bases[name] + 2 * UNIT, bases[name] + 3 * UNIT))
        for other in CLIENTS:
            bench.job(other, bases[other], 3 * SPAN)
        for reader in READERS:
            count = len(bench.wanted[reader])
            beats = await bench.data[reader].recv_ints(count)  # the beats come all the same
            assert [beat >> DMA.data_bits for beat in beats] == [last for _, last in bench.wanted[reader]]
            bench.wanted[reader].clear()
        while bench.done < bench.sent:
            await RisingEdge(dut.clk)
        await ClockCycles(dut.clk, 10)
        assert [count > 0 for count in bench.errors] == [other == n for other in range(len(CLIENTS))], name


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.3])
async def flush_at_any_moment(dut, stall):
    bench = Bench(dut, stall)
    await start(dut)
    bench.stall(stall)
    cut = 0
    for round_ in range(25):
        bench.switch(priority=round_ & 1, batch=round_ >> 1 & 1, remap=0)
        for _ in range(3):
            for name in CLIENTS:
                bench.random_job(name)
        await ClockCycles(dut.clk, bench.rng.randrange(1, 120))
        cut += int(dut.busy.value)
        dut.flush.value = 1
        ports = (*bench.jobs.values(), bench.words)
        for port in ports:
            port.clear()
        await ClockCycles(dut.clk, bench.rng.choice([1, 3]))
        while not all(port.empty() for port in ports):  # what was on show is taken and dropped
            await RisingEdge(dut.clk)
        dut.flush.value = 0
        for _ in range(400):
            await RisingEdge(dut.clk)
            if not int(dut.busy.value):
                break
        else:
            raise AssertionError("a flush does not end")
        await ClockCycles(dut.clk, 5)
        assert not bench.reads.outstanding_reads and not bench.writes.outstanding_writes
        for name in READERS:
            bench.data[name].clear()
            bench.wanted[name].clear()
        bench.expected[:] = bench.ram.memory
        bench.done = bench.sent = 0
        bench.errors = [0] * len(CLIENTS)
        for name in CLIENTS:
            bench.random_job(name)
        await bench.check()
    assert cut > 12, "the flushes met nothing in flight"


@cocotb.test(timeout_time=200, timeout_unit="us")
async def latency_and_rate(dut):
    bench = Bench(dut)
    await start(dut)
    bench.switch(priority=1, batch=1, remap=0)
    bench.job("weights", 0, 40 * SPAN)
    await bench.check()
    asked = bench.streams["weights_jobs"].times[0]
    assert bench.reads.channels["ar"].times[0] - asked == 5
    answered, given = bench.reads.channels["r"].times, bench.streams["weights_data"].times
    assert given[0] - answered[0] == 4
    if SPAN >= 4:  # a lone reader: no gap
        assert given[-1] - given[0] == 40 * SPAN - 1
    turns = 10  # jobs of one beat: those of a turn in a cycle each, and a cycle between turns
    for n in range(turns * SPAN):
        bench.job("edges", n * UNIT, 1)
    await bench.check()
    times = bench.streams["edges_data"].times
    assert times[-1] - times[0] == turns * SPAN - 1 + turns - 1


@cocotb.test(timeout_time=200, timeout_unit="us")
async def reset_in_mid_stream(dut):
    bench = Bench(dut, 0.3)
    await start(dut)
    for name in CLIENTS:
        bench.job(name, HALF if name == "outputs" else 0, 6 * SPAN)
    await ClockCycles(dut.clk, 40)
    assert int(dut.busy.value)
    dut.rst.value = 1
    await ClockCycles(dut.clk, 3)
    for port in (*bench.jobs.values(), *bench.data.values(), bench.words):
        port.clear()
    dut.rst.value = 0
    for name in READERS:
        bench.wanted[name].clear()
    await ClockCycles(dut.clk, 5)
    for sink in bench.data.values():
        sink.clear()
    bench.done = bench.sent = 0
    bench.expected[:] = bench.ram.memory
    for name in CLIENTS:
        bench.random_job(name)
    await bench.check()
