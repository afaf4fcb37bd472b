"""cocotb side of test_fetch.py: runs inside the simulator."""

import json
import os
import random
from itertools import pairwise

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import COMBINE, END, LOAD, VERSION, Content, ErrorCode, Opcode
from pyralis.hw.gcn.programstore import PAGE, STORED
from pyralis.sim.bench.dma import ReadServer
from pyralis.sim.bench.stream import StreamSink, monitor_stream, stalls, start

CONFIG = GcnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
BEAT = CONFIG.bus_bits // 8
BEATS = DESCRIPTOR_BYTES // BEAT
PROGRAM = 0x1000


def program(rng: random.Random, length: int) -> list[int]:
    """*length* loads of one row of weights each, and END."""
    loads = []
    for n in range(length):
        row = rng.randrange(CONFIG.weight_rows)
        fields = {"content": Content.WEIGHTS, "start": row, "count": 1, "beats": 1, "index": n}
        fields["source"] = BEAT * rng.randrange(1 << 20)
        loads.append(LOAD.const({"opcode": Opcode.LOAD, "version": VERSION, **fields}).as_bits())
    return [*loads, END.const({"opcode": Opcode.END, "version": VERSION, "index": length}).as_bits()]


class Bench:
    def __init__(self, dut) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.memory = bytearray(1 << 14)
        sizes = {"bus_bits": CONFIG.bus_bits, "address_bits": CONFIG.address_bits}
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
            self.sink.set_pause_generator(stalls(self.rng, stall))

    async def pulse(self, name: str) -> int:
        """Returns the cycle of the pulse, as the monitors count."""
        self.dut[name].value = 1
        await RisingEdge(self.dut.clk)
        self.dut[name].value = 0
        await FallingEdge(self.dut.clk)  # the monitors have counted the edge
        return self.monitors["jobs"].cycle

    def place(self, descriptors: list[int]) -> None:
        image = b"".join(each.to_bytes(DESCRIPTOR_BYTES, "little") for each in descriptors)
        self.memory[PROGRAM:] = b"\xff" * (len(self.memory) - PROGRAM)
        self.memory[PROGRAM : PROGRAM + len(image)] = image

    async def run(self, descriptors: list[int]) -> list[int]:
        """Runs the program; returns which of its pages were read from memory."""
        self.server.jobs.clear()
        self.started = await self.pulse("start")
        assert await self.sink.recv_ints(len(descriptors)) == descriptors
        while int(self.dut.busy.value):
            await RisingEdge(self.dut.clk)
        await ClockCycles(self.dut.clk, 10)
        assert self.sink.empty() and not int(self.dut.error.value)
        size = PAGE * DESCRIPTOR_BYTES
        assert all(beats == PAGE * BEATS for _, beats in self.server.jobs)
        return [(address - PROGRAM) // size for address, _ in self.server.jobs]


@cocotb.test(timeout_time=900, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def later_runs_read_what_is_not_on_chip(dut, stall):
    bench = Bench(dut)
    await bench.start(stall)
    for length in (0, 6, STORED - 1, STORED + 5):
        descriptors = program(bench.rng, length)
        bench.place(descriptors)
        pages = range(length // PAGE + 1)
        assert await bench.run(descriptors) == list(pages)
        for _ in range(2):
            assert await bench.run(descriptors) == list(pages[STORED // PAGE :])
        await bench.pulse("flush")  # as at the start of a job


@cocotb.test(timeout_time=100, timeout_unit="us")
async def latencies_are_as_promised(dut):
    bench = Bench(dut)
    await bench.start()
    descriptors = program(bench.rng, 2 * PAGE - 1)
    bench.place(descriptors)
    await bench.run(descriptors)
    assert bench.monitors["jobs"].times[0] - bench.started == 1
    await bench.run(descriptors)
    times = bench.monitors["descriptors"].times[-2 * PAGE :]
    assert times[0] - bench.started == BEATS + (6 if CONFIG.program_queue > 1 else 5)
    steps = [after - before for before, after in pairwise(times)]
    assert steps == [BEATS + 2] * (PAGE - 1) + [BEATS + 4] + [BEATS + 2] * (PAGE - 1)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def illegal_descriptors_are_told_in_any_run(dut):
    bench = Bench(dut)
    await bench.start()
    descriptors = program(bench.rng, 5)
    wrong = COMBINE.const({"opcode": Opcode.COMBINE, "version": VERSION, "index": 3}).as_bits()
    bench.place([*descriptors[:3], wrong, *descriptors[4:]])
    await bench.pulse("start")
    while not int(dut.error.value):
        await RisingEdge(dut.clk)
    assert ErrorCode(int(dut.error.value)) is ErrorCode.FIELD and int(dut.error_index.value) == 3
    assert await bench.sink.recv_ints(3) == descriptors[:3]
    await bench.pulse("flush")
    for _ in range(2):
        bench.server.flush()
        await RisingEdge(dut.clk)
    bench.place(descriptors)
    assert await bench.run(descriptors) == [0, 1], "nothing is kept from a job that failed"
    assert await bench.run(descriptors) == []
