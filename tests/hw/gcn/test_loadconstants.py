"""RTL of pyralis.hw.gcn.loadconstants against the arrays that the compiler packs."""

import random
from dataclasses import replace

import numpy as np
import pytest
from loading import beats_of
from pysim import send, simulate, take

from pyralis.gen.gcn import layout
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import Engine
from pyralis.hw.gcn.loadconstants import ConstantLoader
from pyralis.hw.gcn.program import Content
from pyralis.hw.gcn.weightbuffer import write_ports

TINY = GcnConfig()
CONFIGS = {
    "tiny": TINY,  # a row a beat
    "z32": replace(TINY, columns=8, lanes=16, bus_bits=512),  # four rows a beat, for half of the columns
    "columns": replace(TINY, columns=16, lanes=16, bus_bits=512),  # scales of a row are two words of weights
    "all": replace(TINY, columns=4, lanes=4, splits=1, bus_bits=512),  # four times what the columns take
    "narrow": replace(TINY, columns=4, lanes=16, bus_bits=32),  # four beats a row
    "one": replace(TINY, columns=1, lanes=4, splits=1, bus_bits=64, hubs=0),  # two rows a beat
}


class Bench:
    """Loads in a row, and where everything went."""

    def __init__(self, config: GcnConfig, stall: float) -> None:
        self.config, self.stall = config, stall
        self.loader, self.rng = ConstantLoader(config), random.Random(config.bus_bits)
        self.loads: list[tuple[dict, list[int]]] = []
        self.weights, self.biases, self.scales = [], [], []
        self.rows = [[] for _ in range(config.columns)]
        self.done: list[int] = []
        self.begun: list[int] = []
        self.over: list[int] = []

    def load(self, content: Content, data: np.ndarray, start: int, count: int, **fields) -> None:
        beats = beats_of(self.config.bus_bits, data.tobytes(), filling=0xA5)
        assert len(beats) == layout.beats(self.config, data.nbytes)
        self.loads.append(({"content": content, "start": start, "count": count, **fields}, beats))

    def run(self) -> None:
        loader, rng, stall = self.loader, self.rng, self.stall

        async def give(ctx):
            """Each load and then its beats, the next one when it is over: as in a channel."""
            for number, (load, beats) in enumerate(self.loads):
                await send(loader.load, [load], rng, stall)(ctx)
                await send(loader.beats, beats, rng, stall)(ctx)
                while len(self.over) == number:
                    await ctx.tick()
            await ctx.tick().repeat(5)

        async def watch(ctx):
            cycle, was_busy = 0, 0
            while True:
                signals = loader.done, loader.busy, loader.scales, loader.load.valid & loader.load.ready
                _, _, done, busy, scales, taken = await ctx.tick().sample(*signals)
                if taken:
                    self.begun.append(cycle)
                if done:
                    self.done.append(cycle)
                if was_busy and not busy:
                    self.over.append(cycle - 1)
                was_busy = busy
                if scales.coming:  # the next place, and how many
                    load, _ = self.loads[len(self.begun) - 1]
                    assert scales.row + scales.left == load["start"] + load["count"]
                if scales.valid:
                    assert scales.coming
                    self.scales.append((scales.engine, scales.both, scales.row, list(scales.scales)))
                cycle += 1

        ports = [(loader.weights, self.weights), (loader.biases, self.biases)]
        ports += zip(loader.rows, self.rows, strict=True)
        takers = [take(port, got, rng, stall) for port, got in ports]
        simulate(loader, give, background=[watch, *takers])
        scales = [load["content"] is Content.SCALES for load, _ in self.loads]
        ends = zip(scales, self.begun, self.over, strict=True)
        assert self.done == [begun if early else over for early, begun, over in ends]


