"""RTL of pyralis.hw.gcn.reorder against a list of words."""

import random

import pytest
from pysim import simulate, take

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.reorder import ReorderMemory
from pyralis.hw.gcn.rowform import RESULT_WORDS

WORD = GcnConfig().row_bits


def form(words: int, parts: int, group: int) -> dict[str, int]:
    rows = RESULT_WORDS >> parts
    return {
        "size_bits": 0,
        "last_slice": 0,
        "last_part": 0,
        "last_word": words - 1,
        "tail": 0,
        "parts": parts,
        "step": 1 << parts,
        "beyond": 0,
        "group_mask": (1 << group) - 1,
        "first_groups": rows >> group,
    }


class Scene:
    """Phases on one memory: groups are begun as far as they may be, their words written in any order."""

    def __init__(self, memory: ReorderMemory, phases: list[tuple[int, int, int]], rng, pause: float) -> None:
        self.memory, self.phases, self.rng, self.pause = memory, phases, rng, pause
        self.got: list = []
        self.expected: list[tuple[int, bool, bool]] = []
        self.begun_early = 0
        """Most rows that were begun and had words that had not been read."""

    async def write(self, ctx):
        memory = self.memory
        for words, rows, group in self.phases:
            parts = (words - 1).bit_length()
            ctx.set(memory.form, form(words, parts, group))
            content = [[self.rng.getrandbits(WORD) for _ in range(words)] for _ in range(rows)]
            self.expected += [
                (word, k == words - 1, k == words - 1 and r == rows - 1)
                for r, row in enumerate(content)
                for k, word in enumerate(row)
            ]
            ctx.set(memory.row_count, rows)
            ctx.set(memory.start, 1)
            await ctx.tick()
            ctx.set(memory.start, 0)
            ctx.set(memory.enable, 1)
            await self._rows(ctx, content, parts, group)
            while len(self.got) < len(self.expected):
                await ctx.tick()
            ctx.set(memory.enable, 0)
            await ctx.tick()
            assert ctx.get(memory.allowed) == 0

    async def _rows(self, ctx, content, parts, group):
        memory, begun, left = self.memory, 0, []
        while left or begun < len(content):
            read = ctx.get(memory.oldest)
            while begun < len(content) and begun >> group < ctx.get(memory.allowed):
                early = (begun - read) % (2 * RESULT_WORDS)
                assert early < RESULT_WORDS >> parts, "a row that has no places may be begun"
                left += [(begun, k) for k in range(len(content[begun]))]
                begun += 1
            self.begun_early = max(self.begun_early, (begun - read) % (2 * RESULT_WORDS))
            if left and self.rng.random() >= self.pause:
                place = self.rng.randrange(len(left))
                row, k = left.pop(place)
                ctx.set(memory.write.valid, 1)
                ctx.set(memory.write.place, ((row << parts) + k) % RESULT_WORDS)
                ctx.set(memory.write.word, content[row][k])
            await ctx.tick()
            ctx.set(memory.write.valid, 0)


@pytest.mark.parametrize("stall", [0.0, 0.5])
def test_words_leave_in_order(stall):
    rng, memory = random.Random(1), ReorderMemory(GcnConfig())
    # Rows that fill the places twice and more, of one word, of a power of two, and of other numbers.
    phases = [(1, 1300, 8), (1, 1, 8), (4, 140, 6), (5, 140, 0), (100, 6, 1)]
    scene = Scene(memory, phases, rng, 0.1)
    simulate(memory, scene.write, background=[take(memory.words, scene.got, rng, stall)])
    found = [
        (payload.word, bool(payload.ends), bool(payload.ends and payload.last)) for _, payload in scene.got
    ]
    assert found == scene.expected
    assert scene.begun_early == RESULT_WORDS


def test_a_word_is_offered_two_cycles_later_and_one_a_cycle():
    rng, memory = random.Random(2), ReorderMemory(GcnConfig())
    got, written = [], []

    async def bench(ctx):
        ctx.set(memory.form, form(2, 1, 0))
        ctx.set(memory.row_count, 20)
        ctx.set(memory.start, 1)
        await ctx.tick()
        ctx.set(memory.start, 0)
        ctx.set(memory.write.valid, 1)
        for place in range(40):
            ctx.set(memory.write.place, place)
            written.append(1 + place)
            await ctx.tick()
        ctx.set(memory.write.valid, 0)
        await ctx.tick().repeat(5)

    simulate(memory, bench, background=[take(memory.words, got, rng)])
    assert [cycle - 2 for cycle, _ in got] == written


def test_words_that_a_reset_has_left_are_forgotten():
    rng, memory, got = random.Random(3), ReorderMemory(GcnConfig()), []

    async def bench(ctx):
        for place in range(0, RESULT_WORDS, 3):  # no phase: nobody reads them
            ctx.set(memory.write, {"valid": 1, "place": place, "word": 1})
            await ctx.tick()
        ctx.set(memory.write.valid, 0)
        ctx.set(memory.forget, 1)
        await ctx.tick().repeat(RESULT_WORDS)
        ctx.set(memory.forget, 0)
        ctx.set(memory.form, form(1, 0, 0))
        ctx.set(memory.row_count, 2 * RESULT_WORDS)
        ctx.set(memory.start, 1)
        await ctx.tick()
        ctx.set(memory.start, 0)
        await ctx.tick().repeat(20)
        assert not got
        for place in range(RESULT_WORDS):
            ctx.set(memory.write, {"valid": 1, "place": place, "word": 2 + place})
            await ctx.tick()
        ctx.set(memory.write.valid, 0)
        await ctx.tick().repeat(20)

    simulate(memory, bench, background=[take(memory.words, got, rng)])
    assert [payload.word for _, payload in got] == [2 + place for place in range(RESULT_WORDS)]


def test_a_column_without_rows_offers_nothing():
    rng, memory, got = random.Random(3), ReorderMemory(GcnConfig()), []

    async def bench(ctx):
        ctx.set(memory.form, form(1, 0, 0))
        ctx.set(memory.write.valid, 1)
        ctx.set(memory.start, 1)
        await ctx.tick()
        ctx.set(memory.write.valid, 0)
        ctx.set(memory.start, 0)
        await ctx.tick().repeat(20)

    simulate(memory, bench, background=[take(memory.words, got, rng)])
    assert not got
