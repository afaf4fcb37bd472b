"""cocotb side of test_lite.py."""

import json
import os
import random

import cocotb
from cocotb.triggers import RisingEdge
from multiplications import draw, expected

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.lite import GfLite
from pyralis.hw.gf.ports import Injection, element_names
from pyralis.hw.gf.registers import COUNTERS, IDENTIFICATION, SLOTS, register_map, words_of
from pyralis.sim.bench.axi import axi_lite_master, monitor_axi_lite
from pyralis.sim.bench.stream import start

CONFIG = GfConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
WORDS = {word.name: word for word in register_map(CONFIG, operands=True).words}
NETS = list(Injection(CONFIG).members)
MASK = (1 << 32) - 1


class Host:
    """A driver in a few lines."""

    def __init__(self, dut, stall: float = 0.0) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.bus = axi_lite_master(dut, "s_axi_ctrl", rng=self.rng, stall=stall)
        monitor_axi_lite(dut, "s_axi_ctrl")

    async def read(self, name: str) -> int:
        answer = await self.bus.read(WORDS[name].offset, 4)
        assert int(answer.resp) == 0
        return int.from_bytes(answer.data, "little")

    async def write(self, name: str, value: int) -> None:
        answer = await self.bus.write(WORDS[name].offset, value.to_bytes(4, "little"))
        assert int(answer.resp) == 0

    async def read_wide(self, name: str, bits: int) -> int:
        return sum([await self.read(f"{name}_{n}") << 32 * n for n in range(words_of(bits))])

    async def multiply(self, job: dict) -> dict[str, int]:
        slots = [
            (index, bit)
            for index, net in enumerate(NETS)
            for bit in range(job["inject"][net].bit_length())
            if job["inject"][net] >> bit & 1
        ]
        for n in range(SLOTS):
            index, bit = slots[n] if n < len(slots) else (0, 0)
            await self.write(f"slot_{n}", bit | index << 16 | (n < len(slots)) << 31)
        if slots:
            await self.write("inject", 1)
        for name in element_names(CONFIG):
            for n in range(words_of(CONFIG.m)):
                await self.write(f"{name}_{n}", job[name] >> 32 * n & MASK)
        await self.write("control", 1)
        while not (status := await self.read("status")) & 2:
            assert status & 1, "busy until done"
        names = ("error", "corrected", "uncorrectable", "alarm")
        flags = {name: status >> 2 + n & 1 for n, name in enumerate(names)}
        return {"product": await self.read_wide("product", CONFIG.m), **flags}


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def products(dut, stall):
    host = Host(dut, stall)
    await start(dut)
    assert await host.read("ident") == IDENTIFICATION
    await host.write("interrupt_enable", 1)
    totals = dict.fromkeys(COUNTERS, 0)
    last = 0
    for round_ in range(24):
        job = draw(host.rng, CONFIG, round_ % (SLOTS + 1))
        found, wanted = await host.multiply(job), expected(CONFIG, job)
        assert {name: wanted[name] for name in found} == found
        totals["products"] += 1
        for name in COUNTERS[1:]:
            totals[name] += found[name.removesuffix("s")]
        assert int(dut.irq.value) == found["error"]
        await host.write("interrupt", 7)
        assert not int(dut.irq.value)
        last = wanted["syndrome"] if found["error"] else last
    assert {name: await host.read(f"count_{name}") for name in COUNTERS} == totals
    assert totals["errors"] > totals["corrected"] > 0
    assert await host.read_wide("syndrome", len(bin(last)) - 2) == last
    await host.write("control", 2)
    assert await host.read("count_products") == 0


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def a_permanent_fault_stays_until_it_is_taken_away(dut):
    host = Host(dut)
    await start(dut)
    job = draw(host.rng, CONFIG, 0)
    await host.write("inject", 2)
    job["inject"]["reduced"] = 1
    slots = job["inject"]
    for _ in range(3):
        found = await host.multiply(job)
        assert found["error"] and found["corrected"]
        await host.write("inject", 2)
    job["inject"] = dict.fromkeys(slots, 0)
    await host.write("inject", 0)
    assert not (await host.multiply(job))["error"]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def cycles_of_the_last_product_are_counted(dut):
    """Against the bus: a start comes with BVALID, and the interrupt of an error with ``done``."""
    host = Host(dut)
    await start(dut)
    await host.write("interrupt_enable", 1)
    assert await host.read("cycles") == 0
    promised = GfLite(CONFIG)
    measured = []

    async def watch():
        cycle = started = interrupted = 0
        while True:
            await RisingEdge(dut.clk)
            cycle += 1
            if int(dut.s_axi_ctrl_bvalid.value):
                started = cycle  # no other write comes before the interrupt
            if int(dut.irq.value) and not interrupted:
                measured.append(cycle - started - 1)
            interrupted = int(dut.irq.value)

    cocotb.start_soon(watch())
    for errors in (1, 0, 1, 1, 0):
        found = await host.multiply(draw(host.rng, CONFIG, errors))
        assert found["error"] == errors and not found["alarm"]
        cycles = await host.read("cycles")
        assert cycles == promised.busy_cycles + errors * promised.correction_cycles
        if errors:
            assert measured.pop() == cycles and not measured
            await host.write("interrupt", 7)
        assert await host.read("cycles") == cycles, "it stands still until the next product"
