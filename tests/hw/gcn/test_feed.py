"""RTL of pyralis.hw.gcn.feed against loops over rows and slices."""

import random

import pytest

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.feed import Feed
from tests.support.pysim import answer, simulate, take

CONFIG = GcnConfig(columns=4, pe_rows=4)
SHAPES = [(0, 3, 3), (0, 1, 1), (0, 0, 2), (2, 2, 5), (0, 2, 5), (0, 1, 4), (1, 1, 2), (3, 3, 3), (0, 0, 0)]
"""``begin``, ``boundary``, ``end``: one source, two, the second alone, behind an aggregation, none."""
ALL = 0xFFFF


def content(address: int) -> int:
    """What stands in the row store: tells its address."""
    return (address + 1) * 0x9E37_79B9_7F4A_7C15 % (1 << CONFIG.row_bits)


def places(column, shape, settings, rows):
    """Row, slice and address of all that is fed, in order."""
    begin, boundary, end = shape
    for row in range(rows):
        for s in range(begin, end):
            if s < boundary:
                start = settings["base"] + s * settings["stride"]
            else:
                start = settings["second_base"] + (s - boundary) * settings["second_stride"]
            yield row, s, start + row * CONFIG.columns + column


def random_settings(rng, shape):
    names = ("base", "stride", "second_base", "second_stride")
    fields = {name: CONFIG.columns * rng.randrange(1024 if name.endswith("base") else 128) for name in names}
    return fields | dict(zip(("begin", "boundary", "end"), shape, strict=True))


class Bench:
    """Runs phase after phase; ``rows`` has what the sink took, ``asked`` the addresses, with their cycles."""

    def __init__(self, column, rng, *, latency=6, stall=0.0, slow=0.0):
        self.column, self.rng = column, rng
        self.dut = Feed(CONFIG, column)
        self.got, self.asked = [], []
        self.sides = [
            take(self.dut.rows, self.got, rng, slow),
            answer(self.dut.requests, self.dut.word, latency, content, rng, stall),
            self.watch,
        ]

    async def watch(self, ctx):
        """Addresses at their first cycle on offer, and how many groups were allowed in the cycle before."""
        dut, fresh, allowed, cycle = self.dut, True, 0, 0
        while True:
            _, _, valid, ready, address, now = await ctx.tick().sample(
                dut.requests.valid, dut.requests.ready, dut.requests.payload, dut.allowed
            )
            if valid and fresh:
                self.asked.append((cycle, address, allowed))
            fresh, allowed, cycle = not valid or ready, now, cycle + 1

    async def phase(self, ctx, shape, rows, *, grow=1.0):
        """One phase; with probability *grow* a cycle, one more group is allowed."""
        dut, settings = self.dut, random_settings(self.rng, shape)
        expected = list(places(self.column, shape, settings, rows))
        self.got.clear()
        self.asked.clear()
        ctx.set(dut.settings, settings)
        ctx.set(dut.row_count, rows)
        ctx.set(dut.allowed, ALL)  # of the phase before
        ctx.set(dut.start, 1)
        assert not ctx.get(dut.busy)
        await ctx.tick()
        ctx.set(dut.start, 0)
        assert ctx.get(dut.busy) == bool(expected)
        await ctx.tick()
        assert not ctx.get(dut.requests.valid), "by what was allowed before"
        allowed = 0 if grow < 1 else ALL
        ctx.set(dut.allowed, allowed)
        while ctx.get(dut.busy):
            assert len(self.got) < len(expected)
            await ctx.tick()
            if allowed < ALL and self.rng.random() < grow:
                allowed += 1
                ctx.set(dut.allowed, allowed)
        for _ in range(12):  # nothing more comes
            await ctx.tick()
            assert not ctx.get(dut.busy)
        assert [address for _, address, _ in self.asked] == [address for *_, address in expected]
        got = [(row.row, row.slice, row.data) for _, row in self.got]
        assert got == [(row, s, content(address)) for row, s, address in expected]
        for (_, _, limit), (row, _, _) in zip(self.asked, expected, strict=True):
            assert row // CONFIG.pe_rows < limit, "a group that may not be fed yet"
        return expected


@pytest.mark.parametrize(
    ("column", "stall", "slow", "grow"),
    [
        (0, 0.0, 0.0, 1.0),
        (3, 0.5, 0.2, 0.05),
        (1, 0.1, 0.7, 0.3),
        (2, 0.0, 0.0, 0.02),
    ],
)
def test_all_rows_with_their_slices(column, stall, slow, grow):
    rng = random.Random(column)
    bench = Bench(column, rng, latency=rng.choice((5, 8)), stall=stall, slow=slow)

    async def phases(ctx):
        for rows in (0, 1, 3, 4, 5, 18):
            for shape in SHAPES:
                await bench.phase(ctx, shape, rows, grow=grow)

    simulate(bench.dut, phases, background=bench.sides)


@pytest.mark.parametrize("latency", [5, 8])
def test_a_slice_a_cycle(latency):
    """Whatever the rounds of the row store (latency 5 to 8)."""
    bench = Bench(1, random.Random(1), latency=latency)

    async def phases(ctx):
        for shape in ((0, 1, 1), (0, 2, 3)):
            await bench.phase(ctx, shape, 50)
            for times in ([cycle for cycle, *_ in bench.asked], [cycle for cycle, _ in bench.got]):
                assert times == list(range(times[0], times[0] + len(times)))

    simulate(bench.dut, phases, background=bench.sides)


class Gate(random.Random):
    """Stalls for as long as it is closed."""

    def __init__(self, closed):
        super().__init__()
        self.closed = closed

    def random(self):
        return 0.0 if self.closed[0] else 1.0


def test_no_more_reads_than_there_is_room_for():
    """The consumer takes nothing for a long time."""
    rng = random.Random(9)
    bench, closed = Bench(2, rng), [True]
    bench.sides[0] = take(bench.dut.rows, bench.got, Gate(closed), 0.5)

    async def opening(ctx):
        await ctx.tick().repeat(80)
        assert not bench.got and 8 < len(bench.asked) <= 17
        closed[0] = False

    async def phase(ctx):
        await bench.phase(ctx, (0, 2, 2), 40)

    simulate(bench.dut, phase, opening, background=bench.sides)