def words_of(config: GcnConfig, writes: list) -> list[tuple[int, bytes]]:
    """Rows of the Weight Buffer and their bytes, one by one."""
    found = []
    for _, write in writes:
        data = write.data.to_bytes(write_ports(config) * config.lanes, "little")
        count = 1 + (write_ports(config) == 2 and write.both)
        found += [(write.row + n, data[n * config.lanes :][: config.lanes]) for n in range(count)]
    return found


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("stall", [0.0, 0.4])
def test_each_word_arrives_once_in_its_place(name, stall):
    c = CONFIGS[name]
    bench, random_ = Bench(c, stall), np.random.default_rng(c.bus_bits)
    shifts = {"shift": 13, "bias_shift": 5}
    expected_rows: list[dict[int, list[int]]] = []
    expected = {"weights": [], "biases": [], "scales": []}
    for nodes in (1, 3 * c.columns + 1, 17):  # loads of every kind in turn, with rubbish behind each
        weight = random_.integers(-128, 128, (nodes, c.lanes + 3), dtype=np.int8)
        packed = layout.pack_weights(c, weight)
        bench.load(Content.WEIGHTS, packed, 7, len(packed))
        for row, word in enumerate(packed):
            expected["weights"].append((7 + row, word.tobytes()))

        bias = random_.integers(-(1 << 31), 1 << 31, 2 * c.lanes - 1)
        packed = layout.pack_biases(c, bias, len(bias))
        engine = Engine(nodes & 1)
        bench.load(Content.BIASES, packed, 30, 2, engine=engine, **shifts)
        for at, value in enumerate([*bias.tolist(), 0]):
            expected["biases"].append((engine, 30 + at // c.lanes, at % c.lanes, value))

        scale = random_.integers(0, 1 << 16, nodes).astype(np.uint16)
        packed = layout.pack_scales(c, scale)
        both = nodes >> 1 & 1
        bench.load(Content.SCALES, packed, 100, len(packed) // c.columns, engine=engine, both=both)
        padded = scale.tolist() + [0] * (-nodes % c.columns)
        for at in range(0, len(padded), c.columns):
            expected["scales"].append((engine, both, 100 + at // c.columns, padded[at : at + c.columns]))

        matrix = random_.integers(0, 256, (nodes, c.lanes + 1))
        start, stride = 5 * c.columns, -(-nodes // c.columns) * c.columns
        packed = layout.pack_rows(c, matrix, stride)
        bench.load(Content.ROWS, packed, start, len(packed))
        words = {}
        for v in range(nodes):
            whole = matrix[v].tolist() + [0] * (c.lanes - 1)
            for s in range(2):
                words[start + s * stride + v] = whole[s * c.lanes :][: c.lanes]
        expected_rows.append(words)
    bench.run()

    assert words_of(c, bench.weights) == expected["weights"]
    got = [(b.engine, b.slice, b.lane, b.value) for _, b in bench.biases]
    assert got == expected["biases"]
    assert all((b.shift, b.bias_shift) == (13, 5) for _, b in bench.biases)
    assert bench.scales == expected["scales"]
    memory: dict[int, list[int]] = {}
    count = 0
    for column, words in enumerate(bench.rows):
        for _, word in words:
            assert word.address % c.columns == column
            memory[word.address] = list(word.data.to_bytes(c.lanes, "little"))
        count += len(words)
    assert count == sum(load["count"] for load, _ in bench.loads if load["content"] is Content.ROWS)
    assert {at: memory[at] for at in expected_rows[-1]} == expected_rows[-1]


@pytest.mark.parametrize("name", CONFIGS)
def test_words_come_without_gaps(name):
    """Cycles of long loads: one for each word, or for each beat where it holds no more."""
    c = CONFIGS[name]
    bench, random_ = Bench(c, 0.0), np.random.default_rng(1)
    together = max(1, min(c.bus_bits // c.row_bits, c.columns))
    rows = random_.integers(0, 256, (40 * c.columns, c.lanes), dtype=np.uint8)
    scales = random_.integers(0, 1 << 16, 40 * c.columns).astype(np.uint16)
    bench.load(Content.WEIGHTS, rows, 0, len(rows))
    bench.load(Content.SCALES, scales, 0, 40, engine=Engine.COMBINATION)
    bench.load(Content.ROWS, rows, 0, len(rows))
    bench.run()
    spent = [after - before for before, after in zip(bench.begun, bench.over, strict=True)]
    ports = write_ports(c)
    words = [len(rows) // ports, 40 * max(1, 2 * c.columns // c.lanes // ports), len(rows) // together]
    for cycles, least, (_, beats) in zip(spent, words, bench.loads, strict=True):
        assert 0 <= cycles - max(least, len(beats)) <= 6


def test_the_padding_of_one_load_is_not_the_beginning_of_the_next():
    """Three words of a beat of four, then a whole beat: the fourth must be gone."""
    c = CONFIGS["z32"]
    bench, words = Bench(c, 0.0), np.arange(7 * 16, dtype=np.uint8).reshape(7, 16)
    bench.load(Content.ROWS, words[:3], 0, 3)
    bench.load(Content.WEIGHTS, words[:3], 0, 3)
    bench.load(Content.ROWS, words[3:], 8, 4)
    bench.load(Content.WEIGHTS, words[3:], 8, 4)
    bench.run()
    expected = [0, 1, 2, 8, 9, 10, 11]
    assert words_of(c, bench.weights) == list(zip(expected, (w.tobytes() for w in words), strict=True))
    assert [(word.row, word.both) for _, word in bench.weights] == [(0, 1), (2, 0), (8, 1), (10, 1)]
    assert [[word.address for _, word in got] for got in bench.rows] == [
        [0, 8],
        [1, 9],
        [2, 10],
        [11],
        [],
        [],
        [],
        [],
    ]
