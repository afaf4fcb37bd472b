"""cocotb side of test_arbiter.py: two readers, and a read DMA played by the bench."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles

from pyralis.hw.axi.dma import DmaConfig
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start

CONFIG = DmaConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))


class Bench:
    def __init__(self, dut):
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.jobs = [StreamSource(dut, f"jobs_{n}") for n in range(2)]
        self.data = [StreamSink(dut, f"data_{n}") for n in range(2)]
        self.dma_jobs, self.dma_data = StreamSink(dut, "jobs"), StreamSource(dut, "data")
        self.streams = monitor_streams(dut)
        self.order, self.expected = [], ([], [])
        cocotb.start_soon(self._dma())

    def stall(self, probability):
        for port in (*self.jobs, *self.data, self.dma_jobs, self.dma_data):
            port.set_pause_generator(stalls(self.rng, probability))

    def job(self, reader, address, beats):
        """Readers use different addresses, so that a job and its beats say whose they are."""
        address |= reader << 31
        self.jobs[reader].send_nowait(address | beats << CONFIG.address_bits)
        self.expected[reader].extend(self.beats(address, beats))

    @staticmethod
    def beats(address, count):
        return [address + 8 * n | (n == count - 1) << CONFIG.data_bits for n in range(count)]

    async def _dma(self):
        while True:
            job = await self.dma_jobs.recv_int()
            address, beats = job & (1 << CONFIG.address_bits) - 1, job >> CONFIG.address_bits
            self.order.append(address >> 31)
            for beat in self.beats(address, beats):
                self.dma_data.send_nowait(beat)

    async def check(self):
        for reader in range(2):
            got = await self.data[reader].recv_ints(len(self.expected[reader]))
            assert got == self.expected[reader], f"reader {reader}"
            self.expected[reader].clear()


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def beats_go_back_to_the_reader_that_asked(dut, stall):
    bench = Bench(dut)
    await start(dut)
    bench.stall(stall)
    for n in range(120):
        reader = bench.rng.randrange(2)
        bench.job(reader, n << 12, bench.rng.choice([1, 1, 2, 7]))
    await bench.check()
    assert bench.order.count(0) > 30 and bench.order.count(1) > 30
    if stall:
        assert all(monitor.waits > 5 for monitor in bench.streams.values())


@cocotb.test(timeout_time=200, timeout_unit="us")
async def a_job_on_show_stays_when_the_other_reader_comes(dut):
    bench = Bench(dut)
    await start(dut)
    for port in (*bench.jobs, bench.dma_jobs):
        port.set_pause_generator(stalls(bench.rng, 0.6))
    for n in range(200):
        bench.job(bench.rng.randrange(2), n << 12, 1)
    await bench.check()  # the monitor of `jobs` does the rest
    assert bench.streams["jobs"].waits > 50


@cocotb.test(timeout_time=200, timeout_unit="us")
async def both_get_turns_and_a_lone_one_does_not_wait(dut):
    bench = Bench(dut)
    await start(dut)
    for n in range(20):
        bench.job(0, n << 12, 3)
        bench.job(1, n << 12, 3)
    await bench.check()
    assert {first ^ second for first, second in zip(bench.order, bench.order[1:], strict=False)} == {1}
    bench.order.clear()
    for n in range(20):
        bench.job(1, n << 12, 1)
    await bench.check()
    assert bench.order == [1] * 20
    times = bench.streams["jobs_1"].times[-20:]
    assert times[3] - times[0] == 3, "a lone reader's jobs were not passed on one a cycle"


@cocotb.test(timeout_time=200, timeout_unit="us")
async def jobs_wait_when_too_many_are_on_their_way(dut):
    bench = Bench(dut)
    await start(dut)
    bench.data[0].pause = True
    for n in range(10):
        bench.job(0, n << 12, 1)
    await ClockCycles(dut.clk, 50)
    assert bench.dma_jobs.transfers == 4 and int(dut.data_0__valid.value)
    bench.data[0].pause = False
    await bench.check()
