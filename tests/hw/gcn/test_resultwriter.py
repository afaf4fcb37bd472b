"""RTL of pyralis.hw.gcn.resultwriter against lists: which jobs it sends, and the beats behind them."""

import random
from itertools import accumulate, pairwise

import pytest
from pysim import simulate, take

from pyralis.hw.gcn.beatpool import POOL_BEATS
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.resultwriter import JOB_BEATS, SHORT_BEATS, ResultWriter

COLUMNS, BEAT = 4, 8
CONFIG = GcnConfig(columns=COLUMNS)
OUTSTANDING = CONFIG.handler.dma.outstanding


class Scene:
    """A pool that fills by itself, and a handler that is done with jobs in its own time."""

    def __init__(
        self, counts: list[int], rng: random.Random, *, fill: float, stall: float, answer: float = 0.1
    ) -> None:
        self.answer = answer
        self.writer, self.rng, self.counts, self.fill, self.stall = (
            ResultWriter(CONFIG),
            rng,
            counts,
            fill,
            stall,
        )
        self.base, self.address, self.stride = 0x12_3456_7000, 5 * BEAT, 24 * BEAT
        self.begun: dict[int, int] = {}
        self.there, self.came, self.held = [0] * COLUMNS, [0] * COLUMNS, [0] * COLUMNS
        self.read = [0] * COLUMNS
        self.jobs: list = []
        self.data: list = []
        self.done = 0

    def word(self, column: int, number: int) -> int:
        return column << 32 | number

    async def run(self, ctx):
        """One phase; between ``start`` and the end of the phase, counts what a pool would."""
        writer = self.writer
        ctx.set(writer.output_address, self.base)
        ctx.set(writer.address, self.address)
        ctx.set(writer.stride, self.stride)
        ctx.set(writer.start, 1)
        await ctx.tick()
        ctx.set(writer.start, 0)
        ctx.set(writer.output_address, 0)
        while not ctx.get(writer.placed):
            self._begin(ctx)
            await ctx.tick()
        assert sorted(self.begun) == list(range(COLUMNS))
        while ctx.get(writer.busy):
            ctx.set(writer.ended, sum(1 << n for n in range(COLUMNS) if self.came[n] == self.counts[n]))
            for n in range(COLUMNS):
                ctx.set(writer.there[n], self.there[n])
            finished = self._written() > self.done and self.rng.random() < self.answer
            ctx.set(writer.done, finished)
            _, _, promise, read = await ctx.tick().sample(writer.promise, writer.read)
            self.done += finished
            if promise.valid:
                assert promise.beats <= self.there[promise.column]
                self.there[promise.column] -= promise.beats
            if read.valid:
                column = read.column
                assert read.place == (self.begun[column] + self.read[column]) % POOL_BEATS
                ctx.set(writer.beat, self.word(column, self.read[column]))
                self.read[column] += 1
                self.held[column] -= 1
            for n in range(COLUMNS):
                more = self.came[n] < self.counts[n] and self.held[n] < POOL_BEATS
                if more and self.rng.random() < self.fill:
                    self.came[n] += 1
                    self.held[n] += 1
                    self.there[n] += 1
        assert self.done == len(self.jobs), "busy until all jobs are done"

    def _written(self) -> int:
        """Jobs of which all beats have been taken."""
        ends = accumulate(job.beats for _, job in self.jobs)
        return sum(end <= len(self.data) for end in ends)

    def _begin(self, ctx):
        if ctx.get(self.writer.begin.valid):
            self.begun[ctx.get(self.writer.begin.column)] = ctx.get(self.writer.begin.place)

    def check(self):
        lines = {}
        words = iter(word for _, word in self.data)
        for _, job in self.jobs:
            line, beats = job.address // BEAT, job.beats
            assert job.address % BEAT == 0
            assert 1 <= beats <= JOB_BEATS
            assert line // JOB_BEATS == (line + beats - 1) // JOB_BEATS
            for n in range(beats):
                lines[line + n] = next(words)
        assert not list(words)
        first = (self.base + self.address) // BEAT
        assert lines == {
            first + column * self.stride // BEAT + n: self.word(column, n)
            for column in range(COLUMNS)
            for n in range(self.counts[column])
        }


@pytest.mark.parametrize("stall", [0.0, 0.5])
@pytest.mark.parametrize("fill", [1.0, 0.1])
@pytest.mark.parametrize("counts", [[24, 20, 1, 7], [0, 24, 0, 3], [0, 0, 0, 0], [8, 9, 10, 11]])
def test_all_beats_are_written_where_they_belong(counts, fill, stall):
    rng = random.Random(sum(counts))
    scene = Scene(counts, rng, fill=fill, stall=stall)
    sinks = [take(scene.writer.jobs, scene.jobs, rng, stall), take(scene.writer.data, scene.data, rng, stall)]
    simulate(scene.writer, scene.run, background=sinks)
    scene.check()
    if fill == 0.1:  # nothing but whole and half jobs, and the beginning and the end of each column
        assert len(scene.jobs) <= sum(-(-count // SHORT_BEATS) + 1 for count in counts if count)


@pytest.mark.parametrize(("answer", "least", "most"), [(1.0, 8, 20), (0.005, 1, OUTSTANDING + 1)])
def test_half_jobs_are_sent_while_the_bus_is_quick(answer, least, most):
    rng = random.Random(2)
    scene = Scene([24] * COLUMNS, rng, fill=0.05, stall=0.0, answer=answer)
    sinks = [take(scene.writer.jobs, scene.jobs, rng), take(scene.writer.data, scene.data, rng)]
    simulate(scene.writer, scene.run, background=sinks)
    scene.check()
    first = (scene.base + scene.address) // BEAT
    ends = [job.address // BEAT + job.beats for _, job in scene.jobs]
    inside = [end for end in ends if (end - first) % (scene.stride // BEAT)]  # not of a column
    halves = [end for end in inside if end % JOB_BEATS]
    assert all(end % SHORT_BEATS == 0 for end in halves)
    assert least <= len(halves) <= most


def test_beats_leave_without_gaps():
    rng = random.Random(1)
    scene = Scene([24] * COLUMNS, rng, fill=1.0, stall=0.0)
    sinks = [take(scene.writer.jobs, scene.jobs, rng), take(scene.writer.data, scene.data, rng)]
    simulate(scene.writer, scene.run, background=sinks)
    cycles = [cycle for cycle, _ in scene.data]
    assert len(cycles) == 24 * COLUMNS
    gaps = sum(later - before - 1 for before, later in pairwise(cycles))
    assert gaps <= 6, "but for the last jobs, which are short"
