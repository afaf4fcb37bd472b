"""cocotb side of test_fetch.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.sim.bench.dma import ReadServer
from pyralis.sim.bench.stream import StreamSink, monitor_stream, stalls, start

SIZES = json.loads(os.environ["PYRALIS_SIZES"])
PAGE, DEPTH = SIZES["page"], SIZES["depth"]
BEAT = SIZES["bus_bits"] // 8
BEATS = DESCRIPTOR_BYTES // BEAT
PROGRAM = 0x1000
VERSION = 5
END, WORK = 0, 1
VERSION_CODE, OPCODE_CODE = 3, 9


def word(rng: random.Random, opcode: int, index: int, version: int = VERSION) -> int:
    return rng.getrandbits(8 * DESCRIPTOR_BYTES - 32) << 32 | index << 16 | version << 8 | opcode


class Bench:
    def __init__(self, dut) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.memory = bytearray(1 << 13)
        sizes = {"bus_bits": SIZES["bus_bits"], "address_bits": 32}
        self.server = ReadServer(dut, "jobs", "data", self.memory, **sizes)
        self.sink = StreamSink(dut, "descriptors")

    async def start(self, stall: float = 0.0) -> None:
        dut = self.dut
        dut.start.value = dut.flush.value = 0
        dut.program_address.value = PROGRAM
        await start(dut)
        self.monitors = {
            name: monitor_stream(dut, name, clear="flush") for name in ("jobs", "data", "descriptors")
        }
        if stall:
            self.server.set_pause_generators(stalls(self.rng, stall), stalls(self.rng, stall))
            self.sink.set_pause_generator(stalls(self.rng, 2 * stall))

    async def pulse(self, name: str) -> None:
        self.dut[name].value = 1
        await RisingEdge(self.dut.clk)
        self.dut[name].value = 0

    async def run(self, length: int, bad: dict[str, int] | None = None) -> list[int]:
        """Starts a program of *length* descriptors before END (or before a bad one); returns the legal ones.

        What is behind it in its page, and all pages behind, are illegal.
        """
        legal = [word(self.rng, WORK, 300 + n) for n in range(length)]
        last = word(self.rng, **{"opcode": END, "index": 300 + length, **(bad or {})})
        image = b"".join(each.to_bytes(DESCRIPTOR_BYTES, "little") for each in [*legal, last])
        self.memory[PROGRAM:] = b"\xff" * (len(self.memory) - PROGRAM)
        self.memory[PROGRAM : PROGRAM + len(image)] = image
        self.server.jobs.clear()
        await self.pulse("start")
        return legal if bad else [*legal, last]

    async def expect(self, wanted: list[int]) -> None:
        """These descriptors and no others, and only the pages in which they are."""
        for n, each in enumerate(wanted):
            assert await self.sink.recv_int() == each, n
        for _ in range(200):
            await RisingEdge(self.dut.clk)
            if not int(self.dut.busy.value):
                break
        else:
            raise AssertionError("the page does not end")
        await ClockCycles(self.dut.clk, 20)
        assert self.sink.empty()
        pages = -(-len(wanted) // PAGE)
        jobs = [(PROGRAM + n * PAGE * DESCRIPTOR_BYTES, PAGE * BEATS) for n in range(pages)]
        assert self.server.jobs == jobs


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def programs_of_any_length(dut, stall):
    bench = Bench(dut)
    await bench.start(stall)
    for length in (*range(2 * PAGE + 1), 13, 0, 1):
        await bench.expect(await bench.run(length))
        assert not int(dut.error.value)
        assert int(dut.position.value) == length + 1
    if stall:
        assert all(monitor.waits for monitor in bench.monitors.values())


@cocotb.test(timeout_time=100, timeout_unit="us")
async def latencies_are_as_promised(dut):
    bench = Bench(dut)
    await bench.start()
    wanted = await bench.run(2 * PAGE - 1)
    await bench.expect(wanted)
    times = {name: monitor.times for name, monitor in bench.monitors.items()}
    ends = times["data"][BEATS - 1 :: BEATS]
    begins = times["data"][::BEATS]
    assert [at - end for at, end in zip(times["descriptors"], ends, strict=True)] == [4] * (2 * PAGE)
    for n in range(1, 2 * PAGE):
        if n % PAGE:
            assert begins[n] - ends[n - 1] == 3
        else:
            assert times["jobs"][n // PAGE] - ends[n - 1] == 3


@cocotb.test(timeout_time=100, timeout_unit="us")
async def the_queue_bounds_what_runs_ahead(dut):
    bench = Bench(dut)
    await bench.start()
    bench.sink.pause = True
    wanted = await bench.run(4 * PAGE + 1)
    await ClockCycles(dut.clk, 4 * PAGE * (BEATS + 10))
    assert len(bench.server.jobs) == DEPTH // PAGE + 1
    assert int(dut.position.value) == DEPTH, "one more than the queue holds has been taken"
    bench.sink.pause = False
    await bench.expect(wanted)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def illegal_descriptors_stop_the_program(dut):
    bench = Bench(dut)
    await bench.start(0.2)
    for place in range(2 * PAGE + 1):
        for bad, code, index in (
            ({"opcode": 2}, OPCODE_CODE, 300 + place),
            ({"version": 6}, VERSION_CODE, place),
        ):
            legal = await bench.run(place, bad)
            while not int(dut.error.value):
                await RisingEdge(dut.clk)
            assert (int(dut.error.value), int(dut.error_index.value)) == (code, index)
            assert await bench.sink.recv_ints(place) == legal
            await ClockCycles(dut.clk, 30)
            assert bench.sink.empty() and len(bench.server.jobs) == place // PAGE + 1
            assert int(dut.busy.value) and int(dut.error.value) == code
            await flush(bench)
            await bench.expect(await bench.run(2))


async def flush(bench: Bench) -> None:
    await bench.pulse("flush")
    for _ in range(2):
        bench.server.flush()
        await RisingEdge(bench.dut.clk)
    bench.sink.clear()
    assert not int(bench.dut.busy.value) and not int(bench.dut.descriptors__valid.value)
    assert not int(bench.dut.error.value)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def flush_restarts_anywhere(dut):
    bench = Bench(dut)
    await bench.start(0.2)
    cut = 0
    for _ in range(25):
        await bench.run(3 * PAGE)
        await ClockCycles(dut.clk, bench.rng.randrange(1, 4 * PAGE * BEATS + 60))
        cut += int(dut.busy.value)
        await flush(bench)
        await bench.expect(await bench.run(PAGE))
    assert cut > 10, f"only {cut} flushes hit a busy unit"
