"""cocotb side of test_pool.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from cases import Case, random_case
from cocotb.triggers import RisingEdge
from slots import SlotPacker, settings_bits

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.neuron import FiredLayout
from pyralis.hw.snn.program import Output
from pyralis.sim.bench.stream import start

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
FIRED = FiredLayout(CONFIG)
PACKER = SlotPacker(CONFIG)
S, P, V, BLOCKS = CONFIG.step_lanes, CONFIG.neuron_lanes, CONFIG.in_lanes, CONFIG.blocks


def results(case: Case, rng: random.Random) -> list[int]:
    """What the neurons hand over, slot by slot."""
    columns = case.out_size[1]
    pixels = [
        (n, pixel, i == 0, i == len(window) - 1)
        for n, window in enumerate(case.windows())
        for i, pixel in enumerate(window)
    ]
    while len(pixels) % CONFIG.pixel_lanes:
        pixels.append(None)
    spikes = case.spikes.tolist()  # [T][pixel][channel]
    found = []
    for tile in range(case.tiles):
        for start_ in range(0, len(pixels), CONFIG.pixel_lanes):
            for g in range(case.groups):
                for lane, pixel in enumerate(pixels[start_ : start_ + CONFIG.pixel_lanes]):
                    found += [
                        slot(case, rng, tile, g, lane, pixel, j, columns, spikes) for j in range(BLOCKS)
                    ]
    return found


def slot(case, rng, tile, g, lane, pixel, j, columns, spikes) -> int:
    fields = {
        "group": g,
        "first": g == 0,
        "last": g == case.groups - 1,
        "tile_last": tile == case.tiles - 1,
    }
    bits = [rng.getrandbits(S) for _ in range(P)]
    if pixel is None:
        rubbish = {name: rng.getrandbits(1) for name in ("window_first", "window_last", "row", "address")}
        fields |= {**rubbish, "used": 0}
    else:
        n, number, first, last = pixel
        word = tile * CONFIG.out_lanes // V + j * P // V
        fields |= {
            "window_first": first,
            "window_last": last,
            "row": n % columns == columns - 1,
            "kept": word * V < case.channels,
            "address": case.base + n * case.pixel_words + word * case.groups + g,
        }
        steps = range(g * S, min(g * S + S, case.steps))
        channel = tile * CONFIG.out_lanes + j * P
        bits = [sum(spikes[t][number][channel + p] << t - g * S for t in steps) for p in range(P)]
    tag = PACKER.tag(lane * BLOCKS + j, **fields)
    return tag | FIRED.const({"spikes": bits}).as_bits()


class Bench:
    def __init__(self, dut) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.words: dict[int, int] = {}
        self.rows: list[int] = []
        self.buffers, self.spikes, self.errors = set(), 0, 0
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        dut = self.dut
        while True:
            await RisingEdge(dut.clk)
            self.errors += int(dut.address_error.value)
            if int(dut.row_done.value):
                self.rows.append(len(self.words))
            if int(dut.write__enable.value):
                self.words[int(dut.write__address.value)] = int(dut.write__data.value)
                self.buffers.add(int(dut.write__buffer.value))
            self.spikes += int(dut.spikes.value)

    async def run(self, case: Case, gaps: float) -> None:
        self.dut.settings.value = settings_bits(output=case.output, in_buffer=case.in_buffer)
        for result in results(case, self.rng):
            while self.rng.random() < gaps:
                self.dut.fired.value, self.dut.result.value = 0, self.rng.getrandbits(FIRED.size)
                await RisingEdge(self.dut.clk)
            self.dut.fired.value, self.dut.result.value = 1, result
            await RisingEdge(self.dut.clk)
        self.dut.fired.value = 0
        await RisingEdge(self.dut.clk)
        while int(self.dut.busy.value):
            await RisingEdge(self.dut.clk)
        await RisingEdge(self.dut.clk)


async def begin(dut) -> Bench:
    dut.fired.value = 0
    await start(dut)
    return Bench(dut)


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(gaps=[0.0, 0.5])
async def windows_match_golden(dut, gaps):
    bench = await begin(dut)
    fired = silent = 0
    for size, stride in ((1, 1), (2, 2), (3, 3), (3, 2), (2, 1), (2, 3)):
        case = random_case(
            CONFIG,
            bench.rng,
            output=Output.SPIKES,
            pool_size=size,
            pool_stride=stride,
            height=bench.rng.randrange(size, 7),
            width=bench.rng.randrange(size, 7),
            limit=100,
            tiles=2,
            channels=bench.rng.randrange(CONFIG.out_lanes + 1, 2 * CONFIG.out_lanes + 1),
        )
        bench.words, bench.rows, bench.spikes, bench.buffers = {}, [], 0, set()
        await bench.run(case, gaps)
        expected = case.words()
        assert bench.words == {a: w for a, w in expected.items() if a < CONFIG.map_words}, case
        assert bench.buffers <= {1 - case.in_buffer}
        assert bench.spikes == int(case.pooled.sum())
        rows, columns = case.out_size
        assert len(bench.rows) == rows
        whole = len(expected) == len(bench.words)
        for y, written in enumerate(bench.rows):
            done = [a for a in expected if a < case.base + (y + 1) * columns * case.pixel_words]
            assert not whole or written >= len(done), f"row {y} was announced too early"
        fired += int(case.pooled.sum())
        silent += int((1 - case.pooled).sum())
    assert fired
    assert silent


@cocotb.test(timeout_time=400, timeout_unit="us")
async def results_are_counted_and_not_written(dut):
    bench = await begin(dut)
    case = random_case(
        CONFIG, bench.rng, output=Output.COUNTS, pool_size=1, pool_stride=1, height=3, width=2, limit=100
    )
    await bench.run(case, 0.2)
    assert bench.spikes == int(case.spikes.sum()) > 0
    assert not bench.words
    assert not bench.rows
    assert not bench.errors


@cocotb.test(timeout_time=400, timeout_unit="us")
async def words_outside_the_buffer_are_errors(dut):
    bench = await begin(dut)
    case = random_case(
        CONFIG,
        bench.rng,
        output=Output.SPIKES,
        pool_size=1,
        pool_stride=1,
        height=3,
        width=2,
        base=CONFIG.map_words - 4,
    )
    await bench.run(case, 0.2)
    inside = {a: w for a, w in case.words().items() if a < CONFIG.map_words}
    assert bench.words == inside
    assert bench.errors == len(case.words()) - len(inside) > 0
    assert len(bench.rows) == case.out_size[0], "the sequencer must not wait for words that were refused"
