"""cocotb side of test_load.py: runs inside the simulator."""

import json
import os
import random

import cocotb
import torch
from cocotb.triggers import ReadOnly, RisingEdge

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.pixels import CHUNK_BYTES
from pyralis.hw.snn.program import LOAD, VERSION, Opcode
from pyralis.hw.snn.words import slot_bits, word_beats
from pyralis.sim.bench.dma import ReadServer
from pyralis.sim.bench.stream import StreamSource, monitor_stream, stalls, start
from pyralis.sim.golden.snn.load import load, pack_words, word_ints

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
BEAT = CONFIG.bus_bits // 8
INPUT = 0x1000


class Bench:
    """Drives descriptors, serves memory, records what is written.

    Attributes
    ----------
    writes : list of (cycle, buffer, address, data)
    errors, dones : cycles of the pulses
    """

    def __init__(self, dut, rng: random.Random) -> None:
        self.dut, self.rng = dut, rng
        self.memory = bytearray(rng.randbytes(1 << 16))
        self.descriptors = StreamSource(dut, "descriptors")
        sizes = {"bus_bits": CONFIG.bus_bits, "address_bits": CONFIG.address_bits}
        self.server = ReadServer(dut, "jobs", "data", self.memory, **sizes)
        self.writes, self.errors, self.dones = [], [], []
        self.cycle = 0
        self.free = INPUT

    async def start(self) -> None:
        self.dut.input_address.value = INPUT
        self.dut.flush.value = 0
        await start(self.dut)
        self.monitors = {
            name: monitor_stream(self.dut, name, clear="flush") for name in ("descriptors", "jobs", "data")
        }
        cocotb.start_soon(self._record())

    async def _record(self) -> None:
        dut = self.dut
        while True:
            await RisingEdge(dut.clk)
            self.cycle += 1
            if int(dut.write__enable.value):
                port = (
                    int(dut.write__buffer.value),
                    int(dut.write__address.value),
                    int(dut.write__data.value),
                )
                self.writes.append((self.cycle, *port))
            if int(dut.address_error.value):
                self.errors.append(self.cycle)
            if int(dut.done.value):
                self.dones.append(self.cycle)

    def place(self, image: bytes, extra_beats: int = 0) -> tuple[int, int]:
        """Puts *image* at the next free beat; returns (source, beats)."""
        address, beats = self.free, -(-len(image) // BEAT) + extra_beats
        self.memory[address : address + len(image)] = image
        self.free += beats * BEAT
        return address - INPUT, beats

    async def load(self, **fields) -> None:
        index = self.rng.randrange(1 << 16)
        header = {"opcode": Opcode.LOAD, "version": VERSION, "index": index}
        await self.descriptors.send_int(LOAD.const({**header, **fields}).as_bits())

    async def finished(self, count: int) -> None:
        while len(self.dones) < count:
            await RisingEdge(self.dut.clk)
        for _ in range(3):
            await RisingEdge(self.dut.clk)
        assert len(self.dones) == count and not int(self.dut.busy.value)

    def random_words(self, count: int) -> torch.Tensor:
        bits = [self.rng.getrandbits(1) for _ in range(count * CONFIG.map_word_bits)]
        return torch.tensor(bits, dtype=torch.uint8).reshape(count, CONFIG.step_lanes, CONFIG.in_lanes)

    def random_pixels(self, rows: int, width: int, channels: int) -> torch.Tensor:
        values = [
            self.rng.choice((-128, -1, 0, 1, 127, self.rng.randrange(-128, 128)))
            for _ in range(rows * width * channels)
        ]
        return torch.tensor(values, dtype=torch.int8).reshape(rows, width, channels)

    async def load_pixels(
        self,
        pixels: torch.Tensor,
        *,
        fold: int,
        pad_left: int,
        pad_right: int,
        buffer: int = 0,
        extra_beats: int = 0,
    ) -> list[int]:
        """Sends the descriptor; returns the words that it makes."""
        rows, width, channels = pixels.shape
        words = word_ints(load(CONFIG, pixels, fold=fold, pad_left=pad_left, pad_right=pad_right))
        source, beats = self.place(pixels.numpy().tobytes(), extra_beats)
        shape = {"height": rows, "width": width, "channels": channels, "fold": fold}
        pads = {"pad_left": pad_left, "pad_right": pad_right}
        await self.load(
            pixels=1, buffer=buffer, source=source, beats=beats, words=len(words), **shape, **pads
        )
        return words


def expect(writes, buffer: int, words: list[int]) -> None:
    assert [write[1:] for write in writes] == [(buffer, n, word) for n, word in enumerate(words)]


def shapes() -> list[tuple[int, int]]:
    """(channels, fold) that fit the lanes."""
    lanes = CONFIG.in_lanes
    wanted = [(1, 1), (2, 1), (3, 1), (1, 3), (2, 3), (3, 3), (4, 1), (5, 1), (1, lanes), (lanes, 1)]
    return [pair for pair in wanted if pair[0] * pair[1] <= lanes]


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(stalled=[False, True])
async def random_descriptors_match_golden(dut, stalled):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    if stalled:
        bench.server.set_pause_generators(stalls(rng, 0.3), stalls(rng, 0.5))
        bench.descriptors.set_pause_generator(stalls(rng, 0.3))
    expected = []
    for channels, fold in shapes():
        rows, width = rng.choice((1, 2, 3)), rng.choice((1, 5, 7))
        pad_left, pad_right = rng.choice(((0, 0), (1, 1), (fold, 2), (0, 3)))
        pad_right = max(pad_right, fold - width - pad_left)
        rows = max(1, min(rows, CONFIG.map_words // ((pad_left + width + pad_right) * CONFIG.plane_groups)))
        pixels, buffer = bench.random_pixels(rows, width, channels), rng.randrange(2)
        pads = {"pad_left": pad_left, "pad_right": pad_right}
        words = await bench.load_pixels(
            pixels, fold=fold, buffer=buffer, extra_beats=rng.choice((0, 0, 2)), **pads
        )
        expected.append((buffer, words))
        bits, buffer = bench.random_words(rng.choice((1, 2, 3, 17, 50))), rng.randrange(2)
        source, beats = bench.place(pack_words(CONFIG, bits), rng.choice((0, 0, 1)))
        assert beats >= word_beats(CONFIG, len(bits))
        await bench.load(buffer=buffer, source=source, beats=beats, words=len(bits))
        expected.append((buffer, word_ints(bits)))
    await bench.finished(len(expected))
    taken = 0
    for buffer, words in expected:
        expect(bench.writes[taken : taken + len(words)], buffer, words)
        assert bench.writes[taken + len(words) - 1][0] <= bench.dones[0], "done before the last write"
        bench.dones.pop(0)
        taken += len(words)
    assert taken == len(bench.writes) and not bench.errors
    assert {buffer for buffer, _ in expected} == {0, 1}, "one buffer only"
    assert bench.monitors["data"].waits, "the unit never made the memory wait"


@cocotb.test(timeout_time=100, timeout_unit="us")
async def rates_are_as_promised(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    count = CONFIG.map_words
    bits = bench.random_words(count)
    source, beats = bench.place(pack_words(CONFIG, bits))
    await bench.load(source=source, beats=beats, words=count)
    await bench.finished(1)
    interval = max(1, slot_bits(CONFIG) // CONFIG.bus_bits)
    cycles = [write[0] for write in bench.writes]
    assert cycles == [cycles[0] + interval * n for n in range(count)], "words do not follow each other"
    assert cycles[0] - bench.monitors["data"].times[interval - 1] == 2, "latency"

    await bench.load_pixels(bench.random_pixels(1, 1, 1), fold=1, pad_left=0, pad_right=0)
    await bench.finished(2)
    assert bench.writes[count][0] - bench.monitors["data"].times[-1] == 3, "latency of a pixel"

    for n, (channels, fold) in enumerate(shapes()):
        moves, groups = -(-channels // CHUNK_BYTES), CONFIG.plane_groups
        width, rows = 5, 3
        bench.writes.clear()
        pixels = bench.random_pixels(rows, width + fold, channels)
        words = await bench.load_pixels(pixels, fold=fold, pad_left=1, pad_right=0)
        await bench.finished(n + 3)
        expect(bench.writes, 0, words)
        windows = width + 2
        assert len(words) == rows * windows * groups
        # The middle row: the first one may begin with a padded column before memory has answered.
        begin, end = windows * groups, 2 * windows * groups
        cycles = [write[0] for write in bench.writes]
        period = groups + moves - 1
        assert cycles[end] - cycles[begin] == windows * period + (fold - 1) * moves, (channels, fold)
        row = [cycles[begin] + period * x + g for x in range(windows) for g in range(groups)]
        assert cycles[begin:end] == row, (channels, fold)
        if channels <= CHUNK_BYTES:
            assert row == list(range(row[0], row[0] + len(row))), "not one word a cycle"


@cocotb.test(timeout_time=100, timeout_unit="us")
async def pixels_beyond_the_buffer_are_an_error(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    width = CONFIG.map_words // CONFIG.plane_groups + 1
    words = await bench.load_pixels(bench.random_pixels(1, width, 1), fold=1, pad_left=0, pad_right=0)
    await bench.finished(1)
    expect(bench.writes, 0, words[: CONFIG.map_words])
    assert len(bench.errors) == len(words) - CONFIG.map_words == CONFIG.plane_groups
    bits = bench.random_words(5)
    source, beats = bench.place(pack_words(CONFIG, bits))
    await bench.load(buffer=1, source=source, beats=beats, words=5)
    await bench.finished(2)
    expect(bench.writes[CONFIG.map_words :], 1, word_ints(bits))
    assert len(bench.errors) == CONFIG.plane_groups, "the error has stuck"


@cocotb.test(timeout_time=400, timeout_unit="us")
async def flush_restarts_anywhere(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    bench.server.set_pause_generators(stalls(rng, 0.3), stalls(rng, 0.3))
    cut = {0: 0, 1: 0}
    for attempt in range(60):
        bench.free = INPUT
        bench.writes.clear()
        mode = attempt % 2
        if mode:
            words = await bench.load_pixels(bench.random_pixels(2, 5, 2), fold=2, pad_left=1, pad_right=1)
        else:
            bits = bench.random_words(20)
            words = word_ints(bits)
            source, beats = bench.place(pack_words(CONFIG, bits), 3)
            await bench.load(source=source, beats=beats, words=20)
        if attempt % 4 < 2:  # cut it off somewhere
            for _ in range(rng.randrange(3, 40)):
                await RisingEdge(dut.clk)
            await ReadOnly()
            cut[mode] += int(dut.busy.value)
            await RisingEdge(dut.clk)
            dut.flush.value = 1
            bench.server.flush()
            await RisingEdge(dut.clk)
            dut.flush.value = 0
            bench.server.flush()
            await RisingEdge(dut.clk)
            bench.server.flush()
            await RisingEdge(dut.clk)
            assert not int(dut.busy.value)
            bench.dones.clear()
        else:
            await bench.finished(1)
            bench.dones.clear()
            expect(bench.writes, 0, words)
    assert all(count > 3 for count in cut.values()), f"flushes hit an idle unit: {cut}"
