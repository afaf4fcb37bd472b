"""RTL of pyralis.hw.gcn.column alone; as a part of the engine it is in test_combination.py."""

import random
from collections import deque

import numpy as np
import pytest
from amaranth.sim import Simulator

from pyralis.hw.gcn.column import Column, CombineSettings
from pyralis.hw.gcn.config import LINE, GcnConfig
from pyralis.hw.gcn.epilogue import OutputType
from pyralis.hw.gcn.weightbuffer import READ_LATENCY
from pyralis.sim.golden.gcn.pairs import word

SMALL = GcnConfig(columns=1, lanes=4, pe_rows=2, gather_ports=2, feature_lines=16, group_bytes=16)


def settings(config, **fields):
    whole = {"gather": 1, "scaled": 1, "group_slices": 1, "epilogue": {"output": OutputType.INT32}}
    return CombineSettings(config).const(whole | fields)


@pytest.mark.parametrize("ready", [1.0, 0.3])
def test_each_row_meets_its_own_scale(ready):
    """Rows leave in another order than they came in; the scale port answers a cycle later, if asked."""
    config, rng = SMALL, random.Random(7)
    column = Column(config)
    weights = np.array([[rng.randrange(-128, 128) for _ in range(4)] for _ in range(16)], dtype=np.int8)
    rows = [[rng.randrange(16) for _ in range(length)] for length in (8, 1, 20, 3, 1, 1, 9, 2)]
    scales = [rng.randrange(1, 1 << 16) for _ in rows]
    flat = [(index, k == len(row) - 1) for row in rows for k, index in enumerate(row)]
    flat += [(0, 0)] * (-len(flat) % LINE)
    lines = [flat[at : at + LINE] for at in range(0, len(flat), LINE)]
    got, asked = {}, []

    async def bench(ctx):
        ctx.set(column.settings, settings(config))
        ctx.set(column.loads[0].payload, {"start": 0, "lines": len(lines)})
        ctx.set(column.loads[0].valid, 1)
        await ctx.tick()
        ctx.set(column.loads[0].valid, 0)
        for line in lines:
            entries = [{"index": index, "last": last} for index, last in line]
            ctx.set(column.lines[0].payload, {"entries": entries, "values": [0] * LINE})
            ctx.set(column.lines[0].valid, 1)
            await ctx.tick()
        ctx.set(column.lines[0].valid, 0)
        job = {"start": 0, "rows": len(rows), "group_rows": len(rows), "replays": 1, "base": 0, "step": 0}
        ctx.set(column.jobs[0].payload, job)
        ctx.set(column.jobs[0].valid, 1)
        await ctx.tick()
        ctx.set(column.jobs[0].valid, 0)
        words = deque([[0, 0]] * (READ_LATENCY - 1))
        for _ in range(500):
            taking = rng.random() < ready
            ctx.set(column.rows.ready, taking)
            reads = [
                ctx.get(column.reads[g].row) if ctx.get(column.reads[g].enable) else None for g in range(2)
            ]
            words.append([rng.getrandbits(34) if row is None else word(weights[row]) for row in reads])
            answer = None
            if ctx.get(column.scales.enable):
                there = rng.random() < 0.7  # else it is still being loaded
                answer = rng.getrandbits(16)
                if there:
                    asked.append(ctx.get(column.scales.row))
                    answer = scales[asked[-1]]
            if taking and ctx.get(column.rows.valid):
                got[ctx.get(column.rows.p.tag)] = [ctx.get(column.rows.p["values"][k]) for k in range(4)]
            if len(got) == len(rows):
                break
            await ctx.tick()
            for g, bits in enumerate(words.popleft()):
                ctx.set(column.words[g].as_value(), bits)
            if answer is not None:
                ctx.set(column.scales.scale, answer)
                ctx.set(column.scales.there, there)
        await ctx.tick().repeat(3)
        assert not ctx.get(column.busy) and not ctx.get(column.saturated)

    simulator = Simulator(column)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    wide = weights.astype(np.int64)
    assert got == {n: (wide[row].sum(0) * scales[n]).tolist() for n, row in enumerate(rows)}
    assert sorted(asked) == list(range(len(rows))) and asked != sorted(asked)


def test_room_is_for_whole_groups():
    """Reserved for rows that there are not, places come back; without reservation there is room again."""
    config = SMALL
    column, rooms = Column(config), []

    async def bench(ctx):
        ctx.set(column.settings, settings(config, gather=0, dense={"slices": 1, "elements": 1, "groups": 9}))
        ctx.set(column.row_count, 0)
        await ctx.tick().repeat(3)
        groups = column.results // config.pe_rows
        for _ in range(groups):
            assert ctx.get(column.room)
            ctx.set(column.reserve, 1)
            await ctx.tick()
            ctx.set(column.reserve, 0)
            await ctx.tick()
        rooms.append(ctx.get(column.room))
        for _ in range(groups):
            ctx.set(column.step, {"valid": 1, "first": 1, "last": 1})
            await ctx.tick()
            ctx.set(column.step, {"valid": 0})
            await ctx.tick().repeat(config.pe_rows - 1)
        await ctx.tick().repeat(20)
        rooms.append(ctx.get(column.room))
        assert not ctx.get(column.busy) and not ctx.get(column.rows.valid)

    simulator = Simulator(column)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    assert rooms == [0, 1]
