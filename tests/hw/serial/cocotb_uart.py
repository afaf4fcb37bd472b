"""cocotb side of test_uart.py: a line driven with the times of a sender's own clock."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge, Timer, with_timeout

from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_stream, stalls, start

DIVISORS = json.loads(os.environ["DIVISORS"])
CYCLE_PS = 4000  # of the clock that `start` makes


class Line:
    """Sends bytes on ``rx_<divisor>``; *speed* 1.02 is a sender whose clock is 2 % fast."""

    def __init__(self, dut, divisor, speed=1.0):
        self.pin, self.bit = dut[f"rx_{divisor}"], divisor * CYCLE_PS / speed
        self.pin.value = 1
        self.error = 0.0  # of rounding the times to picoseconds

    async def level(self, value, bits=1.0):
        self.pin.value = value
        exact = self.bit * bits + self.error
        await Timer(round(exact), unit="ps")
        self.error = exact - round(exact)

    async def byte(self, value, stop=1):
        await self.level(0)
        for n in range(8):
            await self.level(value >> n & 1)
        await self.level(stop)


async def prepare(dut, driver, port):
    """All lines idle, clock running; a driver and a monitor at the port of each divisor."""
    for n in DIVISORS:
        dut[f"rx_{n}"].value = 1
        dut[f"sent_{n}__valid"].value = 0
        dut[f"received_{n}__ready"].value = 0
    drivers = {n: driver(dut, f"{port}_{n}") for n in DIVISORS}
    monitors = {n: monitor_stream(dut, f"{port}_{n}") for n in DIVISORS}
    await start(dut)
    await ClockCycles(dut.clk, 10)
    return drivers, monitors, random.Random(cocotb.RANDOM_SEED)


async def in_all(dut, scene):
    for task in [cocotb.start_soon(scene(n)) for n in DIVISORS]:
        await task


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(speed=[1.0, 0.975, 1.025])
async def every_byte_at_every_phase(dut, speed):
    sinks, _, rng = await prepare(dut, StreamSink, "received")

    async def scene(divisor):
        line = Line(dut, divisor, speed)
        values = rng.sample(range(256), 256 if speed == 1 else 60)
        for value in values:
            await line.byte(value)
            if rng.random() < 0.3:
                await line.level(1, 3 * rng.random())
        got = await with_timeout(sinks[divisor].recv_ints(len(values)), 20 * divisor, "us")
        assert got == values, f"divisor {divisor}"  # and so none is damaged

    await in_all(dut, scene)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_missing_stop_bit_damages_that_byte(dut):
    sinks, _, rng = await prepare(dut, StreamSink, "received")

    async def scene(divisor):
        line, expected = Line(dut, divisor), []
        for _ in range(60):
            value, good = rng.randrange(256), rng.random() < 0.5
            await line.byte(value, stop=good)
            if not good:
                await line.level(1, 1 + rng.random())
            expected.append(value | (not good) << 8)
        await line.level(1, 2)
        assert await sinks[divisor].recv_ints(60) == expected
        assert sinks[divisor].empty()

    await in_all(dut, scene)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_break_is_one_damaged_byte(dut):
    sinks, _, _ = await prepare(dut, StreamSink, "received")

    async def scene(divisor):
        line = Line(dut, divisor)
        for bits in (11, 25.5, 300):
            await line.level(0, bits)
            await line.level(1, 1)
            await line.byte(0xA5)
            await line.level(1, 2)
            assert await sinks[divisor].recv_ints(2) == [0x100, 0xA5]
        assert sinks[divisor].empty()

    await in_all(dut, scene)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_line_that_is_low_after_reset_is_no_byte(dut):
    sinks, _, _ = await prepare(dut, StreamSink, "received")
    dut.rst.value = 1
    for n in DIVISORS:
        dut[f"rx_{n}"].value = 0
    await ClockCycles(dut.clk, 3)
    dut.rst.value = 0
    await ClockCycles(dut.clk, 400)

    async def scene(divisor):
        line = Line(dut, divisor)
        await line.level(1, 1)
        await line.byte(0x5A)
        await line.level(1, 2)
        assert list(sinks[divisor].queue) == [0x5A]

    await in_all(dut, scene)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def short_pulses_are_no_bits(dut):
    """A low pulse of less than half a bit begins no byte; a wrong sample of three changes none."""
    sinks, _, rng = await prepare(dut, StreamSink, "received")

    async def pulse(divisor, line, level, cycles):
        line.pin.value = level
        await Timer(cycles * CYCLE_PS, unit="ps")
        line.pin.value = 1 - level
        await Timer((divisor - cycles) * CYCLE_PS, unit="ps")

    async def scene(divisor):
        line = Line(dut, divisor)
        for _ in range(20):
            await pulse(divisor, line, 0, 1)
            await line.level(1, 1 + rng.random())
        assert sinks[divisor].empty()
        for value in rng.sample(range(256), 30):
            await line.level(0)
            for n in range(8):
                level, at = value >> n & 1, rng.randrange(divisor)
                for cycle in range(divisor):
                    line.pin.value = level ^ (cycle == at)
                    await Timer(CYCLE_PS, unit="ps")
            await line.level(1, 2)
            assert await sinks[divisor].recv_int() == value, f"divisor {divisor}"

    await in_all(dut, scene)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def lost_bytes_damage_the_next_one(dut):
    sinks, monitors, _ = await prepare(dut, StreamSink, "received")

    async def scene(divisor):
        line, sink = Line(dut, divisor), sinks[divisor]
        sink.pause = True
        for value in (1, 2, 3):
            await line.byte(value)
        await line.level(1, 2)
        sink.pause = False
        await line.level(1, 2)
        for value in (4, 5):
            await line.byte(value)
        await line.level(1, 2)
        assert list(sink.queue) == [1, 0x104, 5]
        assert monitors[divisor].waits > 20

    await in_all(dut, scene)


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.9])
async def what_is_sent_stands_on_the_line_bit_by_bit(dut, stall):
    sources, monitors, rng = await prepare(dut, StreamSource, "sent")

    async def scene(divisor):
        pin, source = dut[f"tx_{divisor}"], sources[divisor]
        assert pin.value == 1
        if stall:
            source.set_pause_generator(stalls(rng, 1 - 0.1 / divisor))
        values = rng.sample(range(256), 40)
        for value in values:
            source.send_nowait(value)
        levels, edge = [], RisingEdge(dut.clk)
        while len(monitors[divisor].times) < 40:
            await edge
            levels.append(int(pin.value))
        for _ in range(10 * divisor):
            await edge
            levels.append(int(pin.value))
        at, gaps = 0, 0
        for value in values:
            gap = levels.index(0, at) - at
            gaps, at = gaps + gap * (at > 0), at + gap
            bits = [0, *(value >> n & 1 for n in range(8)), 1]
            assert levels[at : at + 10 * divisor] == [bit for bit in bits for _ in range(divisor)]
            at += 10 * divisor
        assert bool(gaps) == bool(stall), "a gap between bytes that were offered in time"
        assert all(levels[at:])

    await in_all(dut, scene)
