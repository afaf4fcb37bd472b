"""cocotb side of test_ram.py: managers of cocotbext-axi at every port, a bytearray as the model."""

import json
import os
import random
from collections import Counter

import cocotb
from cocotb.triggers import ClockCycles, Combine, RisingEdge
from cocotbext.axi import AxiBurstType, AxiMasterRead, AxiMasterWrite, AxiReadBus, AxiWriteBus

from pyralis.hw.axi.dma import DmaConfig
from pyralis.sim.bench.axi import axi_lite_master, monitor_axi, monitor_axi_lite
from pyralis.sim.bench.stream import stalls, start

CONFIG = DmaConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
SIZE, READERS, WRITERS, FILLED = json.loads(os.environ["SIZES"])
UNIT, OKAY, SLVERR, DECERR = CONFIG.beat_bytes, 0, 2, 3
CONTENTS = random.Random(1).randbytes(FILLED).ljust(SIZE, b"\0")
BLOCK = 1024
"""Bytes that have one writer."""


class Bench:
    async def start(self, dut, stall=0.0, *, watch=True):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.readers = [
            AxiMasterRead(AxiReadBus.from_prefix(dut, f"read_{n}_"), dut.clk, dut.rst) for n in range(READERS)
        ]
        self.writers = [
            AxiMasterWrite(AxiWriteBus.from_prefix(dut, f"write_{n}_"), dut.clk, dut.rst)
            for n in range(WRITERS)
        ]
        self.host = axi_lite_master(dut, "host_", rng=self.rng, stall=stall)
        for port in (*self.readers, *self.writers):
            port.log.setLevel("ERROR")
            for channel in ("ar_channel", "r_channel", "aw_channel", "w_channel", "b_channel"):
                if stall and hasattr(port, channel):
                    getattr(port, channel).set_pause_generator(stalls(self.rng, stall))
        self.monitors = {}
        if watch:
            names = [f"read_{n}" for n in range(READERS)] + [f"write_{n}" for n in range(WRITERS)]
            self.monitors = {name: monitor_axi(dut, f"{name}_") for name in names}
            self.monitors["host"] = monitor_axi_lite(dut, "host_")
        await start(dut)
        return self

    async def read(self, reader, address, length, response=OKAY, **how):
        answer = await self.readers[reader].read(address, length, arid=0, **how)
        assert int(answer.resp) == response, f"read of {length} bytes at {address:#x}: {answer.resp}"
        return bytes(answer.data)

    async def write(self, writer, address, data, response=OKAY, **how):
        answer = await self.writers[writer].write(address, data, awid=0, **how)
        assert int(answer.resp) == response, f"write of {len(data)} bytes at {address:#x}: {answer.resp}"

    async def host_read(self, address, length=4):
        answer = await self.host.read(address, length)
        assert int(answer.resp) == OKAY
        return bytes(answer.data)

    async def host_write(self, address, data):
        assert int((await self.host.write(address, data)).resp) == OKAY


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def it_begins_with_its_contents(dut):
    bench = await Bench().start(dut)
    got = [cocotb.start_soon(bench.read(n, 0, SIZE)) for n in range(READERS)]
    for task in got:
        assert await task == CONTENTS
    for address in (0, FILLED & ~3, SIZE - 4, 1028):
        assert await bench.host_read(min(address, SIZE - 4)) == CONTENTS[min(address, SIZE - 4) :][:4]
    assert max(beats for _, beats in bench.monitors["read_0"].reads) == min(256, 4096 // UNIT)


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.5])
async def all_at_once(dut, stall):
    """Every port writes to blocks of its own and reads them back through any other.

    Block n belongs to writer n modulo WRITERS + 2; the last but one is the host, and the last is nobody.
    """
    bench = await Bench().start(dut, stall)
    rng, model, lengths, seen = bench.rng, bytearray(SIZE), set(), Counter()
    model[:] = await bench.read(0, 0, SIZE)

    def block(owner):
        return BLOCK * rng.choice(range(owner, SIZE // BLOCK, WRITERS + 2))

    async def check(address, length):
        seen["checks"] += 1
        if rng.random() < 0.2:
            address, length = address & ~3, 4
            assert await bench.host_read(address) == model[address : address + 4]
        else:
            length, address = length + address % UNIT, address & -UNIT
            got = await bench.read(rng.randrange(READERS), address, length)
            assert got == model[address : address + length], f"{length} bytes at {address:#x}"

    async def writing(writer):
        for _ in range(15):
            base = block(writer)
            if writer == WRITERS:
                length = rng.choice([1, 2, 4, 4, 8])
                address = base + rng.randrange(BLOCK - length)
                data = rng.randbytes(length)
                await bench.host_write(address, data)
            else:
                beats = rng.choice([1, 2, 3, rng.randrange(1, BLOCK // UNIT + 1)])
                length, address = beats * UNIT, base + UNIT * rng.randrange(BLOCK // UNIT - beats + 1)
                length -= rng.randrange(UNIT)  # not all bytes of the last beat
                data = rng.randbytes(length)
                await bench.write(writer, address, data)
            lengths.add(length)
            model[address : address + length] = data
            await check(address, length)

    async def reading(reader):
        for _ in range(15):
            beats = rng.randrange(1, BLOCK // UNIT + 1)
            address = block(WRITERS + 1) + UNIT * rng.randrange(BLOCK // UNIT - beats + 1)
            got = await bench.read(reader, address, beats * UNIT)
            assert got == model[address : address + beats * UNIT]
            lengths.add(len(got))

    tasks = [cocotb.start_soon(writing(n)) for n in range(WRITERS + 1)]
    tasks += [cocotb.start_soon(reading(n)) for n in range(READERS)]
    await Combine(*tasks)
    assert await bench.read(READERS - 1, 0, SIZE) == model
    assert seen["checks"] >= 15 * (WRITERS + 1) and len(lengths) > 15
    if stall:
        for name, monitor in bench.monitors.items():
            waits = {channel: part.waits for channel, part in monitor.channels.items()}
            assert all(waits[channel] > 0 for channel in waits if channel in ("r", "b")), (name, waits)
    if WRITERS:
        assert len(bench.monitors["write_0"].strobes) >= 4


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def every_length_of_burst(dut):
    bench = await Bench().start(dut)
    memory = await bench.read(0, 0, SIZE)
    most = min(256, 4096 // UNIT)
    for beats in [*range(1, 20), *range(20, most, 37), most]:
        length = beats * UNIT
        if WRITERS:
            data = bench.rng.randbytes(length)
            await bench.write(0, 0, data)
            memory = data + memory[length:]
        assert await bench.read(READERS - 1, 0, length) == memory[:length]
    assert {beats for _, beats in bench.monitors[f"read_{READERS - 1}"].reads} >= {*range(1, 20), most}


@cocotb.test(timeout_time=2, timeout_unit="ms", skip=not WRITERS)
async def bytes_alone(dut):
    """Addresses within a bus word: WSTRB alone says which bytes are written."""
    bench = await Bench().start(dut, watch=False)
    memory = bytearray(await bench.read(0, 0, 256))
    for _ in range(60):
        address, length = bench.rng.randrange(100), bench.rng.randrange(1, 40)
        memory[address : address + length] = data = bench.rng.randbytes(length)
        await bench.write(bench.rng.randrange(WRITERS), address, data)
        assert await bench.read(0, 0, 256) == memory
        address, length = bench.rng.randrange(100), bench.rng.randrange(1, 40)
        assert await bench.read(0, address, length) == memory[address : address + length]


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def nothing_is_beyond_the_memory(dut):
    bench = await Bench().start(dut)
    before = await bench.read(0, 0, SIZE)
    for address in (SIZE, 1 << 31, (1 << 32) - 4096):
        for length in (UNIT, 5 * UNIT):
            for n in range(READERS):
                await bench.read(n, address, length, DECERR)
            for n in range(WRITERS):
                await bench.write(n, address, bytes(length), DECERR)
    if SIZE & SIZE - 1:
        assert int((await bench.host.read(SIZE, 4)).resp) == DECERR
        assert int((await bench.host.write(SIZE, b"abcd")).resp) == DECERR
    assert await bench.read(0, 0, SIZE) == before


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def bursts_that_it_cannot_do_are_refused(dut):
    bench = await Bench().start(dut, watch=False)
    before = await bench.read(0, 0, SIZE)
    narrow = {"size": UNIT.bit_length() - 2}
    for how in ({"burst": AxiBurstType.FIXED}, {"burst": AxiBurstType.WRAP}, narrow):
        await bench.read(0, 64, 4 * UNIT, SLVERR, **how)
        for n in range(WRITERS):
            await bench.write(n, 64, bytes([n + 1]) * 4 * UNIT, SLVERR, **how)
    assert await bench.read(0, 0, SIZE) == before


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def one_beat_a_cycle_in_turns(dut):
    """Readers that all want bursts share the cycles without a gap, burst by burst."""
    bench = await Bench().start(dut)
    beats, bursts = 16, 8
    pending = [
        bench.readers[n].init_read(k * beats * UNIT, beats * UNIT, arid=0)
        for k in range(bursts)
        for n in range(READERS)
    ]
    for event in pending:
        await event.wait()
    monitors = [bench.monitors[f"read_{n}"] for n in range(READERS)]
    asked = monitors[0].channels["ar"].times[0]
    times = sorted((time, n) for n in range(READERS) for time in monitors[n].channels["r"].times)
    assert times[0][0] - asked == 8
    assert times[-1][0] - times[0][0] == READERS * bursts * beats - 1, "a cycle without a beat"
    parts = [{n for _, n in times[at : at + beats]} for at in range(0, len(times), beats)]
    assert all(len(part) == 1 for part in parts), "beats of two bursts are mixed"
    owners = [n for (n,) in parts]
    turns = [sorted(owners[at : at + READERS]) for at in range(0, len(owners), READERS)]
    assert turns == [list(range(READERS))] * bursts, owners
    if WRITERS:
        pending = [
            bench.writers[n].init_write(k * beats * UNIT, bytes(beats * UNIT), awid=0)
            for k in range(bursts)
            for n in range(WRITERS)
        ]
        for event in pending:
            await event.wait()
        channels = [bench.monitors[f"write_{n}"].channels for n in range(WRITERS)]
        words = sorted(time for part in channels for time in part["w"].times)
        if WRITERS > 1:  # a manager of cocotbext-axi alone asks for its next burst too late
            assert words[-1] - words[0] == WRITERS * bursts * beats - 1, "a cycle without a word"
        assert channels[0]["b"].times[0] - channels[0]["w"].times[beats - 1] == 1


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def reset_in_a_burst(dut):
    bench = await Bench().start(dut)
    memory = await bench.read(0, 0, SIZE)
    reading = cocotb.start_soon(bench.read(0, 0, SIZE))
    await ClockCycles(dut.clk, 40)
    assert not reading.done()
    reading.cancel()
    dut.rst.value = 1
    await ClockCycles(dut.clk, 4)
    dut.rst.value = 0
    await RisingEdge(dut.clk)
    assert [await bench.read(n, 0, SIZE) for n in range(READERS)] == [memory] * READERS
