"""RTL of pyralis.hw.gcn.bytepacker against bytes put together."""

import random

import pytest
from pysim import send, simulate, take

from pyralis.hw.gcn.bytepacker import BytePacker
from pyralis.hw.gcn.config import GcnConfig


def packer(lanes: int) -> BytePacker:
    return BytePacker(GcnConfig(lanes=lanes, pe_rows=4))


def words_of(rows: list[bytes], lanes: int, rng: random.Random) -> list[dict[str, int]]:
    """Words of rows; what does not count of the last one of a row is rubbish."""
    words = []
    for number, row in enumerate(rows):
        for at in range(0, len(row), lanes):
            piece = row[at : at + lanes]
            ends = at + lanes >= len(row)
            piece += rng.randbytes(lanes - len(piece))
            word = int.from_bytes(piece, "little")
            words.append({"word": word, "ends": ends, "last": ends and number == len(rows) - 1})
    return words


def joined(rows: list[bytes], lanes: int) -> list[tuple[int, int, bool]]:
    """Words, bytes that count, and which is the last one."""
    whole = b"".join(rows)
    pieces = [whole[at : at + lanes] for at in range(0, len(whole), lanes)]
    return [
        (int.from_bytes(piece, "little"), len(piece), n == len(pieces) - 1) for n, piece in enumerate(pieces)
    ]


@pytest.mark.parametrize("stall", [0.0, 0.5])
@pytest.mark.parametrize("lanes", [4, 8, 16])
def test_rows_of_every_size(lanes, stall):
    """Matrices one after the other, of rows from one byte to three words."""
    rng, unit = random.Random(lanes), packer(lanes)
    matrices = [
        [rng.randbytes(size) for _ in range(rng.choice((1, 2, 3, lanes, 2 * lanes + 1)))]
        for size in range(1, 3 * lanes + 1)
    ]
    expected = [word for rows in matrices for word in joined(rows, lanes)]
    got = []

    async def bench(ctx):
        for rows in matrices:
            have = len(got)
            ctx.set(unit.tail, (len(rows[0]) - 1) % lanes + 1)
            await send(unit.words, words_of(rows, lanes, rng), rng, stall)(ctx)
            while len(got) < have + len(joined(rows, lanes)):
                await ctx.tick()

    simulate(unit, bench, background=[take(unit.output, got, rng, stall)])
    assert [(word.word, word.used, bool(word.last)) for _, word in got] == expected


def test_a_word_a_cycle_three_cycles_later():
    rng, unit, got, sent = random.Random(5), packer(8), [], []
    rows = [rng.randbytes(21) for _ in range(41)]
    words = words_of(rows, 8, rng)

    async def watch(ctx):
        while True:
            _, _, valid, ready = await ctx.tick().sample(unit.words.valid, unit.words.ready)
            sent.append(valid and ready)

    async def bench(ctx):
        ctx.set(unit.tail, 5)
        await send(unit.words, words, rng)(ctx)
        await ctx.tick().repeat(8)

    simulate(unit, bench, background=[take(unit.output, got, rng), watch])
    first = sent.index(True)
    assert all(sent[first : first + len(words)])
    # The last one comes after that of the bytes before.
    filled, due = 0, []
    for n in range(len(words)):
        filled += 5 if n % 3 == 2 else 8
        if filled >= 8:
            due.append(first + n + 3)
            filled -= 8
    assert filled
    assert [cycle for cycle, _ in got] == [*due, first + len(words) + 3]
