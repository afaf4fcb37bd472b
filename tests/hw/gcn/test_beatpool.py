"""RTL of pyralis.hw.gcn.beatpool against lists."""

import random
from itertools import pairwise

import pytest
from pysim import simulate

from pyralis.hw.gcn.beatpool import POOL_BEATS, BeatPool
from pyralis.hw.gcn.config import GcnConfig

COLUMNS = 4
CONFIG = GcnConfig(columns=COLUMNS)


class Scene:
    """Columns that bring beats, and someone who reads what is there of them."""

    def __init__(self, counts: list[int], rng: random.Random, pause: float, eager: float) -> None:
        self.pool, self.rng = BeatPool(CONFIG), rng
        self.pause, self.eager = pause, eager
        self.content = [[rng.getrandbits(CONFIG.bus_bits) for _ in range(count)] for count in counts]
        self.first = [rng.randrange(POOL_BEATS) for _ in counts]
        self.left = [0] * COLUMNS
        self.got: list[list[int]] = [[] for _ in counts]
        self.taken: list[int] = []
        """Column of each beat, in order."""
        self.reads: list[bool] = []
        self.most = 0

    async def begin(self, ctx):
        pool = self.pool
        for column, place in enumerate(self.first):
            ctx.set(pool.begin, {"valid": 1, "column": column, "place": place})
            await ctx.tick()
        ctx.set(pool.begin.valid, 0)
        ctx.set(pool.start, 1)
        ctx.set(pool.empty, sum(1 << n for n, content in enumerate(self.content) if not content))
        await ctx.tick()
        ctx.set(pool.start, 0)

    async def columns(self, ctx):
        """A column announces its next beat, which then stands until it is taken."""
        pool, rng = self.pool, self.rng
        await self.begin(ctx)
        stands = [False] * COLUMNS
        while self.left != [len(content) for content in self.content]:
            coming, last = 0, 0
            taken, ended = ctx.get(pool.taken), ctx.get(pool.ended)
            assert not any(ended >> n & 1 and self.left[n] < len(own) for n, own in enumerate(self.content))
            assert taken & (taken - 1) == 0, "one at a time"
            for n, content in enumerate(self.content):
                if taken >> n & 1:
                    assert stands[n], "a beat is taken that does not stand there"
                    self.taken.append(n)
                    ctx.set(pool.beats[n], content[self.left[n]])
                    last |= (self.left[n] == len(content) - 1) << n
                    self.left[n] += 1
                    stands[n] = False
                else:
                    ctx.set(pool.beats[n], rng.getrandbits(CONFIG.bus_bits))
                if not stands[n] and self.left[n] < len(content) and rng.random() >= self.pause:
                    stands[n] = True
                coming |= stands[n] << n
            ctx.set(pool.last, last)
            ctx.set(pool.coming, coming)
            await ctx.tick()
        ctx.set(pool.coming, 0)
        await ctx.tick().repeat(4)
        while any(len(own) < len(content) for own, content in zip(self.got, self.content, strict=True)):
            await ctx.tick()
        assert ctx.get(pool.ended) == (1 << COLUMNS) - 1
        assert not any(ctx.get(pool.there[n]) for n in range(COLUMNS))

    async def reader(self, ctx):
        """Promises a run of a column, and reads it; the beat of a read comes one cycle later."""
        pool, rng, due, run = self.pool, self.rng, None, []
        while True:
            ctx.set(pool.promise.valid, 0)
            ctx.set(pool.read.valid, 0)
            there = [ctx.get(pool.there[n]) for n in range(COLUMNS)]
            self.most = max(self.most, *there)
            if due is not None:
                self.got[due].append(ctx.get(pool.beat))
                due = None
            if not run and any(there) and rng.random() < self.eager:
                column = rng.choice([n for n in range(COLUMNS) if there[n]])
                beats = rng.randint(1, there[column])
                ctx.set(pool.promise, {"valid": 1, "column": column, "beats": beats})
                run = [column] * beats
            elif run:
                due = run.pop()
                place = (self.first[due] + len(self.got[due])) % POOL_BEATS
                ctx.set(pool.read, {"valid": 1, "column": due, "place": place})
            self.reads.append(due is not None)
            await ctx.tick()


@pytest.mark.parametrize("pause", [0.0, 0.6])
@pytest.mark.parametrize("eager", [1.0, 0.05])
def test_beats_of_each_column_are_read_in_order(pause, eager):
    scene = Scene([150, 0, 40, 90], random.Random(4), pause, eager)
    simulate(scene.pool, scene.columns, background=[scene.reader])
    assert scene.got == scene.content
    assert scene.most <= POOL_BEATS
    if eager < 1:
        assert scene.most == POOL_BEATS


def test_columns_are_served_in_turn_and_one_alone_each_cycle():
    scene = Scene([20, 20, 20, 20], random.Random(5), 0.0, 1.0)
    simulate(scene.pool, scene.columns, background=[scene.reader])
    places = [[at for at, n in enumerate(scene.taken[:32]) if n == column] for column in range(COLUMNS)]
    assert all(later - before == COLUMNS for own in places for before, later in pairwise(own))

    alone, taken = Scene([POOL_BEATS], random.Random(6), 0.0, 0.0), []
    alone.content += [[], [], []]
    alone.first += [0, 0, 0]

    async def watch(ctx):
        while True:
            taken.append(ctx.get(alone.pool.taken))
            await ctx.tick()

    async def enough(ctx):
        await ctx.tick().repeat(40)
        assert ctx.get(alone.pool.there[0]) == POOL_BEATS

    simulate(alone.pool, enough, background=[alone.columns, watch])
    assert taken.count(1) == POOL_BEATS
    first = taken.index(1)
    assert taken[first : first + POOL_BEATS] == [1] * POOL_BEATS
