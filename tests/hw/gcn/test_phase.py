"""RTL of pyralis.hw.gcn.phase against loops over rows, with engines that are busy at will."""

import random

import pytest

from pyralis.hw.gcn.phase import SPARSE_ROWS, Phase
from pyralis.hw.gcn.program import COMBINE
from tests.support.pysim import rubbish, simulate

FIELDS = tuple(SPARSE_ROWS.members)


def rows_of(rows, columns, clusters):
    """Rows of each column, and of each of its clusters, by dealing them out one by one."""
    counts = [0] * columns
    parts = [0] * (columns * clusters)
    for v in range(rows):
        column = v % columns
        parts[column * clusters + counts[column] % clusters] += 1
        counts[column] += 1
    return counts, parts


def descriptor(rng, rows):
    place = COMBINE["rows"]
    return rng.getrandbits(1024) & ~(((1 << place.width) - 1) << place.offset) | rows << place.offset


class Bench:
    """Runs one descriptor after the other and looks at every output in each cycle."""

    def __init__(self, rng, columns, clusters):
        self.rng, self.columns, self.clusters = rng, columns, clusters
        self.dut = Phase(COMBINE, columns, clusters)

    async def cycle(self, ctx):
        """Next cycle. What the phase does not look at just then is rubbish."""
        await ctx.tick()
        ctx.set(self.dut.descriptors.valid, 0)
        payload = self.dut.descriptors.payload
        ctx.set(payload.as_value(), rubbish(self.rng, payload))

    def state(self, ctx):
        dut = self.dut
        ports = (dut.descriptors.ready, dut.waiting, dut.start, dut.active, dut.settled, dut.ended)
        return tuple(ctx.get(port) for port in ports)

    async def one(self, ctx, rows, *, sparse, permitted_after, busy_for, stall, pause):
        """A descriptor with *rows* rows; returns the jobs, ``{number: rows}``, and cycles until the end."""
        dut, rng = self.dut, self.rng
        counts, parts = rows_of(rows, self.columns, self.clusters)
        before = ctx.get(dut.current).as_bits()
        for _ in range(pause):  # nothing comes, whatever the others do
            ctx.set(dut.permitted, rng.getrandbits(1))
            ctx.set(dut.quiet, rng.getrandbits(1))
            assert self.state(ctx) == (1, 0, 0, 0, 0, 0)
            assert ctx.get(dut.current).as_bits() == before, "stays until the next one"
            await self.cycle(ctx)
        word = descriptor(rng, rows)
        common = {name: rng.getrandbits(len(dut.sparse_rows[name])) for name in FIELDS}
        ctx.set(dut.descriptors.payload.as_value(), word)
        ctx.set(dut.descriptors.valid, 1)
        assert self.state(ctx) == (1, 0, 0, 0, 0, 0)
        await self.cycle(ctx)
        ctx.set(dut.sparse, sparse)
        ctx.set(dut.sparse_rows, common)
        ctx.set(dut.permitted, permitted_after == 0)
        assert self.state(ctx) == (0, 0, 0, 0, 0, 0)
        await self.cycle(ctx)
        for wait in range(permitted_after + 1):
            start = wait == permitted_after
            ctx.set(dut.permitted, start)
            assert self.state(ctx) == (0, 1, start, 0, 0, 0)
            assert [ctx.get(dut.row_counts[n]) for n in range(self.columns)] == counts
            assert not any(ctx.get(job.valid) for job in dut.jobs)
            await self.cycle(ctx)
        ctx.set(dut.permitted, rng.getrandbits(1))
        jobs, last, cycle = {}, 0, 1
        while True:
            missing = sparse and len(jobs) < sum(count != 0 for count in parts)
            # Quiet by chance while jobs are missing; the engine is busy for a time after the last one.
            quiet = rng.random() < 0.5 if missing else cycle - last > busy_for
            ctx.set(dut.quiet, quiet)
            ended = not missing and quiet and cycle >= 4
            assert self.state(ctx) == (0, 0, 0, 1, cycle >= 4, ended), cycle
            assert ctx.get(dut.current).as_bits() == word
            for n, job in enumerate(dut.jobs):
                wanted = bool(sparse and parts[n] and n not in jobs)
                assert ctx.get(job.valid) == wanted
                ready = rng.random() >= stall
                ctx.set(job.ready, ready)
                if wanted:
                    assert ctx.get(job.p.rows) == parts[n]
                    assert {name: ctx.get(job.p[name]) for name in FIELDS} == common
                    if ready:
                        jobs[n], last = parts[n], cycle
            await self.cycle(ctx)
            if ended:
                return jobs, cycle
            cycle += 1


@pytest.mark.parametrize(("columns", "clusters"), [(1, 1), (2, 1), (2, 2), (8, 2), (4, 4)])
def test_phases_of_any_number_of_rows(columns, clusters):
    rng = random.Random(10 * columns + clusters)
    bench = Bench(rng, columns, clusters)
    full = columns * clusters

    async def phases(ctx):
        sizes = (0, 1, columns - 1, columns, full - 1, full, full + 1)
        for rows in (*sizes, *(rng.randrange(1 << rng.randrange(1, 12)) for _ in range(20))):
            for sparse in (0, 1):
                jobs, _ = await bench.one(
                    ctx,
                    rows,
                    sparse=sparse,
                    permitted_after=rng.choice((0, 0, rng.randrange(9))),
                    busy_for=rng.choice((0, 0, 1, rng.randrange(20))),
                    stall=rng.choice((0.0, 0.5, 0.9)),
                    pause=rng.choice((0, rng.randrange(5))),
                )
                assert sum(jobs.values()) == (rows if sparse else 0)

    simulate(bench.dut, phases)


def test_the_widest_matrix():
    """A column's number of rows has 16 bits, that of all of them more."""
    bench = Bench(random.Random(1), 8, 2)

    async def phases(ctx):
        rows = 8 * 0xFFFF
        jobs, _ = await bench.one(ctx, rows, sparse=1, permitted_after=0, busy_for=3, stall=0, pause=0)
        assert jobs == {n: 0xFFFF // 2 + (n % 2 == 0) for n in range(16)}

    simulate(bench.dut, phases)


def test_nothing_to_do_ends_after_what_start_resets_has_settled():
    bench = Bench(random.Random(2), 2, 2)

    async def phases(ctx):
        for sparse in (0, 1):
            jobs, cycles = await bench.one(
                ctx, 0, sparse=sparse, permitted_after=0, busy_for=0, stall=0, pause=0
            )
            assert (jobs, cycles) == ({}, 4)

    simulate(bench.dut, phases)
