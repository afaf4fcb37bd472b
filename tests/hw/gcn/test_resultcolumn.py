"""RTL of pyralis.hw.gcn.resultcolumn against the memory's bytes; more of it in test_results.py."""

import random

import numpy as np
from pysim import send, simulate

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.resultcolumn import ResultColumn
from pyralis.sim.gcn.memories import packed_results

CONFIG = GcnConfig(columns=2, lanes=4, bus_bits=64)


def test_rows_in_any_order_become_beats():
    """Two slices of 16-bit elements, of the second one three: 14 bytes a row, four words."""
    rng, unit, rows, got = random.Random(1), ResultColumn(CONFIG), 100, []
    values = np.frombuffer(rng.randbytes(rows * 8 * 2), "<i2").reshape(rows, 2, 4)
    slices = [(row, index) for row in range(rows) for index in range(2)]
    rng.shuffle(slices)
    [expected, _] = packed_results(np.repeat(values, 2, axis=0), 6, CONFIG)
    form = {
        "size_bits": 1,
        "last_slice": 1,
        "last_part": 1,
        "last_word": 3,
        "tail": 2,
        "parts": 2,
        "step": 4,
        "beyond": ~127 & 1023,
        "group_mask": 31,
        "first_groups": 4,
    }

    async def bench(ctx):
        ctx.set(unit.form, form)
        ctx.set(unit.row_count, rows)
        ctx.set(unit.start, 1)
        await ctx.tick()
        ctx.set(unit.start, 0)
        assert not ctx.get(unit.rows.ready)
        ctx.set(unit.enable, 1)
        payloads = [
            {"tag": row, "slice": index, "values": values[row, index].tolist()} for row, index in slices
        ]
        assert ctx.get(unit.allowed) == 4
        await send(unit.rows, payloads, rng, 0.2)(ctx)
        while not got or not got[-1][1]:
            await ctx.tick()
        assert ctx.get(unit.allowed) == 4 + rows // 32

    async def taker(ctx):
        stands = False
        while True:
            taken = stands and rng.random() < 0.7
            ctx.set(unit.taken, taken)
            if taken:
                got.append((ctx.get(unit.beat), ctx.get(unit.last)))
            _, _, stands = await ctx.tick().sample(unit.coming)

    simulate(unit, bench, background=[taker])
    assert b"".join(beat.to_bytes(8, "little") for beat, _ in got) == expected
    assert [last for _, last in got] == [0] * (len(got) - 1) + [1]
