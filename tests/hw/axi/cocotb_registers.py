"""cocotb side of test_registers.py: random accesses against a model of the map."""

import random

import cocotb
from cocotb.triggers import ClockCycles, Combine, RisingEdge
from map_example import EXAMPLE

from pyralis.sim.bench.axi import axi_lite_master, monitor_axi_lite
from pyralis.sim.bench.stream import stalls, start

OKAY, SLVERR, DECERR = 0, 2, 3
WORDS = {word.offset: word for word in EXAMPLE.words}


class Bench:
    def __init__(self, dut, stall=0.0):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.bus, self.monitor = (
            axi_lite_master(dut, "bus_", rng=self.rng, stall=stall),
            monitor_axi_lite(dut, "bus_"),
        )
        for name in ("status__events_set", "mixed__flags_set"):
            dut[name].value = 0
        self.inputs(busy=0, fault=0, cycles=0)

    def inputs(self, busy=None, fault=None, cycles=None):
        for name, value in (("status__busy", busy), ("status__fault", fault), ("cycles__value", cycles)):
            if value is not None:
                self.dut[name].value = value

    async def read(self, address, resp=OKAY):
        answer = await self.bus.read(address, 4)
        assert int(answer.resp) == resp, f"read of {address:#x}: {answer.resp}"
        return int.from_bytes(answer.data, "little")

    async def write(self, address, value, *, length=4, resp=OKAY):
        answer = await self.bus.write(address, value.to_bytes(length, "little"))
        assert int(answer.resp) == resp, f"write of {address:#x}: {answer.resp}"

    def port(self, name):
        return int(self.dut[name].value)


class Model:
    """What each word holds, byte by byte, for all accesses but pulse."""

    def __init__(self):
        self.held = {word.offset: word.reset for word in EXAMPLE.words}
        self.masks = {
            (word.offset, access): sum(part.mask for part in word.parts if part.field.access == access)
            for word in EXAMPLE.words
            for access in ("rw", "w1c")
        }

    def write(self, address, data):
        for n, byte in enumerate(data):
            offset, shift = (address + n) & ~3, 8 * (address + n & 3)
            if offset in self.held:
                lane, bits = 0xFF << shift, byte << shift
                rw, w1c = self.masks[offset, "rw"] & lane, self.masks[offset, "w1c"] & lane
                self.held[offset] = (self.held[offset] & ~rw | bits & rw) & ~(bits & w1c)


@cocotb.test(timeout_time=500, timeout_unit="us")
async def after_reset(dut):
    bench = Bench(dut)
    await start(dut)
    for offset, word in WORDS.items():
        assert await bench.read(offset) == word.reset, word.name
    assert bench.port("control__kind") == 5 and bench.port("control__key") == 7
    assert bench.port("scratch__value") == 0xDEADBEEF and bench.port("base__value") == 0x1_0000_0002


@cocotb.test(timeout_time=500, timeout_unit="us")
async def reset_takes_everything_back(dut):
    bench = Bench(dut)
    await start(dut)
    for offset in (0x04, 0x0C, 0x18, 0x1C):
        await bench.write(offset, 0xFFFFFFFF)
    dut.status__events_set.value = 3
    await RisingEdge(dut.clk)
    dut.status__events_set.value = 0
    assert await bench.read(0x0C) == 0xFFFFFFFF and await bench.read(0x08) & 0x7FE == 6
    dut.rst.value = 1
    await ClockCycles(dut.clk, 2)
    dut.rst.value = 0
    await RisingEdge(dut.clk)
    for offset, word in WORDS.items():
        assert await bench.read(offset) == word.reset, word.name
    assert bench.port("control__key") == 7


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def random_accesses_match_the_model(dut, stall):
    """Reads and writes of 1 to 8 bytes at any address; reads run beside the writes of other words."""
    bench, model = Bench(dut, stall), Model()
    await start(dut)
    answers = {OKAY: 0, SLVERR: 0, DECERR: 0}
    for _ in range(250):
        bench.inputs(cycles=bench.rng.getrandbits(64))
        address, length = bench.rng.randrange(0x40), bench.rng.choice([1, 2, 4, 4, 8])
        data = bench.rng.randbytes(length)
        touched = {offset & ~3 for offset in range(address, address + length)}
        expected = max(
            (OKAY if WORDS[offset].writable else SLVERR) if offset in WORDS else DECERR for offset in touched
        )
        other = bench.rng.choice([
            offset for offset in WORDS if offset not in touched and offset >> 2 not in (4, 5)
        ])
        write = cocotb.start_soon(bench.bus.write(address, data))
        read = cocotb.start_soon(bench.read(other))
        await Combine(write, read)
        if len(touched) == 1:
            assert int(write.result().resp) == expected, f"{length} bytes at {address:#x}"
            answers[expected] += 1
        model.write(address, data)
        assert read.result() == model.held[other], WORDS[other].name
        for offset in touched & set(WORDS) - {0x10, 0x14}:
            assert await bench.read(offset) == model.held[offset], WORDS[offset].name
    assert min(answers.values()) > 10, answers
    if stall:
        waits = {name: channel.waits for name, channel in bench.monitor.channels.items()}
        assert min(waits[name] for name in ("b", "r")) > 20, waits


