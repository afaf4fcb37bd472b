"""cocotb side of test_access.py: a subordinate that dawdles, refuses and hangs."""

import os
from collections import Counter

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge
from litesubordinate import DECERR, SLVERR, LiteSubordinate

from pyralis.sim.bench.axi import monitor_axi_lite
from pyralis.sim.bench.stream import between_streams

DONE, REFUSED, TIMED_OUT = range(3)
LIMIT = int(os.environ["TIMEOUT"])


class Bench:
    async def start(self, dut, stall=0.0):
        self.dut, self.monitor = dut, monitor_axi_lite(dut, "bus_")
        self.accesses, self.results, self.streams, self.rng = await between_streams(
            dut, "accesses", "results", stall
        )
        self.memory = LiteSubordinate(dut, "bus_", self.rng, stall)
        return self

    async def access(self, address, data=None):
        """(outcome, data) of a read, or of a write of *data*."""
        write = data is not None
        await self.accesses.send_int(write | address << 1 | (data or 0) << 33)
        result = await self.results.recv_int()
        return result & 3, result >> 2

    async def settle(self):
        """Waits until the bus has done with everything that has been shown."""
        await ClockCycles(self.dut.clk, 3)
        while self.monitor.outstanding_reads or self.monitor.outstanding_writes:
            await RisingEdge(self.dut.clk)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.3])
async def words_are_written_and_read(dut, stall):
    bench, model, seen = await Bench().start(dut, stall), {}, Counter()
    bench.memory.refused = {0x20: SLVERR, 0xFFFF_FFFC: DECERR}
    for _ in range(200):
        address = bench.rng.choice([0, 4, 8, 0x20, 0x8000_0000, 0xFFFF_FFFC])
        refused = address in bench.memory.refused
        if bench.rng.random() < 0.5:
            data = bench.rng.getrandbits(32)
            outcome, _ = await bench.access(address, data)
            if not refused:
                model[address] = data
        else:
            outcome, data = await bench.access(address)
            assert refused or data == model.get(address, 0)
        assert outcome == (REFUSED if refused else DONE)
        seen[outcome] += 1
    assert bench.memory.memory == model and min(seen.values()) > 20
    assert bench.monitor.strobes == {15}
    if not stall:
        channels = bench.monitor.channels
        shown = sorted(channels["aw"].times + channels["ar"].times)
        assert [time - 2 for time in shown] == bench.streams["accesses"].times


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def what_hangs_ends_in_time_and_is_swallowed_later(dut):
    """Every way of hanging, in both directions, and other accesses before the late answer comes."""
    bench = await Bench().start(dut)
    memory = bench.memory
    for hang in (memory.deaf, memory.mute):
        for direction in ("read", "write"):
            await bench.access(0x40, 0x1234)
            data = 0x5678 if direction == "write" else None
            hang.add(direction)
            for _ in range(3):  # the second and third are not shown to the bus
                assert (await bench.access(0x40, data))[0] == TIMED_OUT
                taken = bench.streams["results"].times[-1] - bench.streams["accesses"].times[-1]
                assert LIMIT <= taken <= LIMIT + 3, taken
            if direction == "read":  # the other direction goes on
                assert (await bench.access(0x44, 5))[0] == DONE
            else:
                assert (await bench.access(0x44))[0] == DONE
            before = len(memory.reads), len(memory.writes)
            hang.clear()
            await bench.settle()
            owed = 1 if hang is memory.deaf else 0  # it was accepted before, or is now
            after = len(memory.reads), len(memory.writes)
            assert sum(after) - sum(before) == owed
            await ClockCycles(dut.clk, 5)
            assert bench.results.empty(), "the late answer became a result"
            assert (await bench.access(0x48, 7))[0] == DONE
            outcome, word = await bench.access(0x40)
            assert (outcome, word) == (DONE, data or 0x1234)
            assert await bench.access(0x48) == (DONE, 7)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def an_access_waits_for_the_late_answer_before_it(dut):
    bench = await Bench().start(dut)
    bench.memory.memory |= {0: 11, 4: 22}
    bench.memory.mute.add("read")
    assert (await bench.access(0))[0] == TIMED_OUT
    await bench.accesses.send_int(4 << 1)
    await ClockCycles(dut.clk, LIMIT // 2)
    assert bench.memory.reads == [0]
    bench.memory.mute.clear()
    result = await bench.results.recv_int()
    assert (result & 3, result >> 2) == (DONE, 22) and bench.memory.reads == [0, 4]


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def answers_at_every_distance_from_the_limit(dut):
    """Whichever comes first, there is one result, and the next access has its own answer."""
    bench = await Bench().start(dut)
    seen = Counter()
    for delay in range(LIMIT - 12, LIMIT + 12):
        for data in (None, delay):
            bench.memory.memory[0] = 99
            direction = "write" if data else "read"
            bench.memory.mute.add(direction)
            await bench.accesses.send_int(bool(data) | (data or 0) << 33)
            await ClockCycles(dut.clk, delay)
            bench.memory.mute.clear()
            outcome = await bench.results.recv_int() & 3
            seen[outcome, direction] += 1
            assert await bench.access(4) == (DONE, 0)
            await bench.settle()
            assert bench.results.empty() and await bench.access(0) == (DONE, data or 99)
    assert set(seen) == {(outcome, way) for outcome in (DONE, TIMED_OUT) for way in ("read", "write")}
    assert min(seen.values()) > 5, seen
