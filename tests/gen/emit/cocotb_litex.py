"""cocotb side of test_litex.py: the host of a LiteX system, on a port of its bus."""

import json
import os
from pathlib import Path

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout

from pyralis.sim.bench.lite import Registers
from pyralis.sim.bench.stream import start

JOB = json.loads(Path(os.environ["PYRALIS_JOB"]).read_text())


class Host:
    """Accesses through the system's interconnect: of the memory, and of registers by core and name."""

    def __init__(self, dut) -> None:
        self.bus = Registers(dut)

    async def write(self, core: str, name: str, value: int) -> None:
        await self.bus.write(JOB["bases"][core] + JOB["registers"][core][name], value)

    async def read(self, core: str, name: str) -> int:
        return await self.bus.read(JOB["bases"][core] + JOB["registers"][core][name])

    async def put(self, address: int, content: bytes) -> None:
        for offset in range(0, len(content), 4):
            word = int.from_bytes(content[offset : offset + 4], "little")
            await self.bus.write(JOB["bases"]["memory"] + address + offset, word)

    async def get(self, address: int, size: int) -> bytes:
        words = [await self.bus.read(JOB["bases"]["memory"] + address + n) for n in range(0, size, 4)]
        return b"".join(word.to_bytes(4, "little") for word in words)


@cocotb.test()
async def both_cores_are_who_they_are(dut):
    host = Host(dut)
    await start(dut)
    for core, ident in (("snn", b"PySN"), ("gf", b"PyGF")):
        assert await host.read(core, "ident") == int.from_bytes(ident, "big")


@cocotb.test()
async def products(dut):
    host = Host(dut)
    await start(dut)
    for a, b, product in JOB["products"]:
        await host.write("gf", "a_0", a)
        await host.write("gf", "b_0", b)
        await host.write("gf", "control", 1)
        while not (status := await host.read("gf", "status")) & 2:
            assert status & 1, "busy until done"
        assert await host.read("gf", "product_0") == product


@cocotb.test()
async def a_network(dut):
    host, network = Host(dut), JOB["network"]
    await start(dut)
    for name, content in network["memory"].items():
        await host.put(network["places"][name], bytes.fromhex(content))
    assert await host.get(network["places"]["input"], 8) == bytes.fromhex(network["memory"]["input"])[:8]
    for name, address in network["places"].items():
        await host.write("snn", f"{name}_address_lo", JOB["bases"]["memory"] + address)
    for name, value in network["settings"].items():
        await host.write("snn", name, value)
    await host.write("snn", "interrupt_enable", 1)
    if JOB["events"]:
        await host.bus.write(JOB["events"]["enable"], 1)
    await host.write("snn", "control", 1)
    assert not int(dut.irq_snn.value)
    if JOB["events"]:
        await with_timeout(RisingEdge(dut.irq_snn), 10, "ms")
        assert await host.bus.read(JOB["events"]["pending"]) == 1
    while await host.read("snn", "status") & 1:
        await ClockCycles(dut.clk, 50)  # LiteX's AXI arbiter lets nobody else in between two close reads
    assert (await host.read("snn", "status"), await host.read("snn", "error")) == (2, 0)
    results = await host.get(network["places"]["output"], network["output_bytes"])
    Path(JOB["results"]).write_bytes(results)
    await host.write("snn", "interrupt", 1)
    await RisingEdge(dut.clk)
    assert not int(dut.irq_snn.value), "the event follows the level of the core's interrupt"
