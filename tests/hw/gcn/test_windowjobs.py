"""RTL of pyralis.hw.gcn.windowjobs against the software model of windows."""

import random
from dataclasses import replace

import numpy as np
import pytest
from pysim import send, simulate, take

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.hw.gcn.windowjobs import WindowJobs
from pyralis.sim.golden.gcn.windows import beats, windows

TINY = GcnConfig(occupancy_words=16)
CONFIGS = {
    "one": TINY,  # a row a beat
    "four": replace(TINY, columns=16, lanes=16, bus_bits=512),  # four rows a beat
    "narrow": replace(TINY, lanes=16, bus_bits=32),  # four beats a row
}


class Bench:
    """Loads in a row and the jobs that they become; bitmaps are written when they have been asked for."""

    def __init__(self, config: GcnConfig, stall: float) -> None:
        self.config, self.stall, self.rng = config, stall, random.Random(config.bus_bits)
        self.unit = WindowJobs(config)
        self.loads: list[dict] = []
        self.bitmaps: list[tuple[int, list[int]]] = []
        self.expected: list[tuple[int, int, int]] = []  # beats of jobs without their borders: address, last
        self.jobs: list = []
        self.seen = self.loaded = 0
        self.beat = config.bus_bits // 8
        self.rows = max(1, config.bus_bits // config.row_bits)
        self.parts = max(1, config.row_bits // config.bus_bits)

    def plain(self, address: int, count: int) -> None:
        self.loads.append({"job": {"address": address, "beats": count}})
        self.expected.append([address + self.beat * n for n in range(count)])

    def bitmap(self, word: int, occupied: np.ndarray) -> None:
        """Asks for a bitmap, and writes it some time later; rubbish behind the last row."""
        bits = [*map(int, occupied), *(self.rng.randrange(2) for _ in range(-len(occupied) % 64))]
        halves = [sum(bit << n for n, bit in enumerate(bits[at : at + 32])) for at in range(0, len(bits), 32)]
        self.bitmaps.append((word, halves))
        self.loads.append({"job": {"address": 64, "beats": 1}, "is_bitmap": 1})
        self.expected.append([64])

    def eliminate(
        self,
        word: int,
        occupied: np.ndarray,
        height: int,
        mode: Elimination,
        address: int,
        grouped: bool = False,
    ) -> None:
        fields = {"mode": mode, "grouped": int(grouped), "height": height, "occupancy": word}
        self.loads.append({"job": {"address": address, "beats": 0}, **fields, "rows": len(occupied)})
        found = windows(occupied, height, mode)
        numbers = beats(found, 1 if grouped else self.rows)
        self.seen += len(occupied)
        self.loaded += sum(each.rows for each in found)
        addresses = [
            address + self.beat * (self.parts * int(n) + part) for n in numbers for part in range(self.parts)
        ]
        if addresses:
            self.expected.append(addresses)

    def run(self) -> None:
        unit, rng, stall = self.unit, self.rng, self.stall
        counts = {"asked": 0, "seen": 0, "loaded": 0}

        async def write(ctx):
            for done, (word, halves) in enumerate(self.bitmaps):
                while counts["asked"] == done:
                    await ctx.tick()
                await ctx.tick().repeat(rng.randrange(1, 30))
                for number, half in enumerate(halves):
                    last = number == len(halves) - 1
                    given = {"valid": 1, "upper": number & 1, "word": word + number // 2, "data": half}
                    ctx.set(unit.write, given)
                    ctx.set(unit.written, last)
                    await ctx.tick()
                    ctx.set(unit.write, {"valid": 0, "upper": rng.getrandbits(1), "word": 0, "data": 0})
                    ctx.set(unit.written, 0)
                    if rng.randrange(2):
                        await ctx.tick()

        async def watch(ctx):
            while True:
                asked = unit.loads.valid & unit.loads.ready & unit.loads.p.is_bitmap
                _, _, *amounts = await ctx.tick().sample(asked, unit.seen, unit.loaded)
                for name, amount in zip(counts, amounts, strict=True):
                    counts[name] += amount

        async def settle(ctx):
            while sum(bool(job.last) for _, job in self.jobs) < len(self.expected):
                await ctx.tick()
            await ctx.tick().repeat(30)

        benches = [send(unit.loads, self.loads, rng, stall), settle]
        background = [write, watch, take(unit.jobs, self.jobs, rng, stall)]
        simulate(unit, *benches, background=background)
        got: list[list[int]] = [[]]
        for _, job in self.jobs:
            assert job.job.beats
            got[-1] += [job.job.address + self.beat * n for n in range(job.job.beats)]
            if job.last:
                got.append([])
        assert got.pop() == []
        assert got == self.expected
        assert counts == {"asked": len(self.bitmaps), "seen": self.seen, "loaded": self.loaded}


def patches(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Occupied in patches, so that there are runs and gaps of all lengths."""
    return rng.random(rows) < np.repeat(rng.random(rows // 20 + 1) ** 3, 20)[:rows]


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("stall", [0.0, 0.4])
def test_every_beat_with_a_row_of_a_window_is_asked_for_once(name, stall):
    bench, rng = Bench(CONFIGS[name], stall), np.random.default_rng(7)
    sizes = [1, 63, 64, 65, 200, 512]
    for number, rows in enumerate(sizes):
        place = 8 * (number & 1)
        maps = [patches(rng, rows), np.zeros(rows, bool), np.ones(rows, bool)]
        for occupied in maps if number == 3 else maps[:1]:
            bench.bitmap(8 - place, ~occupied)
            bench.bitmap(place, occupied)
            bench.plain(1 << 20 | 4096 * number, number + 1)
            height = int(rng.choice([1, 2, 8, 11, 64, 1000]))
            mode = (Elimination.WINDOW, Elimination.ROWS)[int(rng.integers(2))]
            for turn in range(2):  # one bitmap serves several loads
                bench.eliminate(place, occupied, height, mode, (turn + 1) << 24, grouped=turn == number % 2)
    bench.run()


def test_touching_windows_are_one_job_up_to_the_next_burst():
    bench = Bench(CONFIGS["one"], 0.0)
    bench.bitmap(0, np.ones(70, bool))
    bench.eliminate(0, np.ones(70, bool), 3, Elimination.ROWS, 1 << 16)
    bench.run()
    assert [job.job.beats for _, job in bench.jobs[1:]] == [18, 15, 15, 18, 4]


def test_a_core_without_bitmaps_has_none():
    with pytest.raises(ValueError, match="a core without memory for bitmaps has no windows"):
        WindowJobs(GcnConfig())
