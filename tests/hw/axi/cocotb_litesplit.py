"""cocotb side of test_litesplit.py: a manager, and a memory behind each window."""

import json
import os
import random
from collections import Counter

import cocotb
from cocotb.triggers import ClockCycles, Combine
from litesubordinate import DECERR, OKAY, SLVERR, LiteSubordinate

from pyralis.sim.bench.axi import axi_lite_master, monitor_axi_lite
from pyralis.sim.bench.stream import start

WINDOWS = {name: (base, bits) for name, base, bits in json.loads(os.environ["WINDOWS"])}


class Bench:
    async def start(self, dut, stall=0.0):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.bus = axi_lite_master(dut, "bus_", rng=self.rng, stall=stall)
        self.behind = {name: LiteSubordinate(dut, f"{name}_", self.rng, stall) for name in WINDOWS}
        self.monitors = {name: monitor_axi_lite(dut, f"{name}_") for name in ("bus", *WINDOWS)}
        await start(dut)
        return self

    async def read(self, address):
        answer = await self.bus.read(address, 4)
        return int(answer.resp), int.from_bytes(answer.data, "little")

    async def write(self, address, data):
        return int((await self.bus.write(address, data)).resp)

    def target(self, address):
        """(name, address in the window), or None."""
        for name, (base, bits) in WINDOWS.items():
            if base <= address < base + (1 << bits):
                return name, address - base
        return None


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def accesses_go_where_they_should(dut, stall):
    bench = await Bench().start(dut, stall)
    rng, model, seen = bench.rng, {}, Counter()
    bench.behind["core"].refused = {0x10: SLVERR}
    edges = [
        at
        for base, bits in WINDOWS.values()
        for at in (base - 4, base, base + (1 << bits) - 4, base + (1 << bits))
    ]
    inside = [base + 4 * rng.randrange(1 << bits - 2) for base, bits in WINDOWS.values() for _ in range(3)]
    some = [at & 0xFFFF_FFFC for at in (*edges, *inside, 0x8000_0010, 0x4000_0000)]

    async def write(address):
        data, offset = rng.randbytes(rng.choice([1, 2, 4])), rng.randrange(2)
        data = data[: 4 - offset]
        response = await bench.write(address + offset, data)
        target = bench.target(address)
        expected = DECERR if not target else SLVERR if target == ("core", 0x10) else OKAY
        assert response == expected, f"write of {address:#x}"
        if expected == OKAY:
            old = model.get(address, 0).to_bytes(4, "little")
            model[address] = int.from_bytes(old[:offset] + data + old[offset + len(data) :], "little")
        seen["write", expected] += 1

    async def read(address):
        response, word = await bench.read(address)
        target = bench.target(address)
        expected = DECERR if not target else SLVERR if target == ("core", 0x10) else OKAY
        assert response == expected, f"read of {address:#x}"
        assert word == (model.get(address, 0) if expected == OKAY else 0)
        seen["read", expected] += 1

    for _ in range(120):
        one, other = rng.sample(sorted(set(some)), 2)
        await Combine(cocotb.start_soon(write(one)), cocotb.start_soon(read(other)))
        await read(one)
    found = {
        WINDOWS[name][0] + offset: word
        for name, memory in bench.behind.items()
        for offset, word in memory.memory.items()
    }
    assert found == model
    assert min(seen[way, response] for way in ("read", "write") for response in (OKAY, SLVERR, DECERR)) > 2
    assert len(bench.monitors["bus"].strobes) > 4
    if not stall:
        for ask in ("ar", "aw"):
            asked = sorted(t for name in WINDOWS for t in bench.monitors[name].channels[ask].times)
            own = bench.monitors["bus"].channels[ask].times
            assert all(time - 3 in own for time in asked)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_subordinate_that_hangs_holds_up_its_own_direction(dut):
    bench = await Bench().start(dut)
    for hang in (bench.behind["core"].deaf, bench.behind["core"].mute):
        hang.add("read")
        stuck = cocotb.start_soon(bench.read(0x8000_0000))
        await ClockCycles(dut.clk, 20)
        assert await bench.write(0x8000_0004, b"abcd") == OKAY
        assert await bench.write(0x10, b"efgh") == OKAY
        behind = cocotb.start_soon(bench.read(0x10))
        await ClockCycles(dut.clk, 50)
        assert not stuck.done() and not behind.done()
        hang.clear()
        assert await stuck == (OKAY, 0)
        assert await behind == (OKAY, int.from_bytes(b"efgh", "little"))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def protection_bits_and_addresses_hold(dut):
    """AxPROT goes with its access, and AXI's rules hold at every port when the subordinates dawdle."""
    bench = await Bench().start(dut, 0.7)
    for n in range(8):
        await bench.bus.write(0x40, b"1234", prot=n)
        assert int(dut.memory__awprot.value) == n
        await bench.bus.read(0x40, 4, prot=7 - n)
        assert int(dut.memory__arprot.value) == 7 - n
    waits = bench.monitors["memory"].channels
    assert waits["ar"].waits > 3 and waits["aw"].waits > 3 and waits["w"].waits > 3
