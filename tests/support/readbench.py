"""A read DMA between random jobs and the bytes of a RAM, for the tests inside a simulation."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.hw.axi.read import DmaConfig
from pyralis.sim.bench.axi import AxiRam, monitor_axi
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls

__all__ = ["CONFIG", "SIZE", "UNIT", "Bench"]

CONFIG = DmaConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
UNIT = CONFIG.beat_bytes
SIZE = 1 << 16


class Bench:
    def __init__(self, dut, stall=0.0):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        dut.flush.value = 0
        self.ram = AxiRam(dut, "bus_", SIZE, rng=self.rng, stall=stall)
        self.ram.memory[:] = self.rng.randbytes(SIZE)
        self.jobs, self.data = StreamSource(dut, "jobs"), StreamSink(dut, "data")
        self.streams, self.bus = monitor_streams(dut, clear="flush"), monitor_axi(dut, "bus_")
        self.expected, self.errors = [], 0
        self.refused = range(0)

    def stall(self, jobs, data):
        self.jobs.set_pause_generator(stalls(self.rng, jobs))
        self.data.set_pause_generator(stalls(self.rng, data))

    def job(self, address, beats):
        self.jobs.send_nowait(address | beats << CONFIG.address_bits)
        for n in range(beats):
            at = address + n * UNIT
            self.expected.append((at, n == beats - 1))

    def random_job(self, most):
        beats = self.rng.choice([1, 1, 2, CONFIG.burst_beats, self.rng.randrange(1, most + 1)])
        if self.rng.random() < 0.3:  # across a 4 KB boundary
            address = 4096 * self.rng.randrange(1, 8) - UNIT * self.rng.randrange(1, beats + 1)
        else:
            address = UNIT * self.rng.randrange((SIZE - most * UNIT) // UNIT)
        self.job(max(address, 0), beats)

    async def check(self):
        """Every expected beat comes, in order, and then nothing more."""
        for at, last in self.expected:
            beat = await self.data.recv_int()
            if at not in self.refused:
                word = int.from_bytes(self.ram.memory[at : at + UNIT], "little")
                assert beat & (1 << CONFIG.data_bits) - 1 == word, f"beat of {at:#x}"
            assert beat >> CONFIG.data_bits == last, f"last of {at:#x}"
        self.expected.clear()
        await ClockCycles(self.dut.clk, 20)
        assert self.data.empty() and not int(self.dut.busy.value)
        assert self.bus.outstanding_reads == 0

    async def count_errors(self):
        while True:
            await RisingEdge(self.dut.clk)
            self.errors += int(self.dut.error.value)

    async def no_burst_after_flush(self):
        """No address appears in the cycle after one with `flush`."""
        flushed, waiting = 0, 0
        while True:
            await RisingEdge(self.dut.clk)
            valid, ready = int(self.dut.bus__arvalid.value), int(self.dut.bus__arready.value)
            assert waiting or not (flushed and valid), "a burst was begun during a flush"
            flushed, waiting = int(self.dut.flush.value), valid and not ready
