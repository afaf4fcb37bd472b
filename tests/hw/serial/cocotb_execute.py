"""cocotb side of test_execute.py: random requests against a model of what each does."""

from collections import Counter

import cocotb
from cocotb.triggers import RisingEdge
from serialhost import BUS, HELLO, OK, READ, TIMEOUT, WRITE

from pyralis.sim.bench.stream import StreamSink, StreamSource, between_streams, stalls

DONE, REFUSED, LATE = range(3)


class Bench:
    """Plays the frame receiver's memory, the bus and the reply's memory."""

    async def start(self, dut, stall):
        self.accesses, self.results = StreamSink(dut, "accesses"), StreamSource(dut, "results")
        dut.word.value = 0
        self.dut, self.words, self.reply_words = dut, [0] * 128, [None] * 128
        self.requests, self.replies, self.streams, self.rng = await between_streams(
            dut, "requests", "replies", stall
        )
        if stall:
            self.accesses.set_pause_generator(stalls(self.rng, stall))
            self.results.set_pause_generator(stalls(self.rng, stall))
        self.memory, self.outcomes, self.carried_out = {}, {}, []
        cocotb.start_soon(self._memories())
        cocotb.start_soon(self._bus())
        return self

    async def _memories(self):
        """A word comes two cycles after its index: the register of the memory and one behind it."""
        indices = [0]
        while True:
            await RisingEdge(self.dut.clk)
            self.dut.word.value = self.words[indices.pop(0)]
            indices.append(int(self.dut.index.value))
            word = int(self.dut.reply_word.value)
            if word & 1:
                self.reply_words[word >> 1 & 127] = word >> 8

    async def _bus(self):
        while True:
            access = await self.accesses.recv_int()
            write, address, data = access & 1, access >> 1 & 0xFFFF_FFFF, access >> 33
            self.carried_out.append((bool(write), address))
            outcome = self.outcomes.get(address, DONE)
            if write and outcome == DONE:
                self.memory[address] = data
            await self.results.send_int(outcome | self.memory.get(address, 0) << 2)

    async def ask(self, command, sequence, address=0, words=(), count=None, *, status=OK, crc=0):
        """(status, words) of the reply, whose sequence number is checked."""
        count = len(words) if count is None else count
        self.words[: len(words)] = words
        self.reply_words = [None] * 128
        fields = ((status, 4), (command, 2), (sequence, 8), (count, 8), (address, 32), (crc, 32))
        payload = shift = 0
        for value, width in fields:
            payload, shift = payload | value << shift, shift + width
        before = self.streams["replies"].transfers
        await self.requests.send_int(payload)
        await self.requests.wait()
        assert self.streams["replies"].transfers == before, "the reply came before the request was released"
        reply = await self.replies.recv_int()
        assert reply >> 4 & 0xFF == sequence
        return reply & 15, self.reply_words[: reply >> 12]


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def requests_match_a_model(dut, stall):
    bench = await Bench().start(dut, stall)
    rng, model, last, seen = bench.rng, {}, None, Counter()
    bench.outcomes = {0x40: REFUSED, 0x60: LATE}
    for _ in range(200):
        kind, sequence, crc = rng.choice([0, 1, 1, 2, 3, 4, 4, 4, 4, 4]), rng.randrange(2), rng.randrange(2)
        address, count = 4 * rng.randrange(32), rng.choice([1, 2, 5, 16])
        span = [address + 4 * n for n in range(count)]
        fault = next((at for at in span if at in bench.outcomes), None)
        good = span if fault is None else span[: span.index(fault)]
        bad = fault is not None and (BUS if bench.outcomes[fault] == REFUSED else TIMEOUT, [fault])
        bench.carried_out.clear()
        if kind == 0:
            assert await bench.ask(HELLO, sequence, address, count=rng.randrange(256)) == (OK, [1, 128])
            last, expected = None, []
        elif kind == 1:
            status = rng.choice([1, 2, 3, 4, 5, 6, 7])
            got = await bench.ask(rng.randrange(3), sequence, address, count=3, status=status)
            assert got == (status, [])
            expected, kind = [], "unsound"
        elif kind < 4:
            got = await bench.ask(READ, sequence, address, count=count)
            assert got == (bad or (OK, [model.get(at, 0) for at in span]))
            last, expected = None, [(False, at) for at in span[: len(good) + bool(bad)]]
        else:
            words = [rng.getrandbits(32) for _ in range(count)]
            got = await bench.ask(WRITE, sequence, address, words, crc=crc)
            if last and last[:2] == (sequence, crc):
                assert got == last[2]
                expected, kind = [], "repeated"
            else:
                assert got == (bad or (OK, []))
                model |= dict(zip(good, words, strict=False))
                expected = [(True, at) for at in span[: len(good) + bool(bad)]]
                last = sequence, crc, got
                kind = 4
        assert bench.carried_out == expected and bench.memory == model
        seen[kind, got != (OK, []) if kind == "repeated" else bool(bad)] += 1
    assert all(seen[kind, bad] > 2 for kind in (2, 3, 4, "repeated") for bad in (False, True)), seen
    assert seen["unsound", False] > 2 and seen[0, False] > 2


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def the_longest_requests(dut):
    bench = await Bench().start(dut, 0)
    words = [bench.rng.getrandbits(32) for _ in range(128)]
    assert await bench.ask(WRITE, 1, 0xFFFF_FE00, words) == (OK, [])
    assert await bench.ask(READ, 2, 0xFFFF_FE00, count=128) == (OK, words)
    assert len(bench.carried_out) == 256
    times = bench.streams["accesses"].times
    assert (times[127] - times[0]) / 127 <= 7, "cycles for a word"
