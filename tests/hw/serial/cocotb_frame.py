"""cocotb side of test_frame.py: sound and unsound frames against the verdicts of a model."""

import random
import struct
from collections import Counter

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge
from serialhost import (
    ADDRESS,
    CHECKSUM,
    COMMAND,
    COUNT,
    HELLO,
    LENGTH,
    LONG,
    LONGEST,
    OK,
    READ,
    SHORT,
    WRITE,
    checked,
    request,
    verdict,
)

from pyralis.sim.bench.stream import StreamSource, monitor_streams, stalls, start

END, DAMAGED = 1 << 8, 1 << 9
FIELDS = (("status", 4), ("command", 2), ("sequence", 8), ("count", 8), ("address", 32), ("crc", 32))


class Bench:
    def __init__(self, dut):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.items, self.streams = StreamSource(dut, "items"), monitor_streams(dut)
        dut.requests__ready.value = 0
        dut.index.value = 0

    def send(self, body, damaged=None):
        """A frame; *damaged* is the index of a damaged item, len(body) being the end."""
        for index, byte in enumerate(body):
            self.items.send_nowait(byte | DAMAGED * (index == damaged))
        self.items.send_nowait(END | DAMAGED * (damaged == len(body)))

    async def valid(self):
        while not int(self.dut.requests__valid.value):
            await RisingEdge(self.dut.clk)

    def fields(self):
        payload, found = int(self.dut.requests__payload.value), {}
        for name, width in FIELDS:
            found[name], payload = payload & (1 << width) - 1, payload >> width
        return found

    async def take(self):
        self.dut.requests__ready.value = 1
        await RisingEdge(self.dut.clk)
        self.dut.requests__ready.value = 0
        await RisingEdge(self.dut.clk)

    async def words(self, count):
        """One index a cycle, its word two cycles later."""
        got = []
        for n in range(count + 2):
            self.dut.index.value = n % 128
            await RisingEdge(self.dut.clk)
            got.append(int(self.dut.word.value))
        return got[2:]

    async def check(self, body, damaged=None):
        await self.valid()
        found, expected = self.fields(), verdict(body, damaged is not None)
        assert found["status"] == expected, f"{body[:16].hex()}, {len(body)} bytes"
        assert found["sequence"] == (body[1] if len(body) > 1 else 0)
        if expected == OK:
            command, _, count, address = struct.unpack("<BBHI", body[:8])
            assert found["command"] == command and found["crc"] == struct.unpack("<I", body[-4:])[0]
            if command != HELLO:
                assert (found["count"], found["address"]) == (count, address)
            if command == WRITE:
                words = [word for (word,) in struct.iter_unpack("<I", body[8:-4])]
                assert await self.words(count) == words
        await self.take()
        return expected


def sound(rng):
    command = rng.choice([HELLO, READ, WRITE, WRITE])
    sequence, address = rng.randrange(256), 4 * rng.randrange(1 << 30)
    if command == WRITE:
        count = rng.choice([1, 2, 3, 128, rng.randrange(1, 129)])
        return request(command, sequence, address, [rng.getrandbits(32) for _ in range(count)])
    count = rng.randrange(1, 129) if command == READ else rng.randrange(1 << 16)
    return request(command, sequence, address + rng.randrange(4) * (command == HELLO), count=count)


