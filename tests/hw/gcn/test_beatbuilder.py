"""RTL of pyralis.hw.gcn.beatbuilder against bytes put together."""

import random

import pytest
from pysim import send, simulate

from pyralis.hw.gcn.beatbuilder import BeatBuilder
from pyralis.hw.gcn.config import GcnConfig


def built(lanes: int, bus_bits: int) -> BeatBuilder:
    return BeatBuilder(GcnConfig(lanes=lanes, pe_rows=4, columns=8, bus_bits=bus_bits))


def words_of(content: bytes, lanes: int) -> list[dict[str, int]]:
    pieces = [content[at : at + lanes] for at in range(0, len(content), lanes)]
    return [
        {"word": int.from_bytes(piece, "little"), "used": len(piece), "last": n == len(pieces) - 1}
        for n, piece in enumerate(pieces)
    ]


def taker(unit: BeatBuilder, got: list, rng: random.Random, stall: float):
    """Takes a beat in the cycle after it has been announced, or later."""

    async def bench(ctx):
        stands = False
        while True:
            taken = stands and rng.random() >= stall
            ctx.set(unit.taken, taken)
            if taken:
                got.append((ctx.get(unit.beat), ctx.get(unit.last)))
            _, _, stands = await ctx.tick().sample(unit.coming)

    return bench


@pytest.mark.parametrize("stall", [0.0, 0.5])
@pytest.mark.parametrize(("lanes", "bus_bits"), [(8, 64), (4, 32), (4, 128), (16, 512), (8, 32), (16, 32)])
def test_columns_of_every_length(lanes, bus_bits, stall):
    """A word, several, or a part of one make a beat."""
    rng, unit, got, beat = random.Random(7), built(lanes, bus_bits), [], bus_bits // 8
    columns = [rng.randbytes(size) for size in (*range(1, 2 * max(lanes, beat) + 2), 999, 1000)]
    expected = []
    for content in columns:
        pieces = [content[at : at + beat] for at in range(0, len(content), beat)]
        expected += [(int.from_bytes(each, "little"), each is pieces[-1]) for each in pieces]

    async def bench(ctx):
        for content in columns:
            await send(unit.words, words_of(content, lanes), rng, stall)(ctx)
        while len(got) < len(expected):
            await ctx.tick()
        await ctx.tick().repeat(5)

    simulate(unit, bench, background=[taker(unit, got, rng, stall)], cycles=80_000)
    assert got == expected


@pytest.mark.parametrize(("lanes", "bus_bits", "cycles"), [(8, 64, 64), (4, 128, 64), (16, 32, 4 * 64)])
def test_a_word_or_a_beat_a_cycle(lanes, bus_bits, cycles):
    rng, unit, got = random.Random(8), built(lanes, bus_bits), []
    used = 0

    async def count(ctx):
        nonlocal used
        while True:
            _, _, valid = await ctx.tick().sample(unit.words.valid)
            used += valid

    words = words_of(rng.randbytes(64 * lanes), lanes)
    bench = send(unit.words, words, rng)
    simulate(unit, bench, background=[taker(unit, got, rng, 0.0), count])
    first_of_last = cycles // 64 - 1  # the last word is taken before its beats have left
    assert used == cycles - first_of_last
