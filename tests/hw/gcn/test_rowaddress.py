"""RTL of pyralis.hw.gcn.rowaddress against integers."""

import random

import pytest

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.matching import address_bits
from pyralis.hw.gcn.rowaddress import RowAddress
from tests.support.pysim import send, simulate, take

CONFIGS = {
    "one": GcnConfig(columns=1),
    "tiny": GcnConfig(),
    "whole": GcnConfig(columns=16, banks=4, store_rows=512),
}
"""One column; few; as many words as an index can name."""


def legal(rng, config, column):
    """Base, stride, and slices of rows that stand in the store; often the last word of a column."""
    columns = config.columns
    slices = rng.choice((1, 2, rng.randint(1, 255)))
    rows = rng.randint(1, config.rows // columns // slices)
    # The matrices of one slice each lie one behind the other, in any order and with gaps.
    most = config.rows // slices // columns - rows
    gap = rng.choice((0, most, rng.randint(0, most)))
    stride = columns * (rows + gap)
    room = config.rows - (slices - 1) * stride - columns * rows
    base = rng.choice((0, room // columns * columns, columns * rng.randint(0, room // columns)))
    places = [(rng.randrange(rows), rng.randrange(slices)) for _ in range(40)]
    places += [(0, 0), (rows - 1, slices - 1), (rows - 1, 0), (0, slices - 1)]
    return base, stride, places, [base + s * stride + row * columns + column for row, s in places]


def through(dut, given, base, stride, rng, stall, slow):
    """Sends all of *given*; returns the cycles of the transfers, and what came out with its cycles."""
    taken, got = [], []

    async def watch(ctx):
        inside, cycle = 0, 0
        while True:
            _, _, *moves, busy = await ctx.tick().sample(
                dut.input.valid, dut.input.ready, dut.output.valid, dut.output.ready, dut.busy
            )
            assert busy == (inside > 0), cycle
            if all(moves[:2]):
                taken.append(cycle)
            inside += all(moves[:2]) - all(moves[2:])
            cycle += 1

    async def phase(ctx):
        ctx.set(dut.base, base)
        ctx.set(dut.stride, stride)
        while len(got) < len(given):
            await ctx.tick()
        await ctx.tick().repeat(3)
        assert not ctx.get(dut.busy) and not ctx.get(dut.output.valid)

    sides = [send(dut.input, given, rng, stall), take(dut.output, got, rng, slow), watch]
    simulate(dut, phase, background=sides)
    return taken, got


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize(("stall", "slow"), [(0.0, 0.0), (0.4, 0.1), (0.1, 0.6)])
@pytest.mark.parametrize("payload", [None, 13])
def test_addresses(name, stall, slow, payload):
    config, rng = CONFIGS[name], random.Random(7)
    column = config.columns - 1
    dut = RowAddress(config, column, payload)
    assert len(dut.output.p.address) == address_bits(config)
    for _ in range(8):
        base, stride, places, addresses = legal(rng, config, column)
        along = [rng.getrandbits(13) for _ in places]
        given = [
            {"row": row, "slice": s} | ({"payload": mark} if payload else {})
            for (row, s), mark in zip(places, along, strict=True)
        ]
        taken, got = through(dut, given, base, stride, rng, stall, slow)
        assert [item.address for _, item in got] == addresses
        if payload:
            assert [item.payload for _, item in got] == along
        if not stall and not slow:
            assert taken == list(range(taken[0], taken[0] + len(places))), "a slice a cycle"
            assert [cycle for cycle, _ in got] == [cycle + 2 for cycle in taken]
