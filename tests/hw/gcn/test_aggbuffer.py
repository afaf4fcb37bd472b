"""RTL of pyralis.hw.gcn.aggbuffer against lists."""

import random

import pytest
from amaranth.sim import Simulator

from pyralis.hw.gcn.aggbuffer import FETCH_LATENCY, AggBuffer, chunks
from pyralis.hw.gcn.config import PRESETS, GcnConfig

CONFIG = GcnConfig(lanes=4, pe_rows=4, group_bytes=32)
R, L = CONFIG.pe_rows, CONFIG.lanes
WORDS = 2 * CONFIG.group_bytes // L


@pytest.mark.parametrize("slices", [1, 2, 3, 8])
@pytest.mark.parametrize("rows", [0, 3, 32, 37])
def test_groups_are_handed_over_whole(slices, rows):
    """Rows come in any order that `allowed` permits; groups leave in order, skewed."""
    rng, buffer = random.Random(100 * slices + rows), AggBuffer(CONFIG)
    stride = (slices - 1).bit_length()
    fit = min(8, WORDS >> stride)
    content = {(r, s): [rng.randrange(256) for _ in range(L)] for r in range(rows) for s in range(slices)}
    groups = -(-rows // R) + 1  # one more, without rows
    fetched, most = [], 0

    async def writer(ctx):
        nonlocal most
        ctx.set(buffer.settings, {"rows": rows, "slices": slices, "stride": stride})
        await ctx.tick().repeat(3)
        ctx.set(buffer.start, 1)
        await ctx.tick()
        ctx.set(buffer.start, 0)
        await ctx.tick()
        left = sorted(content)
        while left:
            allowed = ctx.get(buffer.allowed)
            may = [key for key in left if key[0] // R < allowed]
            most = max(most, len({key[0] // R for key in may}))
            key = rng.choice(may or left[:1])
            ctx.set(
                buffer.rows.payload,
                {
                    "row": key[0],
                    "slice": key[1],
                    "data": int.from_bytes(bytes(content[key]), "little"),
                },
            )
            ctx.set(buffer.rows.valid, 1)
            ready = ctx.get(buffer.rows.ready)
            assert not ctx.get(buffer.rows.valid) or ready or not may, "a row that is allowed never waits"
            if ready:  # of a group that is allowed, or will be in the next cycle
                assert key[0] // R <= allowed
                left.remove(key)
            await ctx.tick()
            ctx.set(buffer.rows.valid, 0)
            if rng.random() < 0.2:
                await ctx.tick()

    async def reader(ctx):
        await ctx.tick().repeat(5)
        for group in range(groups):
            while not ctx.get(buffer.offered):
                await ctx.tick()
            ctx.set(buffer.take, 1)
            await ctx.tick()
            ctx.set(buffer.take, 0)
            assert not ctx.get(buffer.offered)
            base = (group << stride) % WORDS * L
            for n in range(slices * L):
                ctx.set(buffer.fetch.address, base + n)
                ctx.set(buffer.fetch.release, n == slices * L - 1)
                fetched.append((group, n, base + n))
                await ctx.tick()
                ctx.set(buffer.fetch.release, 0)
            gap = rng.randrange(3)
            for _ in range(gap):
                await ctx.tick()

    seen = []

    async def watcher(ctx):
        history = []
        while True:
            history.append((ctx.get(buffer.fetch.address), ctx.get(buffer.fetch.release), len(fetched)))
            elements = [ctx.get(buffer.elements[i]) for i in range(R)]
            below = ctx.get(buffer.next_fetch.address), ctx.get(buffer.next_fetch.release)
            seen.append((elements, below))
            if len(history) > R:
                assert below == history[-1 - R][:2]
            await ctx.tick()

    starts = []  # cycle and place of each fetch

    async def recorder(ctx):
        cycle, known = 0, 0
        while True:
            if len(fetched) > known:
                starts.append((cycle, *fetched[known][:2]))
                known = len(fetched)
            await ctx.tick()
            cycle += 1

    simulator = Simulator(buffer)
    simulator.add_clock(4e-9)
    simulator.add_testbench(writer)
    simulator.add_testbench(reader)
    simulator.add_testbench(watcher, background=True)
    simulator.add_testbench(recorder, background=True)
    simulator.run()
    checked = 0
    for cycle, group, n in starts:
        for i in range(R):
            row, at = group * R + i, cycle + FETCH_LATENCY + i
            if row < rows and at < len(seen):
                assert seen[at][0][i] == content[row, n // L][n % L], f"group {group}, row {i}, element {n}"
                checked += 1
    assert checked >= rows * slices * L - R * L
    assert most == min(fit, -(-rows // R))


def test_the_number_of_chunks():
    assert [chunks(PRESETS[name]) for name in ("tiny", "z32")] == [8, 8]
    assert chunks(GcnConfig(lanes=8, group_bytes=8)) == 2
