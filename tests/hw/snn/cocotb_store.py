"""cocotb side of test_store.py: runs inside the simulator."""

import json
import os
import random
from collections import deque

import cocotb
import torch
from cocotb.triggers import RisingEdge

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import STORE, VERSION, Opcode
from pyralis.hw.snn.words import slot_bits, word_beats
from pyralis.sim.bench.dma import WriteServer
from pyralis.sim.bench.stream import StreamSource, monitor_stream, stalls, start
from pyralis.sim.golden.snn.load import pack_words, unpack_words, word_ints

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
MAP_LATENCY = int(os.environ["PYRALIS_MAP_LATENCY"])
BEAT = CONFIG.bus_bits // 8
OUTPUT = 0x2000
UNTOUCHED = 0xA5


class Bench:
    """Feature maps of random words on one side, a write DMA on the other."""

    def __init__(self, dut, rng: random.Random) -> None:
        self.dut, self.rng = dut, rng
        shape = (2, CONFIG.map_words, CONFIG.step_lanes, CONFIG.in_lanes)
        generator = torch.Generator().manual_seed(rng.randrange(1 << 31))
        self.bits = torch.randint(0, 2, shape, generator=generator, dtype=torch.uint8)
        self.maps = [word_ints(buffer) for buffer in self.bits]
        self.memory = bytearray([UNTOUCHED]) * (1 << 16)
        self.descriptors = StreamSource(dut, "descriptors")
        sizes = {"bus_bits": CONFIG.bus_bits, "address_bits": CONFIG.address_bits}
        self.server = WriteServer(dut, "jobs", "beats", self.memory, **sizes)
        self.dones, self.reads, self.free = 0, 0, 0

    async def start(self) -> None:
        self.dut.output_address.value = OUTPUT
        self.dut.flush.value = 0
        await start(self.dut)
        self.monitors = {
            name: monitor_stream(self.dut, name, clear="flush") for name in ("descriptors", "jobs", "beats")
        }
        cocotb.start_soon(self._maps())

    async def _maps(self) -> None:
        """Answers a read ``MAP_LATENCY`` cycles later and shows rubbish in between."""
        dut, pipeline = self.dut, deque([None] * (MAP_LATENCY - 1))
        while True:
            await RisingEdge(dut.clk)
            self.dones += int(dut.done.value)
            word = None
            if int(dut.read__enable.value):
                word = self.maps[int(dut.read__buffer.value)][int(dut.read__address.value)]
                self.reads += 1
            pipeline.append(word)
            word = pipeline.popleft()
            dut.data.value = self.rng.getrandbits(CONFIG.map_word_bits) if word is None else word

    async def store(self, buffer: int, words: int) -> int:
        """Sends a descriptor; returns where its words are to lie."""
        beats, target = word_beats(CONFIG, words), self.free
        self.free += (beats + 1) * BEAT  # leaves a beat that nobody may touch
        fields = {"buffer": buffer, "target": target, "words": words, "beats": beats}
        header = {"opcode": Opcode.STORE, "version": VERSION, "index": self.rng.randrange(1 << 16)}
        await self.descriptors.send_int(STORE.const({**header, **fields}).as_bits())
        return OUTPUT + target

    async def finished(self, dones: int) -> None:
        while self.dones < dones:
            await RisingEdge(self.dut.clk)
        for _ in range(4):
            await RisingEdge(self.dut.clk)
        assert self.dones == dones and not int(self.dut.busy.value)

    def check(self, address: int, buffer: int, words: int) -> None:
        image = pack_words(CONFIG, self.bits[buffer, :words])
        beats = word_beats(CONFIG, words)
        assert self.memory[address : address + len(image)] == image
        padding = self.memory[address + len(image) : address + beats * BEAT]
        assert not any(padding), "the last beat is not filled up with zeros"
        assert set(self.memory[address + beats * BEAT :][:BEAT]) == {UNTOUCHED}
        assert torch.equal(unpack_words(CONFIG, image), self.bits[buffer, :words])


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(stalled=[False, True])
async def words_reach_memory(dut, stalled):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    if stalled:
        bench.server.set_pause_generators(stalls(rng, 0.5), stalls(rng, 0.5))
        bench.descriptors.set_pause_generator(stalls(rng, 0.3))
    runs = []
    for words in (1, 2, 3, 17, CONFIG.map_words, *(rng.randrange(1, 40) for _ in range(10))):
        buffer = rng.randrange(2)
        runs.append((await bench.store(buffer, words), buffer, words))
    await bench.finished(len(runs))
    for run in runs:
        bench.check(*run)
    assert bench.server.jobs == [(address, word_beats(CONFIG, words)) for address, _, words in runs]
    assert bench.reads == sum(words for _, _, words in runs)
    assert {buffer for _, buffer, _ in runs} == {0, 1}
    assert bool(bench.monitors["beats"].waits) == stalled


@cocotb.test(timeout_time=50, timeout_unit="us")
async def one_word_a_cycle(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    words = CONFIG.map_words
    address = await bench.store(1, words)
    await bench.finished(1)
    bench.check(address, 1, words)
    interval = max(1, CONFIG.bus_bits // slot_bits(CONFIG))
    times = bench.monitors["beats"].times
    assert times == [times[0] + interval * n for n in range(word_beats(CONFIG, words))]
    words_in_first = max(1, CONFIG.bus_bits // slot_bits(CONFIG))
    assert times[0] - bench.monitors["jobs"].times[0] == MAP_LATENCY + 3 + words_in_first, "latency"


@cocotb.test(timeout_time=200, timeout_unit="us")
async def flush_restarts_anywhere(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    bench.server.set_pause_generators(stalls(rng, 0.3), stalls(rng, 0.5))
    cut = 0
    for attempt in range(30):
        bench.free, bench.dones = 0, 0
        bench.memory[:] = bytearray([UNTOUCHED]) * len(bench.memory)
        words = rng.choice((3, 21, 40))
        address = await bench.store(attempt % 2, words)
        if attempt % 2:
            await bench.finished(1)
            bench.check(address, 1, words)
            continue
        for _ in range(rng.randrange(3, 20)):
            await RisingEdge(dut.clk)
        cut += int(dut.busy.value)
        dut.flush.value = 1
        await RisingEdge(dut.clk)
        dut.flush.value = 0
        for _ in range(2):
            bench.server.flush()
            await RisingEdge(dut.clk)
        assert not int(dut.busy.value)
    assert cut > 5, f"only {cut} flushes hit a busy unit"
