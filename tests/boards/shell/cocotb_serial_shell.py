"""cocotb side of test_serial_shell.py: a driver in a few lines, over the UART."""

import json
import os
import struct
import zlib
from pathlib import Path

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge
from serialhost import BUS, OK, READ, WRITE, Host, request

from pyralis.boards.shell.registers import register_map as board_map
from pyralis.hw.serial.protocol import CORE, MAX_WORDS, MEMORY, SHELL
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.registers import register_map
from pyralis.sim.bench.stream import start

JOB = json.loads(Path(os.environ["JOB"]).read_text())
CORE_WORDS = {word.name: CORE + word.offset for word in register_map(SnnConfig()).words}
BOARD_WORDS = {word.name: SHELL + word.offset for word in board_map(clock_hz=1, memory_bytes=0).words}
INPUT, OUTPUT = 0x4000, 0x5000


class Driver:
    def __init__(self, dut) -> None:
        self.dut, self.host, self.sequence = dut, Host(dut, int(os.environ["DIVISOR"])), 0

    async def ask(self, command, address, words=(), count=None, status=OK):
        self.sequence = (self.sequence + 1) % 256
        answer = await self.host.ask(request(command, self.sequence, address, words, count))
        assert answer[:2] == (status, self.sequence)
        return answer[2]

    async def read(self, address):
        return (await self.ask(READ, address, count=1))[0]

    async def write(self, address, *words):
        await self.ask(WRITE, address, words)

    async def load(self, address, data):
        data += bytes(-len(data) % 4)
        words = struct.unpack(f"<{len(data) // 4}I", data)
        for n in range(0, len(words), MAX_WORDS):
            await self.ask(WRITE, MEMORY + address + 4 * n, words[n : n + MAX_WORDS])

    async def dump(self, address, size):
        words = []
        for n in range(0, size // 4, MAX_WORDS):
            words += await self.ask(READ, MEMORY + address + 4 * n, count=min(MAX_WORDS, size // 4 - n))
        return struct.pack(f"<{len(words)}I", *words)

    async def contents(self):
        """The table of contents: name -> (address, bytes, checksum)."""
        found = {}
        for index in range(await self.read(BOARD_WORDS["contents"])):
            words = await self.ask(READ, SHELL + 0x40 + 0x20 * index, count=5)
            name = struct.pack("<2I", *words[:2]).rstrip(b"\0").decode()
            found[name] = tuple(words[2:])
        return found

    async def run(self):
        """The job as a driver does it; returns the memory of the results."""
        where = {f"{name}_address": entry[0] for name, entry in (await self.contents()).items()}
        for name, address in (where | {"input_address": INPUT, "output_address": OUTPUT}).items():
            await self.write(CORE_WORDS[f"{name}_lo"], address, 0)
        for name in ("input_stride", "output_stride", "resident", "runs"):
            await self.write(CORE_WORDS[name], JOB[name])
        await self.write(CORE_WORDS["interrupt_enable"], 1)
        await self.write(CORE_WORDS["control"], 1)
        if not int(self.dut.interrupt.value):
            await RisingEdge(self.dut.interrupt)
        assert await self.read(BOARD_WORDS["status"]) == 1
        assert await self.read(CORE_WORDS["status"]) == 2
        assert await self.read(CORE_WORDS["runs_done"]) == JOB["runs"]
        await self.write(CORE_WORDS["interrupt"], 1)
        assert await self.read(BOARD_WORDS["status"]) == 0
        return await self.dump(OUTPUT, JOB["runs"] * JOB["output_stride"])


async def connect(dut) -> Driver:
    driver = Driver(dut)
    await start(dut)
    await ClockCycles(dut.clk, 20)
    return driver


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def the_board_says_what_it_is(dut):
    driver = await connect(dut)
    head = await driver.ask(READ, SHELL, count=7)
    assert head[0].to_bytes(4, "big") == b"PyBd" and head[1:3] == [1, 1]
    assert head[3:5] == [JOB["clock_hz"], JOB["memory_bytes"]]
    assert await driver.read(CORE_WORDS["ident"]) == int.from_bytes(b"PySN", "big")
    end = 0
    for name, entry in (await driver.contents()).items():
        data = bytes.fromhex(JOB["contents"][name])
        assert entry == (end, len(data), zlib.crc32(data))
        assert (await driver.dump(end, len(data) & ~3)) == data[: len(data) & ~3]
        end += -(-len(data) // 4096) * 4096
    assert head[5] == end


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def nothing_lies_between_the_windows(dut):
    driver = await connect(dut)
    for address in (MEMORY + JOB["memory_bytes"], CORE - 4, CORE + 0x100, SHELL + 0x100, SHELL + 0xF0):
        assert await driver.ask(READ, address, count=1, status=BUS) == [address]
    last = MEMORY + JOB["memory_bytes"] - 4
    await driver.write(last, 0x12345678)
    assert await driver.read(last) == 0x12345678


@cocotb.test(timeout_time=40, timeout_unit="ms")
async def a_job_runs_and_again_after_a_reset(dut):
    driver = await connect(dut)
    await driver.load(INPUT, bytes.fromhex(JOB["input"]))
    first = await driver.run()
    Path(JOB["results"]).write_bytes(first)
    # A reset in the middle of a job: the core forgets it, the memory keeps its contents.
    await driver.write(CORE_WORDS["runs"], 1000)
    await driver.write(CORE_WORDS["control"], 1)
    assert await driver.read(CORE_WORDS["status"]) & 1
    await driver.write(BOARD_WORDS["control"], 1)
    assert await driver.read(CORE_WORDS["status"]) == 0
    assert await driver.read(CORE_WORDS["runs"]) == 1
    await driver.load(OUTPUT, bytes(len(first)))
    assert await driver.run() == first and any(first)


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def traffic_lights_the_lamp_for_a_while(dut):
    driver = await connect(dut)
    await driver.read(CORE_WORDS["ident"])
    assert int(dut.traffic.value) == 1
