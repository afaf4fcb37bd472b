"""cocotb side of test_epilogue.py: runs inside the simulator."""

import json
import os
import random
from dataclasses import dataclass

import cocotb
import numpy as np
import torch
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.gen.gcn.intnetwork import RANGES, Epilogue
from pyralis.hw.gcn.epilogue import (
    BIAS_SLICES,
    EPILOGUE_SETTINGS,
    LATENCY,
    BiasLoad,
    Engine,
    OutputType,
    SummedRow,
)
from pyralis.hw.gcn.lines import SLICE_BITS
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, pack, stalls, start, unpack
from pyralis.sim.golden.gcn.epilogue import epilogue

SIZES = json.loads(os.environ["SIZES"])
LANES, WORK, SUM_BITS, TAG_BITS, EXTRA = (
    SIZES[name] for name in ("lanes", "work", "sum_bits", "tag_bits", "extra")
)
OUTPUTS = [kind.name.lower() for kind in OutputType]


@dataclass(frozen=True)
class Phase:
    relu: int
    output: int
    shift: int
    bias_shift: int
    extra_scale: int
    extra_signed: int
    narrow: int

    @property
    def width(self):
        """Elements of a row; the others are 0."""
        return WORK if self.narrow else LANES

    @property
    def cycles(self):
        """That a row takes."""
        return 1 if self.narrow else LANES // WORK

    def word(self):
        return EPILOGUE_SETTINGS.const(vars(self)).as_bits()


def expected(phase, sums, scale, extra, bias):
    """One row, and whether a clamp changed an element of it."""
    width = phase.width
    settings = Epilogue(
        scale=scale,
        extra="other" if EXTRA else None,
        extra_scale=phase.extra_scale,
        bias=np.array(bias[:width]),
        bias_shift=phase.bias_shift,
        shift=phase.shift,
        relu=bool(phase.relu),
        output=OUTPUTS[phase.output],
    )
    others = [value if phase.extra_signed else value & 255 for value in extra[:width]]
    rows, saturated = epilogue(torch.tensor([sums[:width]]), settings, torch.tensor([others]))
    return rows[0].tolist() + [0] * (LANES - width), bool(saturated.any())


def loaded(phase, index, lane, value, engine=Engine.AGGREGATION):
    """Payload of one bias."""
    shifts = {"shift": phase.shift, "bias_shift": phase.bias_shift}
    return (
        BiasLoad(LANES)
        .const({"engine": engine, "slice": index, "lane": lane, "value": value, **shifts})
        .as_bits()
    )


def edges(rng, bits):
    """A signed number of *bits* bits: any magnitude, and often an end of the range."""
    size = rng.randrange(bits)
    return rng.choice((
        rng.randint(-(1 << size), (1 << size) - 1),
        rng.choice((-(1 << bits - 1), (1 << bits - 1) - 1, 0, -1, 1)),
    ))


def random_phase(rng, shift, narrow=None):
    return Phase(
        relu=rng.getrandbits(1),
        output=rng.randrange(4),
        shift=shift,
        # No sum may leave 48 bits: 47 and less from the bias, and from the product.
        bias_shift=rng.randrange(14),
        extra_scale=edges(rng, 16),
        extra_signed=rng.getrandbits(1),
        narrow=rng.getrandbits(1) if narrow is None else narrow,
    )


class Bench:
    def __init__(self, dut):
        self.dut = dut
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.rows, self.finished = StreamSource(dut, "rows"), StreamSink(dut, "finished")
        self.biases = StreamSource(dut, "biases")
        self.monitors = monitor_streams(dut)
        dut.clear.value = 0

    async def begin(self, phase, slices):
        """Sets the phase up; returns its biases."""
        self.dut.settings.value = phase.word()
        self.dut.clear.value = 1
        await ClockCycles(self.dut.clk, 1)
        self.dut.clear.value = 0
        bias = [[edges(self.rng, 32) for _ in range(LANES)] for _ in range(slices)]
        for index, values in enumerate(bias):
            for lane, value in enumerate(values):
                self.biases.send_nowait(loaded(phase, index, lane, value))
                # of the other engine: is not for this epilogue
                self.biases.send_nowait(loaded(phase, index, lane, ~value, Engine.COMBINATION))
        await self.biases.wait()
        await ClockCycles(self.dut.clk, 4)
        return bias

    def row(self, phase, bias):
        """A random row that fits 48 bits: its payload, what comes of it, and whether it saturates."""
        rng = self.rng
        index, tag = rng.randrange(len(bias)), rng.getrandbits(TAG_BITS)
        while True:
            scale = rng.choice((rng.getrandbits(16), 1, 0xFFFF, 1 << rng.randrange(16)))
            sums = [edges(rng, SUM_BITS) for _ in range(LANES)]
            extra = [edges(rng, 8) for _ in range(LANES)]
            largest = max(
                abs(acc) * scale + (abs(b) << phase.bias_shift)
                for acc, b in zip(sums, bias[index], strict=True)
            )
            if largest + (1 << 24) + (1 << phase.shift >> 1) < 1 << 47:
                break
        layout = SummedRow(LANES, SUM_BITS, TAG_BITS, extra=EXTRA)
        fields = {"tag": tag, "slice": index, "scale": scale, "sums": sums}
        if EXTRA:
            fields["extra"] = [value & 255 for value in extra]
        values, changed = expected(phase, sums, scale, extra, bias[index])
        answer = tag | index << TAG_BITS | pack(values, 32) << TAG_BITS + SLICE_BITS
        return layout.const(fields).as_bits(), answer, changed


