"""RTL of pyralis.hw.gcn.rowwords against the bytes of numpy arrays."""

import random

import numpy as np
import pytest
from pysim import send, simulate

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.rowform import RESULT_WORDS
from pyralis.hw.gcn.rowwords import RowWords

ROWS, STALL = 60, 0.3


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("lanes", [4, 8, 16])
def test_words_are_the_bytes_of_the_elements(lanes, size):
    """Three slices of each row, of the last of which some words may be left out."""
    rng = random.Random(lanes * size)
    unit = RowWords(GcnConfig(lanes=lanes, pe_rows=4))
    last_part, parts = rng.randrange(size), 3 + (size > 2)
    values = np.frombuffer(rng.randbytes(ROWS * 3 * lanes * size), f"<i{size}").reshape(ROWS, 3, lanes)
    slices = [(row, index) for row in range(ROWS) for index in range(3)]
    rng.shuffle(slices)
    expected = []
    for row, index in slices:
        whole = values[row, index].tobytes()
        for k in range(size if index < 2 else last_part + 1):
            place = (row << parts) + index * size + k
            word = int.from_bytes(whole[k * lanes : (k + 1) * lanes], "little")
            expected.append((place % RESULT_WORDS, word))
    got, busy = [], []

    def payloads():
        for row, index in slices:
            yield {"tag": row, "slice": index, "values": values[row, index].tolist()}

    async def watch(ctx):
        ctx.set(
            unit.form,
            {
                "size_bits": [1, 2, 4].index(size),
                "last_slice": 2,
                "last_part": last_part,
                "last_word": 0,
                "tail": 0,
                "parts": parts,
                "step": 0,
                "beyond": 0,  # there is always room
                "group_mask": 0,
                "first_groups": 0,
            },
        )
        ctx.set(unit.enable, 1)
        while True:
            _, _, write, valid = await ctx.tick().sample(unit.write, unit.rows.valid)
            busy.append(valid)
            if write.valid:
                got.append((write.place, write.word))

    simulate(unit, send(unit.rows, payloads(), rng, STALL), _wait(4), background=[watch])
    assert got == expected
    assert sum(busy) == len(expected), "a word a cycle while there are rows"


def _wait(cycles: int):
    """Bench that lasts until the one before has ended, and *cycles* cycles more."""

    async def bench(ctx):
        await ctx.tick().repeat(cycles + ROWS * 3 * 6)

    return bench


@pytest.mark.parametrize("parts", [0, 2, 7])
def test_a_row_waits_for_its_places(parts):
    """One row ahead of those that have places, across the end of the numbers' low bits."""
    unit, room = RowWords(GcnConfig()), RESULT_WORDS >> parts

    async def bench(ctx):
        ctx.set(unit.form.beyond, ~(room - 1) % (2 * RESULT_WORDS))
        ctx.set(unit.form.parts, parts)
        for oldest in (0, 5, 2 * RESULT_WORDS - 1, 2 * RESULT_WORDS + 3):
            ctx.set(unit.oldest, oldest % (2 * RESULT_WORDS))
            for ahead in (0, 1, room - 1, room, room + 1, 2 * RESULT_WORDS - 1):
                for enable in (0, 1):
                    ctx.set(unit.rows.p.tag, oldest + ahead)
                    ctx.set(unit.enable, enable)
                    assert ctx.get(unit.rows.ready) == (enable and ahead < room)
                    ctx.set(unit.rows.valid, enable)
                    await ctx.tick()
                    assert ctx.get(unit.write.valid) == (enable and ahead < room)
                    ctx.set(unit.rows.valid, 0)

    simulate(unit, bench)
