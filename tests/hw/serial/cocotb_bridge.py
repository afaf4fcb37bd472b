"""cocotb side of test_bridge.py: a host on the lines, a memory on the bus, and damage between them."""

import random
from collections import Counter
from itertools import pairwise

import cocotb
from cocotb.triggers import ClockCycles
from litesubordinate import DECERR, SLVERR, LiteSubordinate
from serialhost import (
    ADDRESS,
    BUS,
    CHECKSUM,
    HELLO,
    LONG,
    OK,
    READ,
    SHORT,
    TIMEOUT,
    WRITE,
    Host,
    framed,
    frames,
    line_bytes,
    line_levels,
    request,
    verdict,
)

from pyralis.sim.bench.axi import monitor_axi_lite
from pyralis.sim.bench.stream import start

BYTE = 10 * 4
"""Cycles of a byte on the line."""


class Bench:
    async def start(self, dut, stall=0.0):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.host, self.monitor = Host(dut, divisor=4), monitor_axi_lite(dut, "bus_")
        self.bus = LiteSubordinate(dut, "bus_", self.rng, stall)
        self.sequence = 0
        await start(dut)
        await ClockCycles(dut.clk, 10)
        return self

    async def ask(self, command, address=0, words=(), count=None):
        """Sends a sound request with a new sequence number; the reply's status and words."""
        self.sequence = self.sequence + 1 & 0xFF
        status, sequence, words = await self.host.ask(request(command, self.sequence, address, words, count))
        assert sequence == self.sequence
        return status, words

    async def works(self):
        """The next good frame works, and its reply is the only one."""
        address, word = 4 * self.rng.randrange(8) + 0x9000, self.rng.getrandbits(32)
        assert await self.ask(WRITE, address, [word]) == (OK, [])
        assert await self.ask(READ, address, count=1) == (OK, [word])
        await self.quiet()

    async def quiet(self):
        """No further reply comes."""
        await ClockCycles(self.dut.clk, 40 * BYTE)
        assert self.host.replies.empty(), self.host.replies.get_nowait()

    async def replies(self):
        """All that come until the line has been quiet for long enough."""
        found, starts = [], -1
        while starts != len(self.host.starts):
            starts = len(self.host.starts)
            await ClockCycles(self.dut.clk, 4 * BYTE)
        while not self.host.replies.empty():
            found.append(self.host.replies.get_nowait())
        return found


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.5])
async def words_reach_the_bus_and_come_back(dut, stall):
    bench = await Bench().start(dut, stall)
    model = {}
    assert await bench.ask(HELLO) == (OK, [1, 128])
    for n, count in enumerate([1, 2, 3, 4, 128, 2, 5, 8, 1, 1, 17, 17]):
        address = bench.rng.choice([0, 0x40, 0x8000_0000, 0xFFFF_FE00])
        if n % 4 == 3:
            got = await bench.ask(READ, address, count=count)
            assert got == (OK, [model.get(address + 4 * k, 0) for k in range(count)])
        else:
            random_words = [bench.rng.getrandbits(32) for _ in range(count)]
            words = [bench.rng.choice([0xC0C0C0C0, 0xDBDCDDC0, word]) for word in random_words]
            assert await bench.ask(WRITE, address, words) == (OK, [])
            model |= {address + 4 * k: word for k, word in enumerate(words)}
        assert bench.bus.memory == model
    assert await bench.ask(READ, 0, count=128) == (OK, [model.get(4 * k, 0) for k in range(128)])
    assert bench.monitor.strobes == {15}
    await bench.quiet()


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def a_word_costs_what_the_line_costs(dut):
    """Bytes of a reply follow each other without a gap; the reply begins soon after the request."""
    bench = await Bench().start(dut)
    await bench.ask(WRITE, 0, [0x01020304] * 128)
    bench.host.starts.clear()
    sent = len(framed(request(READ, 2, 0, count=128)))
    begin = bench.monitor.cycle
    assert await bench.ask(READ, 0, count=128) == (OK, [0x01020304] * 128)
    starts = bench.host.starts
    assert len(starts) >= 2 + 8 + 4 * 128
    assert {b - a for a, b in pairwise(starts)} == {BYTE}
    cycles = bench.monitor.cycle - begin - BYTE * (sent + len(starts))
    assert cycles < 128 * 15, f"{cycles} cycles for 128 words"


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def what_the_bus_refuses_ends_a_request(dut):
    bench = await Bench().start(dut, 0.2)
    bench.bus.refused = {0x10: SLVERR, 0x8000: DECERR}
    bench.bus.memory = {0x8: 1, 0xC: 2, 0x14: 3}
    assert await bench.ask(READ, 0x8, count=2) == (OK, [1, 2])
    assert await bench.ask(READ, 0x8, count=100) == (BUS, [0x10])
    assert await bench.ask(READ, 0x8000, count=1) == (BUS, [0x8000])
    assert await bench.ask(WRITE, 0x4, [7, 8, 9, 10, 11]) == (BUS, [0x10])
    assert bench.bus.memory == {0x4: 7, 0x8: 8, 0xC: 9, 0x14: 3}
    assert bench.bus.writes == [4, 8, 0xC, 0x10]
    await bench.works()


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def a_bus_that_hangs_is_reported_and_recovers(dut):
    bench = await Bench().start(dut)
    bus = bench.bus
    for hang in (bus.deaf, bus.mute):
        for direction, command in (("read", READ), ("write", WRITE)):
            words, count = ([5, 6], 2) if command == WRITE else ((), 2)
            hang.add(direction)
            assert await bench.ask(command, 0x100, words, count) == (TIMEOUT, [0x100])
            assert await bench.ask(command, 0x200, words, count) == (TIMEOUT, [0x200])
            assert await bench.ask(HELLO) == (OK, [1, 128])
            if command == WRITE:
                assert (await bench.ask(READ, 0x300, count=3))[0] == OK
            else:
                assert await bench.ask(WRITE, 0x300, [1, 2, 3]) == (OK, [])
            hang.clear()
            await bench.works()
            assert bench.monitor.outstanding_reads == bench.monitor.outstanding_writes == 0
            assert 0x200 not in bus.memory, "an access came after its TIMEOUT"
            bus.memory.clear()


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def a_repeated_write_is_answered_and_not_carried_out(dut):
    bench = await Bench().start(dut)
    bus, host = bench.bus, bench.host
    once = request(WRITE, 7, 0x20, [1, 2])
    assert await host.ask(once) == (OK, 7, [])
    bus.memory[0x20] = 99
    for between in (None, request(READ, 8, 0x21, count=1), request(WRITE, 7, 0x21, [1, 2]), once[:-1]):
        if between:
            await host.ask(between)
        assert await host.ask(once) == (OK, 7, [])
        assert bus.writes == [0x20, 0x24] and bus.memory[0x20] == 99
    # Another sequence number, other words, another address: another request.
    for other in (
        request(WRITE, 8, 0x20, [1, 2]),
        request(WRITE, 8, 0x20, [1, 3]),
        request(WRITE, 8, 0x24, [1, 3]),
        once,
    ):
        bus.writes.clear()
        assert await host.ask(other) == (OK, other[1], [])
        assert len(bus.writes) == 2
        assert await host.ask(other) == (OK, other[1], [])
        assert len(bus.writes) == 2
    # Whatever has been carried out since makes it a new one.
    for between in (request(HELLO, 0), request(READ, 7, 0x20, count=2), request(WRITE, 7, 0x20, [2, 1])):
        assert (await host.ask(between))[0] == OK
        bus.writes.clear()
        assert await host.ask(once) == (OK, 7, [])
        assert len(bus.writes) == 2


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def a_repeated_write_that_failed_fails_again(dut):
    bench = await Bench().start(dut)
    bus, host = bench.bus, bench.host
    bus.refused = {0x24: SLVERR}
    refused = request(WRITE, 9, 0x20, [1, 2, 3])
    assert await host.ask(refused) == (BUS, 9, [0x24])
    bus.refused.clear()
    assert await host.ask(refused) == (BUS, 9, [0x24])
    assert bus.writes == [0x20, 0x24]
    bus.mute.add("write")
    late = request(WRITE, 10, 0x30, [4])
    assert await host.ask(late) == (TIMEOUT, 10, [0x30])
    bus.mute.clear()
    assert await host.ask(late) == (TIMEOUT, 10, [0x30])
    assert bus.writes == [0x20, 0x24, 0x30]
    await bench.works()