def unsound(rng):
    """A frame that something is wrong with, and the index of a damaged item, if that is it."""
    body, kind = sound(rng), rng.randrange(10)
    words = [rng.getrandbits(32) for _ in range(rng.randrange(1, 20))]
    if kind == 0:
        return body, rng.randrange(len(body) + 1)
    if kind == 1:  # bits that have flipped
        number = int.from_bytes(body, "little")
        for at in rng.sample(range(8 * len(body)), rng.choice([1, 1, 2, 3])):
            number ^= 1 << at
        return number.to_bytes(len(body), "little"), None
    if kind == 2:
        return body[: rng.randrange(1, len(body))], None
    if kind == 3:
        return body + rng.randbytes(rng.choice([1, 4, LONGEST])), None
    if kind == 4:
        return request(rng.randrange(3, 256), 7, 8, words), None
    if kind == 5:
        return request(rng.choice([READ, WRITE]), 7, 8, count=rng.choice([0, 129, 256, 65535])), None
    if kind == 6:
        return request(WRITE, 7, 8, words, count=len(words) + rng.choice([-1, 1, 128]) or 5), None
    if kind == 7:
        return request(rng.choice([READ, WRITE]), 7, rng.choice([1, 2, 3, 0x10002]), words[:1]), None
    if kind == 8:
        return checked(rng.randbytes(rng.randrange(1, 12))), None
    return checked(request(WRITE, 7, 8, words)[:-4] + rng.randbytes(rng.randrange(1, 4))), None


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.5])
async def every_frame_gets_its_verdict(dut, stall):
    bench = Bench(dut)
    await start(dut)
    bench.items.set_pause_generator(stalls(bench.rng, stall))
    seen = Counter()
    for n in range(150):
        body, damaged = (sound(bench.rng), None) if n % 3 == 0 else unsound(bench.rng)
        for _ in range(bench.rng.choice([0, 0, 1, 3])):
            bench.items.send_nowait(END | DAMAGED * bench.rng.randrange(2))  # empty frames are nothing
        bench.send(body, damaged)
        seen[await bench.check(body, damaged)] += 1
    await ClockCycles(dut.clk, 10)
    assert not int(dut.requests__valid.value)
    least = {OK: 50, CHECKSUM: 15, SHORT: 5, LONG: 3, LENGTH: 5, COMMAND: 3, COUNT: 3, ADDRESS: 1}
    assert all(seen[status] >= number for status, number in least.items()), seen


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def the_longest_frame_and_its_neighbours(dut):
    bench = Bench(dut)
    await start(dut)
    words = [bench.rng.getrandbits(32) for _ in range(128)]
    for command in (WRITE, READ):
        for body in (
            request(command, 1, 0x100, words),
            request(command, 2, 0x100, words)[:-1],
            request(command, 3, 0x100, words) + b"\0",
        ):
            bench.send(body)
            await bench.check(body)
    for size in range(1, 13):
        body = request(HELLO, 5)[:size]
        bench.send(body)
        assert await bench.check(body) == (OK if size == 12 else SHORT)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def verdict_comes_four_cycles_after_the_end(dut):
    bench = Bench(dut)
    await start(dut)
    dut.requests__ready.value = 1
    for sequence in range(5):
        bench.send(request(HELLO, sequence))
    await ClockCycles(dut.clk, 100)
    ends = [bench.streams["items"].times[13 * n + 12] for n in range(5)]
    assert [time - 4 for time in bench.streams["requests"].times] == ends


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def after_100_000_bytes_the_next_frame_works(dut):
    dut.items__payload.value, dut.items__valid.value = 0x55, 1
    dut.requests__ready.value = 0
    await start(dut)
    await ClockCycles(dut.clk, 100_000)  # a byte in each
    assert int(dut.items__ready.value) and not int(dut.requests__valid.value)
    dut.items__payload.value = END
    await RisingEdge(dut.clk)
    bench = Bench(dut)
    await bench.valid()
    assert (bench.fields()["status"], bench.fields()["sequence"]) == (LONG, 0x55)
    await bench.take()
    body = request(WRITE, 9, 0x40, [1, 2, 3])
    bench.send(body)
    assert await bench.check(body) == OK


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def a_request_that_waits_is_not_touched(dut):
    """Frames that end meanwhile are answered as one; one that began meanwhile is damaged."""
    bench = Bench(dut)
    await start(dut)
    for begun in range(0, 40, 3):
        first, later = request(WRITE, 1, 0x40, [1, 2, 3, 4]), request(WRITE, 2, 0x80, [5, 6, 7, 8])
        lost = bench.rng.randrange(3)
        bench.send(first)
        for _ in range(lost):
            bench.send(later)
        for byte in later[:begun]:
            bench.items.send_nowait(byte)
        await bench.items.wait()
        await ClockCycles(dut.clk, 10)
        assert await bench.check(first) == OK
        if lost:
            await bench.valid()
            assert (bench.fields()["status"], bench.fields()["sequence"]) == (CHECKSUM, 0)
            await bench.take()
        for byte in later[begun:]:
            bench.items.send_nowait(byte)
        bench.items.send_nowait(END)
        if begun:
            await bench.valid()
            found = bench.fields()
            sequence = 2 if len(later) > 1 else 0
            assert (found["status"], found["sequence"]) == (SHORT if len(later) < 12 else CHECKSUM, sequence)
            await bench.take()
        else:
            assert await bench.check(later) == OK
        assert await clean(bench) == OK


async def clean(bench):
    body = request(READ, 3, 0x44, count=2)
    bench.send(body)
    return await bench.check(body)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def transfers_at_any_moment_lose_nothing(dut):
    """The transfer meets the next frame's end at every distance: one reply or two, and then all is well."""
    bench = Bench(dut)
    await start(dut)
    later, answers = request(WRITE, 2, 0x80, [5]), Counter()
    for delay in range(-3, 25):
        bench.send(request(READ, 1, 0x40, count=1))
        await bench.valid()
        if delay < 0:
            await bench.take()
        bench.send(later)
        for _ in range(delay):
            await RisingEdge(dut.clk)
        if delay >= 0:
            await bench.take()
        statuses = []
        for _ in range(60):
            await RisingEdge(dut.clk)
            if int(dut.requests__valid.value):
                statuses.append(bench.fields()["status"])
                await bench.take()
        assert statuses in ([OK], [CHECKSUM]), f"{statuses} {delay}"
        answers[statuses[0]] += 1
        assert await clean(bench) == OK
    assert min(answers[OK], answers[CHECKSUM]) > 0, answers


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def reset_in_a_frame(dut):
    bench = Bench(dut)
    await start(dut)
    for byte in request(WRITE, 1, 0x40, [1, 2, 3, 4])[:11]:
        bench.items.send_nowait(byte)
    await bench.items.wait()
    dut.rst.value = 1
    await ClockCycles(dut.clk, 2)
    dut.rst.value = 0
    assert await clean(bench) == OK
