"""cocotb side of test_top.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.counters import TOTALS
from pyralis.hw.gcn.program import COMBINE, END, LOAD, VERSION, Content, ErrorCode, Opcode, Origin
from pyralis.hw.gcn.programstore import PAGE
from pyralis.hw.gcn.registers import IDENTIFICATION, register_map
from pyralis.hw.gcn.registers import VERSION as REGISTERS_VERSION
from pyralis.sim.bench.axi import AxiRam, axi_lite_master, monitor_axi, monitor_axi_lite
from pyralis.sim.bench.stream import start

CONFIG = GcnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
WORDS = {word.name: word for word in register_map(CONFIG).words}
BEAT = CONFIG.bus_bits // 8
PAGE_BEATS = PAGE * DESCRIPTOR_BYTES // BEAT
DONE, FAILED, DRAINING = 2, 4, 8
PROGRAM, WEIGHTS, INPUT, OUTPUT = 0x2380, 0x8000, 0x9000, 0xA000


def load(content: Content, beats: int, count: int, **fields) -> int:
    header = {"opcode": Opcode.LOAD, "version": VERSION}
    return LOAD.const({**header, "content": content, "beats": beats, "count": count, **fields}).as_bits()


def end(**fields) -> int:
    return END.const({"opcode": Opcode.END, "version": VERSION, **fields}).as_bits()


class Bench:
    """A host on the registers, a memory on the master, monitors on both ports."""

    def __init__(self, dut, stall: float = 0.0) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.host = axi_lite_master(dut, "s_axi_ctrl", rng=self.rng, stall=stall)
        self.memory = AxiRam(dut, "m_axi_data", rng=self.rng, stall=stall)
        self.monitor = monitor_axi(dut, "m_axi_data")
        monitor_axi_lite(dut, "s_axi_ctrl")

    async def read(self, name: str) -> int:
        answer = await self.host.read(WORDS[name].offset, 4)
        assert int(answer.resp) == 0
        return int.from_bytes(answer.data, "little")

    async def write(self, name: str, value: int) -> None:
        answer = await self.host.write(WORDS[name].offset, value.to_bytes(4, "little"))
        assert int(answer.resp) == 0

    def place(self, *descriptors: int, address: int = PROGRAM) -> None:
        """A program; what follows it is illegal."""
        content = b"".join(word.to_bytes(DESCRIPTOR_BYTES, "little") for word in descriptors)
        content += b"\xff" * (PAGE * DESCRIPTOR_BYTES)
        self.memory.memory[address : address + len(content)] = content

    async def run(self, *, runs: int = 1, program: int = PROGRAM, resident: int = 0, remap: int = 0) -> None:
        bases = {"program": program, "weights": WEIGHTS, "input": INPUT, "output": OUTPUT}
        for name, base in bases.items():
            await self.write(f"{name}_address_lo", base)
        await self.write("input_stride", 0x40)
        await self.write("runs", runs)
        await self.write("resident", resident)
        await self.write("memory", 3 | remap << 2)
        await self.write("interrupt", 1)
        await self.write("interrupt_enable", 1)
        assert not int(self.dut.irq.value)
        self.monitor.reads.clear()
        await self.write("control", 1)
        if not int(self.dut.irq.value):
            await with_timeout(RisingEdge(self.dut.irq), 40, "us")

    def beats(self, base: int, size: int = 0x800) -> int:
        """Read in a place of memory."""
        return sum(beats for address, beats in self.monitor.reads if base <= address < base + size)

    async def totals(self) -> dict[str, int]:
        return {name: await self.read(f"total_{name}_lo") for name in TOTALS}

    async def cycles_of(self, index: int) -> int:
        await self.write("descriptor_select", index)
        return await self.read("descriptor_cycles_lo")


@cocotb.test(timeout_time=100, timeout_unit="us")
async def registers_after_reset(dut):
    bench = Bench(dut)
    await start(dut)
    assert await bench.read("ident") == IDENTIFICATION == int.from_bytes(b"PyGC", "big")
    assert await bench.read("version") == VERSION << 16 | REGISTERS_VERSION
    for name, word in WORDS.items():
        assert await bench.read(name) == word.reset, name
    await ClockCycles(dut.clk, 200)
    assert not bench.monitor.reads and not bench.monitor.writes and not int(dut.irq.value)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def written_words_read_back(dut):
    bench = Bench(dut, 0.3)
    await start(dut)
    written = {}
    for name, word in WORDS.items():
        mask = sum(part.mask for part in word.parts if part.field.access == "rw")
        if mask:
            written[name] = bench.rng.getrandbits(32)
            await bench.write(name, written[name])
            written[name] &= mask
    assert len(written) > 12
    for name, value in written.items():
        assert await bench.read(name) == value, name


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def empty_programs(dut, stall):
    bench = Bench(dut, stall)
    bench.place(end())
    await start(dut)
    for runs in (1, 5, 0):
        await bench.run(runs=runs)
        assert await bench.read("status") == DONE and await bench.read("error") == 0
        assert await bench.read("runs_done") == runs
        assert await bench.read("interrupt") == 1
        await bench.write("interrupt", 1)
        assert not int(dut.irq.value), "the interrupt stays until it is cleared"
        totals = await bench.totals()
        assert totals.pop("cycles") > 0
        once = PAGE_BEATS if runs else 0  # later runs find the page on chip
        assert totals == {**dict.fromkeys(totals, 0), "program_beats": once}
        assert bench.beats(PROGRAM) == once == bench.beats(0, 1 << 16)
    assert not bench.monitor.writes


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.3])
async def loads_of_every_kind(dut, stall):
    """What is resident comes once, what is not in every run, and from where the origins say."""
    bench = Bench(dut, stall)
    columns, line, lanes = CONFIG.columns, 16 // BEAT, CONFIG.lanes
    sizes = {
        Content.EDGES: 3 * columns * line,
        Content.FEATURES: 2 * columns * CONFIG.clusters * line,
        Content.WEIGHTS: 6 * lanes // BEAT,
        Content.BIASES: 2 * 4 * lanes // BEAT,
        Content.SCALES: 4 * 2 * columns // BEAT,
        Content.ROWS: 8 * lanes // BEAT,
    }
    counts = dict(zip(sizes, (3, 2, 6, 2, 4, 8), strict=True))
    program = []
    for n, (content, beats) in enumerate(sizes.items()):
        whose = {"resident": 1, "origin": Origin.WEIGHTS}
        if content in (Content.FEATURES, Content.ROWS):
            whose = {"origin": Origin.INPUT}
        program.append(load(content, beats, counts[content], index=n, source=0x100 * n, **whose))
    bench.place(*program, end(index=len(program)))
    await start(dut)
    constant = sum(sizes[kind] for kind in sizes if kind not in (Content.FEATURES, Content.ROWS))
    given = sizes[Content.FEATURES] + sizes[Content.ROWS]
    for runs, resident in ((1, 0), (3, 1), (3, 0)):
        await bench.run(runs=runs, resident=resident)
        assert await bench.read("status") == DONE, await bench.read("error")
        assert bench.beats(WEIGHTS) == constant * (1 if resident else runs)
        assert bench.beats(INPUT) == given * runs
        strides = {address & 0xFF for address, _ in bench.monitor.reads if INPUT <= address < OUTPUT}
        assert strides == {0x40 * run for run in range(runs)}
        totals = await bench.totals()
        assert totals["program_beats"] == bench.beats(PROGRAM) == 2 * PAGE_BEATS
        of = {name: totals[f"{name}_beats"] for name in ("edges", "features", "weights", "write")}
        assert of["edges"] == sizes[Content.EDGES] * (1 if resident else runs)
        assert of["features"] == sizes[Content.FEATURES] * runs
        assert sum(of.values()) == bench.beats(WEIGHTS) + bench.beats(INPUT)
        assert totals["entries"] == totals["products"] == totals["aggregate_cycles"] == 0
        spent = [await bench.cycles_of(index) for index in range(8)]
        assert all(spent[: len(sizes)]) and not any(spent[len(sizes) :])
        assert max(spent) < totals["cycles"]
    assert not bench.monitor.writes


@cocotb.test(timeout_time=200, timeout_unit="us")
async def bad_programs_are_told_and_the_next_job_is_good(dut):
    bench = Bench(dut)
    bench.place(end())
    fine = load(Content.WEIGHTS, 6 * CONFIG.lanes // BEAT, 6, index=0)
    wrong = load(Content.WEIGHTS, 1, 77, index=300)
    empty = COMBINE.const({"opcode": Opcode.COMBINE, "version": VERSION, "index": 2}).as_bits()
    cases = [
        ([end(version=VERSION + 1, index=9)], ErrorCode.VERSION, 0),
        ([fine, fine, fine, fine, fine, end(version=VERSION + 1, index=9)], ErrorCode.VERSION, 5),
        ([fine, wrong, end()], ErrorCode.FIELD, 300),
        ([fine, fine, empty, end()], ErrorCode.FIELD, 2),
        ([fine | 4, end()], ErrorCode.OPCODE, 0),
    ]
    await start(dut)
    for program, code, index in cases:
        bench.place(*program, address=0x4000)
        await bench.run(program=0x4000)
        assert await bench.read("status") & ~DRAINING == FAILED
        assert await bench.read("error") == code.value | index << 16
        assert await bench.read("runs_done") == 0
        await bench.run()
        assert await bench.read("status") == DONE and await bench.read("error") == 0


@cocotb.test(timeout_time=200, timeout_unit="us")
async def errors_of_the_bus_say_whose_they_are(dut):
    bench = Bench(dut)
    bench.place(end())
    line = 16 * CONFIG.columns // BEAT
    kinds = {
        ErrorCode.EDGES_BUS: load(Content.EDGES, line, 1, index=7),
        ErrorCode.FEATURES_BUS: load(Content.FEATURES, line * CONFIG.clusters, 1, index=7),
        ErrorCode.WEIGHTS_BUS: load(Content.WEIGHTS, 6 * CONFIG.lanes // BEAT, 6, index=7),
        ErrorCode.PROGRAM_BUS: end(),
    }
    await start(dut)
    for code, descriptor in kinds.items():
        place, bad = 0x4000, WEIGHTS
        if code is ErrorCode.PROGRAM_BUS:
            place = bad = 0x6000
        bench.memory.refuse(range(bad, bad + BEAT))
        bench.place(descriptor, end(index=8), address=place)
        await bench.run(program=place)
        assert await bench.read("status") & ~DRAINING == FAILED, code
        assert await bench.read("error") & 0xFF == code.value, code
        await bench.run()
        assert await bench.read("status") == DONE and await bench.read("error") == 0


@cocotb.test(timeout_time=100, timeout_unit="us")
async def remapped_bursts_are_asked_for_elsewhere(dut):
    bench = Bench(dut)
    handler = CONFIG.handler
    image = end().to_bytes(DESCRIPTOR_BYTES, "little") * PAGE
    base = 0x5000
    for at in range(base, base + len(image), 1 << handler.burst_bit):
        place = handler.remap(at)
        bench.memory.memory[place : place + (1 << handler.burst_bit)] = image[at - base :][
            : 1 << handler.burst_bit
        ]
    await start(dut)
    await bench.run(program=base, remap=1)
    assert await bench.read("status") == DONE
    asked = [address for address, _ in bench.monitor.reads]
    assert asked == [handler.remap(at) for at in range(base, base + len(image), 1 << handler.burst_bit)]
    assert asked != sorted(asked) or asked[1] - asked[0] != 1 << handler.burst_bit