def spoil_bytes(rng, coded):
    """Levels of a frame with flipped bits, lost stop bits, a cut, or an excess."""
    coded, kind = bytearray(coded), rng.randrange(6)
    if kind < 2:
        for _ in range(rng.choice([1, 1, 2, 5])):
            coded[rng.randrange(len(coded))] ^= 1 << rng.randrange(8)
    elif kind == 3:  # cut anywhere; the next frame's END ends it
        coded = coded[: rng.randrange(2, len(coded))]
    elif kind == 4:
        at = rng.randrange(1, len(coded))
        coded[at:at] = rng.randbytes(rng.randrange(1, 20))
    elif kind == 5:
        coded[rng.randrange(1, len(coded))] = 0xC0
    levels = line_levels(coded)
    if kind == 2:
        at = 10 * rng.randrange(len(coded))
        levels[at + 9 : at + 10] = [0, 1]
    return levels


def spoil_bits(rng, coded):
    """Levels of a frame in which any bit, start and stop bits too, is flipped, lost or there twice."""
    levels = line_levels(coded)
    for _ in range(rng.choice([1, 1, 1, 3, 10])):
        at, kind = rng.randrange(len(levels)), rng.randrange(4)
        levels[at : at + 1] = {0: [], 1: [levels[at]] * 2}.get(kind, [1 - levels[at]])
    return levels


