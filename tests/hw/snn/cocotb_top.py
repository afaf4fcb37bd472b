"""cocotb side of test_top.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.counters import TOTALS
from pyralis.hw.snn.program import DESCRIPTOR_BYTES, END, VERSION, ErrorCode, Opcode
from pyralis.hw.snn.registers import IDENTIFICATION, register_map
from pyralis.sim.bench.axi import AxiRam, axi_lite_master, monitor_axi, monitor_axi_lite
from pyralis.sim.bench.stream import start

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
WORDS = {word.name: word for word in register_map(CONFIG).words}
BEATS = DESCRIPTOR_BYTES // (CONFIG.bus_bits // 8)
DONE, FAILED = 2, 4
PROGRAM = 0x2380


class Bench:
    """A host on the registers, a memory on both masters, monitors on all three ports."""

    def __init__(self, dut, stall: float = 0.0) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.host = axi_lite_master(dut, "s_axi_ctrl", rng=self.rng, stall=stall)
        self.memory = AxiRam(dut, "m_axi_data", rng=self.rng, stall=stall)
        self.weights = AxiRam(dut, "m_axi_weights", rng=self.rng, stall=stall)
        self.data_monitor = monitor_axi(dut, "m_axi_data")
        self.weight_monitor = monitor_axi(dut, "m_axi_weights")
        monitor_axi_lite(dut, "s_axi_ctrl")

    async def read(self, name: str) -> int:
        answer = await self.host.read(WORDS[name].offset, 4)
        assert int(answer.resp) == 0
        return int.from_bytes(answer.data, "little")

    async def write(self, name: str, value: int) -> None:
        answer = await self.host.write(WORDS[name].offset, value.to_bytes(4, "little"))
        assert int(answer.resp) == 0

    def place(self, *, address: int = PROGRAM, version: int = VERSION, index: int = 0) -> None:
        """A program of nothing but END; what follows it is illegal."""
        word = END.const({"opcode": Opcode.END, "version": version, "index": index}).as_bits()
        content = word.to_bytes(DESCRIPTOR_BYTES, "little") + b"\xff" * DESCRIPTOR_BYTES
        self.memory.memory[address : address + len(content)] = content

    async def run(self, *, runs: int = 1, program: int = PROGRAM) -> None:
        await self.write("program_address_lo", program)
        await self.write("runs", runs)
        await self.write("interrupt", 1)
        await self.write("interrupt_enable", 1)
        assert not int(self.dut.irq.value)
        await self.write("control", 1)
        if not int(self.dut.irq.value):
            await with_timeout(RisingEdge(self.dut.irq), 20, "us")


@cocotb.test(timeout_time=100, timeout_unit="us")
async def registers_after_reset(dut):
    bench = Bench(dut)
    await start(dut)
    assert await bench.read("ident") == IDENTIFICATION == int.from_bytes(b"PySN", "big")
    assert await bench.read("version") == VERSION << 16 | 1
    for name, word in WORDS.items():
        assert await bench.read(name) == word.reset, name
    assert await bench.read("lanes") == (
        CONFIG.out_lanes | CONFIG.in_lanes << 8 | CONFIG.pixel_lanes << 16 | CONFIG.step_lanes << 24
    )
    await ClockCycles(dut.clk, 200)
    assert not bench.data_monitor.reads and not bench.data_monitor.writes and not bench.weight_monitor.reads
    assert not int(dut.irq.value)


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
    bench.place()
    await start(dut)
    for runs in (1, 5, 0):
        bench.data_monitor.reads.clear()
        await bench.run(runs=runs)
        assert await bench.read("status") == DONE and await bench.read("error") == 0
        assert await bench.read("runs_done") == runs
        assert await bench.read("interrupt") == 1
        await bench.write("interrupt", 1)
        assert not int(dut.irq.value), "the interrupt stays until it is cleared"
        assert bench.data_monitor.reads == [(PROGRAM, BEATS)] * runs
        totals = {name: await bench.read(f"total_{name}_lo") for name in TOTALS}
        cycles = totals.pop("cycles")
        assert cycles > 0
        assert totals == {**dict.fromkeys(totals, 0), "read_beats": runs * BEATS}
    assert not bench.data_monitor.writes and not bench.weight_monitor.reads


@cocotb.test(timeout_time=100, timeout_unit="us")
async def a_wrong_version_is_an_error_and_the_next_job_is_good(dut):
    bench = Bench(dut)
    bench.place()
    bench.place(address=0x4000, version=VERSION + 1, index=9)
    await start(dut)
    for _ in range(2):
        await bench.run(program=0x4000)
        assert await bench.read("status") == FAILED
        assert await bench.read("error") == ErrorCode.VERSION.value
        assert await bench.read("runs_done") == 0
        await bench.run()
        assert await bench.read("status") == DONE and await bench.read("error") == 0


@cocotb.test(timeout_time=100, timeout_unit="us")
async def the_interrupt_can_stay_off(dut):
    bench = Bench(dut)
    bench.place()
    await start(dut)
    await bench.write("program_address_lo", PROGRAM)
    await bench.write("control", 1)
    while await bench.read("status") != DONE:
        pass
    assert await bench.read("interrupt") == 1 and not int(dut.irq.value)
    await bench.write("interrupt_enable", 1)
    assert int(dut.irq.value)
