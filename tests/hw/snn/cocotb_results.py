"""cocotb side of test_results.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from cocotb.triggers import RisingEdge
from slots import SlotPacker, settings_bits

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.neuron import FiredLayout
from pyralis.hw.snn.program import Output
from pyralis.hw.snn.results import DEPTH
from pyralis.sim.bench.stream import StreamSink, monitor_stream, stalls, start, unpack

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
FIRED = FiredLayout(CONFIG)
PACKER = SlotPacker(CONFIG)
S, P, SLOTS, BLOCKS = CONFIG.step_lanes, CONFIG.neuron_lanes, CONFIG.slots, CONFIG.blocks


class Bench:
    def __init__(self, dut, stall: float) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.sink, self.monitor = StreamSink(dut, "results"), monitor_stream(dut, "results")
        self.sink.set_pause_generator(stalls(self.rng, stall))
        self.full = 0

    async def layer(self, output: Output, groups: int, channels: int, spread: int, gaps: float) -> None:
        """One pixel in each lane but the last of several, all tiles; compares transfers and class."""
        dut, rng, lanes = self.dut, self.rng, max(1, CONFIG.pixel_lanes - 1)
        dut.settings.value = settings_bits(output=output, argmax=1)
        dut.begin.value = 1
        await RisingEdge(dut.clk)
        dut.begin.value = 0
        transfers, values = [], {}
        for tile in range(-(-channels // CONFIG.out_lanes)):
            counts = [[0] * P for _ in range(SLOTS)]
            for g in range(groups):
                for i in range(SLOTS):
                    lane, j = divmod(i, BLOCKS)
                    first = tile * CONFIG.out_lanes + j * P
                    real = [first + p < channels for p in range(P)]
                    spikes = [rng.getrandbits(S) * exists for exists in real]
                    potentials = [rng.randrange(-spread, spread + 1) for _ in range(P)]
                    counts[i] = [a + b.bit_count() for a, b in zip(counts[i], spikes, strict=True)]
                    tag = PACKER.tag(
                        i,
                        group=g,
                        first=g == 0,
                        last=g == groups - 1,
                        used=lane < lanes,
                        channel=first,
                        real=sum(exists << p for p, exists in enumerate(real)),
                    )
                    await self.fire(
                        tag | FIRED.const({"spikes": spikes, "potentials": potentials}).as_bits(), gaps
                    )
                    if g == groups - 1 and lane < lanes and output != Output.SPIKES:
                        transfers.append(counts[i] if output == Output.COUNTS else potentials)
                        values |= {(first + p, lane): transfers[-1][p] for p in range(P) if real[p]}
        for n, expected in enumerate(transfers):
            got = unpack(await self.sink.recv_int(), 32, P, signed=True)
            assert got == expected, f"{output}: transfer {n}"
        while int(dut.busy.value):
            await RisingEdge(dut.clk)
        if output != Output.SPIKES and lanes == 1:
            best = max(values.values())
            expected = min(channel for (channel, _), value in values.items() if value == best)
            assert int(dut.class_index.value) == expected, f"{output}, {channels} channels"

    async def fire(self, result: int, gaps: float) -> None:
        """Like the neurons: only while there is room."""
        dut = self.dut
        while True:
            dut.fired.value, dut.result.value = 0, self.rng.getrandbits(FIRED.size)
            if self.rng.random() >= gaps:
                await RisingEdge(dut.clk)  # `room` as it is after the last slot
                if int(dut.room.value) > 1:
                    break
                self.full += 1
            else:
                await RisingEdge(dut.clk)
        dut.fired.value, dut.result.value = 1, result
        await RisingEdge(dut.clk)
        dut.fired.value = 0


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.3, 0.95])
async def values_and_class_match(dut, stall):
    dut.fired.value = dut.begin.value = 0
    await start(dut)
    bench = Bench(dut, stall)
    for n in range(12):
        output = [Output.COUNTS, Output.POTENTIALS, Output.SPIKES][n % 3]
        channels = bench.rng.randrange(1, 3 * CONFIG.out_lanes)
        spread = bench.rng.choice([0, 1, 1000, (1 << CONFIG.potential_bits - 1) - 1])
        await bench.layer(output, bench.rng.randrange(1, 4), channels, spread, bench.rng.choice([0.0, 0.4]))
    assert bench.monitor.transfers
    assert bool(bench.monitor.waits) == bool(stall)
    assert not (stall == 0.0 and bench.full)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def room_counts_what_waits(dut):
    dut.fired.value = dut.begin.value = 0
    await start(dut)
    bench = Bench(dut, 0.0)
    bench.sink.set_pause_generator(iter(lambda: True, None))
    dut.settings.value = settings_bits(output=Output.POTENTIALS)
    assert DEPTH == 16
    for n in range(DEPTH):
        await RisingEdge(dut.clk)
        await RisingEdge(dut.clk)
        assert int(dut.room.value) == DEPTH - n
        dut.fired.value = 1
        dut.result.value = PACKER.tag(0) | FIRED.const({"potentials": [-n - p for p in range(P)]}).as_bits()
        await RisingEdge(dut.clk)
        dut.fired.value = 0
    for _ in range(3):
        await RisingEdge(dut.clk)
    assert int(dut.room.value) == 0
    assert int(dut.busy.value) == 1
    bench.sink.set_pause_generator(None)
    for n in range(DEPTH):
        assert unpack(await bench.sink.recv_int(), 32, P, signed=True) == [-n - p for p in range(P)]
    for _ in range(3):
        await RisingEdge(dut.clk)
    assert int(dut.room.value) == DEPTH
    assert int(dut.busy.value) == 0
