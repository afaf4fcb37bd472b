"""RTL of pyralis.hw.gcn.scales against a list."""

import random

import pytest
from amaranth.sim import Simulator

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import Engine
from pyralis.hw.gcn.program import scale_depth
from pyralis.hw.gcn.scales import Scales

SMALL = GcnConfig(store_rows=16, hubs=0)


@pytest.mark.parametrize("engine", list(Engine))
def test_rows_find_the_scales_of_their_phase(engine):
    scales, rng = Scales(SMALL, engine), random.Random(3)
    depth, columns = scale_depth(SMALL), range(SMALL.columns)
    other = Engine.COMBINATION if engine is Engine.AGGREGATION else Engine.AGGREGATION
    held = [[rng.getrandbits(16) for _ in columns] for _ in range(depth)]
    reads = 0

    def own(row, words):
        both = rng.getrandbits(1)  # then it does not matter which engine is named
        owner = rng.choice(list(Engine)) if both else engine
        return {"valid": 1, "engine": owner, "both": both, "row": row, "scales": words}

    async def write(ctx, word):
        ctx.set(scales.write, word)
        await ctx.tick()
        ctx.set(scales.write.valid, 0)

    async def bench(ctx):
        nonlocal reads
        for row, words in enumerate(held):
            await write(ctx, own(row, words))
        for row in range(depth):
            words = [rng.getrandbits(16) for _ in columns]
            await write(ctx, {"valid": 1, "engine": other, "both": 0, "row": row, "scales": words})
        shown = [None for _ in columns]
        base = 0
        for cycle in range(400):
            if cycle % 50 == 0:  # another phase: the scales of what is not read now come meanwhile
                base = rng.randrange(depth)
                ctx.set(scales.base, base)
            replaced = rng.randrange(base) if base else None
            if replaced is not None:
                held[replaced] = [rng.getrandbits(16) for _ in columns]
                ctx.set(scales.write, own(replaced, held[replaced]))
            for column in columns:
                enable, row = rng.random() < 0.7, rng.randrange(depth - base)
                ctx.set(scales.ports[column].enable, enable)
                ctx.set(scales.ports[column].row, row)
                if enable:
                    shown[column] = held[base + row][column]
                    reads += 1
            await ctx.tick()
            ctx.set(scales.write.valid, 0)
            for column in columns:
                if shown[column] is not None:
                    assert ctx.get(scales.ports[column].scale) == shown[column]

    simulator = Simulator(scales)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    assert reads > 300


@pytest.mark.parametrize("both", [False, True])
def test_a_scale_is_there_when_its_load_has_written_it(both):
    """A phase reads while a load of its engine, or of the other one, goes on with pauses."""
    scales, rng = Scales(SMALL, Engine.COMBINATION), random.Random(5)
    depth, columns = scale_depth(SMALL), range(SMALL.columns)
    held = [[0 for _ in columns] for _ in range(depth)]
    seen = {"there": 0, "absent": 0}

    async def bench(ctx):
        for _ in range(30):
            start = rng.randrange(depth)
            count, engine = rng.randrange(1, depth - start + 1), rng.choice(list(Engine))
            own = both or engine is Engine.COMBINATION
            written, writes = start, []  # the next place; what was written in each cycle
            for cycle in range(4 * count + 6):
                load = written < start + count
                word = {"coming": load, "engine": engine, "both": both, "row": written % depth}
                word["left"] = start + count - written
                valid = load and cycle > 1 and rng.random() < 0.5
                if valid:
                    word |= {"valid": 1, "scales": [rng.getrandbits(16) for _ in columns]}
                ctx.set(scales.write, word)
                column, row, enable = rng.choice(columns), rng.randrange(depth), cycle > 1
                if rng.random() < 0.8:  # one that comes, or has come
                    row = rng.randrange(start, start + count)
                ctx.set(scales.ports[column].enable, enable)
                ctx.set(scales.ports[column].row, row)
                late = own and written <= row < start + count
                sure = row not in writes[-1:] and not late  # it need not be there at once
                wanted = held[row][column]
                if valid:
                    if own:
                        held[written] = word["scales"]
                    writes.append(written)
                    written += 1
                else:
                    writes.append(None)
                await ctx.tick()
                ctx.set(scales.ports[column].enable, 0)
                if enable:
                    there = ctx.get(scales.ports[column].there)
                    assert not (there and late), "a scale that has not come"
                    assert there or not sure, "a scale that has come"
                    if there:
                        assert ctx.get(scales.ports[column].scale) == wanted
                    seen["there" if there else "absent"] += 1

    simulator = Simulator(scales)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    assert min(seen.values()) > 100, seen