@cocotb.test(timeout_time=500, timeout_unit="us")
async def unmapped_and_read_only(dut):
    bench = Bench(dut)
    await start(dut)
    for address in (0x20, 0x24, 0x30, 0xFC):
        assert await bench.read(address, DECERR) == 0
        await bench.write(address, 0xFFFFFFFF, resp=DECERR)
    for address in (0x00, 0x10, 0x14):
        await bench.write(address, 0xFFFFFFFF, resp=SLVERR)
    for offset, word in WORDS.items():
        assert await bench.read(offset) == word.reset, word.name


@cocotb.test(timeout_time=500, timeout_unit="us")
async def pulses_last_one_cycle_and_respect_strobes(dut):
    bench = Bench(dut)
    seen = []

    async def watch():
        while True:
            await RisingEdge(dut.clk)
            seen.append((bench.port("control__start"), bench.port("control__burst")))

    await start(dut)
    cocotb.start_soon(watch())
    await bench.write(0x04, 0xA5000001)
    await ClockCycles(dut.clk, 3)
    assert [pair for pair in seen if pair != (0, 0)] == [(1, 0xA5)]
    seen.clear()
    await bench.write(0x07, 0xFF, length=1)  # the top byte only
    await bench.write(0x05, 0x33, length=1)
    await ClockCycles(dut.clk, 3)
    assert [pair for pair in seen if pair != (0, 0)] == [(0, 0xFF)]
    assert bench.port("control__key") == 0x33 and await bench.read(0x04) == 0, (
        "kind was 0, the rest reads as 0"
    )


@cocotb.test(timeout_time=500, timeout_unit="us")
async def events_stay_until_a_one_is_written(dut):
    bench = Bench(dut)
    await start(dut)
    dut.status__events_set.value = 0b1011
    await RisingEdge(dut.clk)
    dut.status__events_set.value = 0
    bench.inputs(busy=1, fault=9)
    assert await bench.read(0x08) == 3 << 28 | 9 << 16 | 0b1011 << 1 | 1
    await bench.write(0x08, 0b0010 << 1)
    assert await bench.read(0x08) >> 1 & 0x3FF == 0b1001
    # Set and cleared at once: the event stays, without a gap.
    dut.status__events_set.value = 0b0001
    write = cocotb.start_soon(bench.write(0x08, 0b1001 << 1))
    while not write.done():
        assert bench.port("status__events") & 1
        await RisingEdge(dut.clk)
    dut.status__events_set.value = 0
    assert await bench.read(0x08) >> 1 & 0x3FF == 0b0001
    # A field across the two halves.
    dut.mixed__flags_set.value = 0xFFFFFF
    await RisingEdge(dut.clk)
    dut.mixed__flags_set.value = 0
    await bench.write(0x28, 0x00F00000)
    await bench.write(0x2C, 0x00000F00)
    assert bench.port("mixed__flags") == 0x0FFFF0 and await bench.read(0x2C) & 0xFFF == 0x0FF