def shown(word):
    return unpack(word >> TAG_BITS + SLICE_BITS, 32, LANES, signed=True)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def every_shift_with_random_rows(dut):
    bench = Bench(dut)
    await start(dut)
    outcomes = set()
    for shift in range(48):
        phase = random_phase(bench.rng, shift)
        bias = await bench.begin(phase, 1 + shift % BIAS_SLICES)
        saturated = False
        for _ in range(30):
            word, answer, changed = bench.row(phase, bias)
            saturated |= changed
            await bench.rows.send_int(word)
            got = await bench.finished.recv_int()
            assert got == answer, f"{phase}: {shown(got)} is not {shown(answer)}"
            await ClockCycles(dut.clk, 2)
            assert int(dut.saturated.value) == saturated, phase
        outcomes.add(saturated)
    assert outcomes == {False, True}


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.3, 0.8], narrow=[0, 1])
async def rows_stay_in_order_whatever_the_consumer_does(dut, stall, narrow):
    bench = Bench(dut)
    await start(dut)
    phase = random_phase(bench.rng, 12, narrow)
    bias = await bench.begin(phase, BIAS_SLICES)
    if stall:
        bench.rows.set_pause_generator(stalls(bench.rng, stall / 2))
        bench.finished.set_pause_generator(stalls(bench.rng, stall))
    rows = [bench.row(phase, bias) for _ in range(200)]
    for word, _, _ in rows:
        await bench.rows.send_int(word)
    assert await bench.finished.recv_ints(len(rows)) == [answer for _, answer, _ in rows]
    entered, left = bench.monitors["rows"].times, bench.monitors["finished"].times
    if not stall:
        every = phase.cycles
        assert entered == list(range(entered[0], entered[0] + every * len(rows), every))
        assert [after - before for before, after in zip(entered, left, strict=True)] == [LATENCY] * len(rows)
    elif stall > 0.5:
        assert bench.monitors["rows"].waits and bench.monitors["finished"].waits


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def both_neighbours_of_every_limit(dut):
    """Sums that round to the last value that fits, and to the first that does not."""
    bench = Bench(dut)
    await start(dut)
    layout = SummedRow(LANES, SUM_BITS, TAG_BITS, extra=EXTRA)
    for output, kind in enumerate(OUTPUTS):
        shift = 3 if output < 3 else 0
        for relu in (0, 1):
            phase = Phase(relu, output, shift, 0, 0, 0, 0)
            await bench.begin(phase, 1)
            for lane in range(LANES):  # no bias
                await bench.biases.send_int(loaded(phase, 0, lane, 0))
            await bench.biases.wait()
            await ClockCycles(dut.clk, 3)
            for limit in RANGES[kind]:
                for offset in range(-12, 13):
                    acc = (limit << shift) + offset
                    scale = 1
                    if not -(1 << SUM_BITS - 1) <= acc < 1 << SUM_BITS - 1:
                        acc, scale = acc >> 9, 512
                    fields = {"tag": 0, "slice": 0, "scale": scale, "sums": [acc] * LANES}
                    await bench.rows.send_int(layout.const(fields).as_bits())
                    values, _ = expected(phase, [acc] * LANES, scale, [0] * LANES, [0] * LANES)
                    got = shown(await bench.finished.recv_int())
                    assert got == values, f"{phase}, sum {acc} * {scale}"
    await RisingEdge(dut.clk)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reset_in_mid_stream_forgets_the_rows(dut):
    bench = Bench(dut)
    await start(dut)
    phase = random_phase(bench.rng, 9, 0)
    bias = await bench.begin(phase, 2)
    for _ in range(40):
        await bench.rows.send_int(bench.row(phase, bias)[0])
    await ClockCycles(dut.clk, 17)
    bench.rows.clear()
    dut.rst.value = 1
    await ClockCycles(dut.clk, 3)
    dut.rst.value = 0
    bench.finished.clear()
    assert not int(dut.saturated.value)
    word, answer, _ = bench.row(phase, bias)  # the biases are in a memory, which a reset does not clear
    await bench.rows.send_int(word)
    assert await bench.finished.recv_int() == answer
    await ClockCycles(dut.clk, 30)
    assert bench.finished.empty()
