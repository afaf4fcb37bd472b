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