@cocotb.test(timeout_time=500, timeout_unit="us")
async def a_long_counter_is_read_whole(dut):
    bench = Bench(dut, 0.3)
    await start(dut)
    bench.inputs(cycles=0x1_FFFFFFFF)
    low = await bench.read(0x10)
    bench.inputs(cycles=0x2_00000000)
    assert (low, await bench.read(0x14)) == (0xFFFFFFFF, 1)
    assert (await bench.read(0x10), await bench.read(0x14)) == (0, 2)


@cocotb.test(timeout_time=500, timeout_unit="us")
async def answers_wait_for_a_slow_master(dut):
    """Accesses are sent ahead of the answers, which the master is slow to take."""
    bench = Bench(dut)
    await start(dut)
    for channel in (bench.bus.read_if.r_channel, bench.bus.write_if.b_channel):
        channel.set_pause_generator(stalls(bench.rng, 0.8))
    offsets = [bench.rng.choice([0x00, 0x0C, 0x18, 0x1C, 0x20]) for _ in range(60)]
    reads = [bench.bus.init_read(offset, 4) for offset in offsets]
    writes = [bench.bus.init_write(offset, bytes(4)) for offset in (0x20, 0x00, 0x28) * 10]
    for offset, read in zip(offsets, reads, strict=True):
        await read.wait()
        expected = (WORDS[offset].reset, OKAY) if offset in WORDS else (0, DECERR)
        assert (int.from_bytes(read.data.data, "little"), int(read.data.resp)) == expected
    for resp, write in zip((DECERR, SLVERR, OKAY) * 10, writes, strict=True):
        await write.wait()
        assert int(write.data.resp) == resp
    assert min(bench.monitor.channels[name].waits for name in ("r", "b")) > 40


@cocotb.test(timeout_time=500, timeout_unit="us")
async def bytes_without_strobe_do_nothing(dut):
    """By hand: cocotbext-axi leaves the other bytes of the bus at zero."""
    await start(dut)
    monitor_axi_lite(dut, "bus_")
    for name in ("status__events_set", "mixed__flags_set", "bus__arvalid", "bus__rready"):
        dut[name].value = 0
    dut.bus__bready.value = 1

    async def write(address, data, strobe):
        dut.bus__awaddr.value, dut.bus__wdata.value, dut.bus__wstrb.value = address, data, strobe
        dut.bus__awvalid.value = dut.bus__wvalid.value = 1
        await RisingEdge(dut.clk)
        dut.bus__awvalid.value = dut.bus__wvalid.value = 0
        seen = set()
        for _ in range(5):
            await RisingEdge(dut.clk)
            seen |= {(int(dut.control__start.value), int(dut.control__burst.value))}
        return seen - {(0, 0)}

    assert await write(0x04, 0xFFFFFFFF, 0b0000) == set()
    assert await write(0x04, 0xFFFFFFFF, 0b1000) == {(0, 0xFF)}
    assert await write(0x04, 0xFFFFFFF1, 0b0001) == {(1, 0)}
    assert int(dut.control__key.value) == 7 and int(dut.control__kind.value) == 7
    assert await write(0x0C, 0x11223344, 0b0101) == set()
    assert int(dut.scratch__value.value) == 0xDE22BE44
    dut.status__events_set.value = 0x3FF
    await RisingEdge(dut.clk)
    dut.status__events_set.value = 0
    assert await write(0x08, 0xFFFFFFFF, 0b0010) == set()
    assert int(dut.status__events.value) == 0x07F


@cocotb.test(timeout_time=500, timeout_unit="us")
async def one_access_every_two_cycles(dut):
    bench = Bench(dut)
    await start(dut)
    writes = [bench.bus.init_write(0x0C, n.to_bytes(4, "little")) for n in range(40)]
    reads = [bench.bus.init_read(0x18, 4) for _ in range(40)]
    for event in (*writes, *reads):
        await event.wait()
    for name in ("b", "r"):
        times = bench.monitor.channels[name].times
        assert times[-1] - times[0] == 2 * 39, name
    assert bench.port("scratch__value") == 39