@cocotb.test(timeout_time=50, timeout_unit="ms")
@cocotb.parametrize(spoil=[spoil_bytes, spoil_bits])
async def damaged_frames_get_one_reply_and_do_nothing(dut, spoil):
    """A model says which replies each damaged frame gets; nothing is written; the next good frame works."""
    bench = await Bench().start(dut)
    rng, seen, pieces, model = bench.rng, Counter(), Counter(), {}
    while len(model) < 40:
        words = [rng.getrandbits(32) for _ in range(rng.randrange(1, 7))]
        levels = spoil(rng, framed(request(WRITE, rng.randrange(256), 0x1000, words)))
        bodies = frames([*line_bytes(levels), (0xC0, False)])
        expected = [(verdict(*frame), (frame[0] + b"\0")[1], []) for frame in bodies]
        if len(expected) > 2 or OK in {status for status, _, _ in expected}:
            continue  # more than may come at once, or a change that damages nothing
        await bench.host.bits(levels)
        await ClockCycles(dut.clk, BYTE)  # what is left of a byte
        await bench.host.send(b"\xc0")  # begins the next frame, and ends this one if nothing else has
        assert await bench.replies() == expected
        pieces[len(expected)] += 1
        seen.update(status for status, _, _ in expected)
        at, word = 4 * len(model), rng.getrandbits(32)
        assert await bench.ask(WRITE, at, [word]) == (OK, [])
        model[at] = word
        assert bench.bus.memory == model and len(bench.bus.writes) == len(model)
    assert seen[CHECKSUM] > 20 and pieces[1] > 20, (seen, pieces)
    assert spoil is spoil_bits or (seen[SHORT] > 3 and pieces[2] > 2), (seen, pieces)
    await bench.quiet()


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def noise_breaks_and_overlong_frames_pass(dut):
    bench = await Bench().start(dut)
    host, rng = bench.host, bench.rng
    await host.send(b"\xc0" + rng.randbytes(600).replace(b"\xc0", b"\0").replace(b"\xdb", b"\1") + b"\xc0")
    assert [status for status, _, _ in await bench.replies()] == [LONG]
    await bench.works()
    await host.send(framed(request(WRITE, 1, 0x40, [1, 2, 3]))[:9] + b"\xc0")  # cut, and ended
    assert [status for status, _, _ in await bench.replies()] == [SHORT]
    await bench.works()
    await host.bits([0] * 100)  # a break: one damaged byte, which the next END ends
    await ClockCycles(dut.clk, BYTE)
    assert await bench.replies() == []
    await host.send(framed(request(READ, 5, 0x9000, count=1)))
    assert [reply[:2] for reply in await bench.replies()] == [(SHORT, 0), (OK, 5)]
    for noise in (b"\xdb", b"\x55" * 30, b"\xdb\xdb\xdb", bytes(40), b"\xff"):
        await host.send(noise)
        await host.send(framed(request(READ, 6, 0x9000, count=1)))
        got = await bench.replies()
        assert len(got) == (1 if noise == b"\xdb" else 2) and got[-1][:2] == (OK, 6), f"{noise}: {got}"
    assert await bench.ask(READ, 0x9001, count=1) == (ADDRESS, [])
    await host.send(b"\xc0" * 50)
    await bench.quiet()
    await bench.works()


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def requests_ahead_of_their_replies(dut):
    """One request may be sent while a reply is coming; more at once may be lost, and nothing hangs."""
    bench = await Bench().start(dut)
    host = bench.host
    await bench.ask(WRITE, 0, list(range(40)))
    first = cocotb.start_soon(host.ask(request(READ, 1, 0, count=40)))
    while int(dut.tx.value):
        await ClockCycles(dut.clk, 1)
    await host.send(framed(request(WRITE, 2, 0x80, [7])))
    assert await first == (OK, 1, list(range(40)))
    assert await host.replies.get() == (OK, 2, [])
    for n in range(6):
        await host.send(framed(request(READ, n, 0, count=20)))
    got = await bench.replies()
    assert got[0] == (OK, 0, list(range(20))) and len(got) >= 2
    assert {status for status, _, _ in got} == {OK, CHECKSUM}
    await bench.works()


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def reset_at_any_moment(dut):
    bench = await Bench().start(dut)
    for _ in range(12):
        task = cocotb.start_soon(bench.host.send(framed(request(WRITE, 1, 0x40, [1, 2]))))
        await ClockCycles(dut.clk, bench.rng.randrange(1, 22 * BYTE))
        task.cancel()
        dut.rx.value = 1
        dut.rst.value = 1
        await ClockCycles(dut.clk, 10 * BYTE)
        dut.rst.value = 0
        while not bench.host.replies.empty():
            bench.host.replies.get_nowait()
        await bench.works()
