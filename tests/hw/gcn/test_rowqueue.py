"""RTL of pyralis.hw.gcn.rowqueue: rows in parts, against a list of what was put in."""

import random

import pytest

from pyralis.hw.gcn.lines import SLICE_BITS
from pyralis.hw.gcn.rowqueue import RowQueue
from tests.support.pysim import simulate, take

LANES, TAG_BITS, DEPTH = 4, 7, 8


@pytest.mark.parametrize("narrow", [0, 1])
@pytest.mark.parametrize("part_lanes", [4, 2, 1])
@pytest.mark.parametrize("slow", [0.0, 0.7])
def test_rows_come_out_whole_and_in_order(part_lanes, narrow, slow):
    dut, rng, got = RowQueue(LANES, part_lanes, TAG_BITS, DEPTH), random.Random(part_lanes), []
    parts = 1 if narrow else LANES // part_lanes
    wanted, ended = [], []

    async def feed(ctx):
        """Reserves a place for each row, and puts its parts with pauses between them."""
        cycle, lowest = 0, DEPTH

        async def tick():
            nonlocal cycle
            await ctx.tick()
            cycle += 1

        ctx.set(dut.narrow, narrow)
        for _ in range(60):
            while not ctx.get(dut.spare):
                await tick()
            lowest = min(lowest, ctx.get(dut.spare))
            ctx.set(dut.reserve, 1)
            await tick()
            ctx.set(dut.reserve, 0)
            values = [rng.randint(-(1 << 31), (1 << 31) - 1) for _ in range(parts * part_lanes)]
            tag, place = rng.getrandbits(TAG_BITS), rng.getrandbits(SLICE_BITS)
            for part in range(parts):
                while rng.random() < 0.2:
                    await tick()
                ctx.set(dut.put, 1)
                ctx.set(dut.part, part)
                ctx.set(dut.values, values[part * part_lanes : (part + 1) * part_lanes])
                ctx.set(dut.tag, tag)
                ctx.set(dut.slice, place)
                await tick()
                ctx.set(dut.put, 0)
            ended.append(cycle - 1)
            wanted.append((tag, place, values + [0] * (LANES - len(values))))
        while len(got) < len(wanted):
            await tick()
        await tick()
        assert ctx.get(dut.spare) == DEPTH
        assert not ctx.get(dut.output.valid)
        assert (lowest == 1) == (slow > 0.5 and parts < 4), "the places were never all claimed"

    simulate(dut, feed, background=[take(dut.output, got, rng, slow)])
    found = [(row.tag, row.slice, [row["values"][j] for j in range(LANES)]) for _, row in got]
    assert found == wanted
    if not slow:
        assert [cycle for cycle, _ in got] == [cycle + 2 for cycle in ended]


@pytest.mark.parametrize("depth", [1, 12])
def test_depth_is_a_power_of_two(depth):
    with pytest.raises(ValueError, match=f"^depth must be a power of two of at least 2, not {depth}$"):
        RowQueue(LANES, 2, TAG_BITS, depth)
