"""cocotb side of test_fetch.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from cocotb.triggers import RisingEdge

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.fetch import QUEUE_DEPTH
from pyralis.hw.snn.program import DESCRIPTOR_BYTES, END, LAYER, LOAD, STORE, VERSION, ErrorCode, Leak, Opcode
from pyralis.hw.snn.words import word_beats
from pyralis.sim.bench.dma import ReadServer
from pyralis.sim.bench.stream import StreamSink, monitor_stream, stalls, start

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
BEAT = CONFIG.bus_bits // 8
BEATS = DESCRIPTOR_BYTES // BEAT
PROGRAM, WEIGHTS = 0x1000, 0x100000
NONZERO = [
    *(
        "in_height",
        "in_width",
        "kernel_height",
        "kernel_width",
        "out_height",
        "out_width",
        "in_tiles",
        "out_tiles",
    ),
    *(
        "out_channels",
        "images",
        "in_groups",
        "out_groups",
        "time_steps",
        "stride",
        "pool_size",
        "pool_stride",
    ),
    "tile_words",
]


class Program:
    """Random legal descriptors, and what the unit is to do with them."""

    def __init__(self, rng: random.Random, length: int) -> None:
        """Makes *length* descriptors and an END."""
        self.rng = rng
        self.descriptors: list[int] = []
        self.weight_jobs: list[tuple[int, int]] = []
        for _ in range(length):
            rng.choice((self.load, self.layer, self.layer, self.store))()
        self.add(END, Opcode.END)

    def add(self, layout, opcode: Opcode, **fields) -> None:
        header = {"opcode": opcode, "version": VERSION, "index": 500 + len(self.descriptors)}
        self.descriptors.append(layout.const({**header, **fields}).as_bits())

    def load(self) -> None:
        words = self.rng.randrange(1, CONFIG.map_words)
        source = BEAT * self.rng.randrange(1 << 20)
        self.add(LOAD, Opcode.LOAD, words=words, beats=word_beats(CONFIG, words), source=source)

    def store(self) -> None:
        words = self.rng.randrange(1, CONFIG.map_words)
        target = BEAT * self.rng.randrange(1 << 20)
        self.add(STORE, Opcode.STORE, words=words, beats=word_beats(CONFIG, words), target=target)

    def layer(self) -> None:
        address, beats = BEAT * self.rng.randrange(1 << 20), self.rng.randrange(1, 1 << 32)
        fields = dict.fromkeys(NONZERO, 1) | {
            "leak": Leak.SHIFT,
            "leak_value": self.rng.randrange(1, 16),
        }
        self.add(LAYER, Opcode.LAYER, **fields, weight_address=address, weight_beats=beats)
        self.weight_jobs.append((WEIGHTS + address, beats))

    @property
    def image(self) -> bytes:
        return b"".join(descriptor.to_bytes(DESCRIPTOR_BYTES, "little") for descriptor in self.descriptors)

    def spoil(self, n: int, **fields: int) -> None:
        for name, value in fields.items():
            field = LAYER[name]
            mask = (1 << field.width) - 1 << field.offset
            self.descriptors[n] = self.descriptors[n] & ~mask | value << field.offset


class Bench:
    def __init__(self, dut, rng: random.Random) -> None:
        self.dut, self.rng = dut, rng
        self.memory = bytearray(rng.randbytes(1 << 14))
        sizes = {"bus_bits": CONFIG.bus_bits, "address_bits": CONFIG.address_bits}
        self.server = ReadServer(dut, "jobs", "data", self.memory, **sizes)
        self.weight_sink = StreamSink(dut, "weight_jobs")
        self.sink = StreamSink(dut, "descriptors")

    async def start(self) -> None:
        dut = self.dut
        dut.start.value = dut.flush.value = 0
        dut.program_address.value, dut.weights_address.value = PROGRAM, WEIGHTS
        dut.load_weights.value = 1
        await start(dut)
        names = ("jobs", "data", "weight_jobs", "descriptors")
        self.monitors = {name: monitor_stream(dut, name, clear="flush") for name in names}

    def stall(self) -> None:
        self.server.set_pause_generators(stalls(self.rng, 0.5), stalls(self.rng, 0.3))
        self.weight_sink.set_pause_generator(stalls(self.rng, 0.7))
        self.sink.set_pause_generator(stalls(self.rng, 0.9))

    async def run(self, program: Program) -> None:
        """Places the program and starts it; what lies behind it would be illegal."""
        image = program.image
        self.memory[PROGRAM : PROGRAM + len(image) + 256] = image + b"\xff" * 256
        self.server.jobs.clear()
        await self.pulse("start")

    async def pulse(self, name: str) -> None:
        self.dut[name].value = 1
        await RisingEdge(self.dut.clk)
        self.dut[name].value = 0

    async def flush(self) -> None:
        await self.pulse("flush")
        for _ in range(2):
            self.server.flush()
            await RisingEdge(self.dut.clk)
        self.sink.clear()
        self.weight_sink.clear()

    async def idle(self, cycles: int) -> None:
        for _ in range(cycles):
            await RisingEdge(self.dut.clk)

    async def ended(self) -> None:
        while int(self.dut.busy.value):
            await RisingEdge(self.dut.clk)

    def weight_jobs(self) -> list[tuple[int, int]]:
        address = (1 << CONFIG.address_bits) - 1
        return [(job & address, job >> CONFIG.address_bits) for job in self.weight_sink.queue]

    async def expect(self, program: Program, *, count: int | None = None, loads: bool = True) -> None:
        """The first *count* descriptors (all by default), their weight jobs, and nothing else."""
        wanted = program.descriptors[:count]
        while self.sink.count() < len(wanted):
            await RisingEdge(self.dut.clk)
        await self.idle(60)
        assert list(self.sink.queue) == wanted
        layers = sum(descriptor & 0xFF == Opcode.LAYER.value for descriptor in wanted)
        assert self.weight_jobs() == (program.weight_jobs[:layers] if loads else [])
        self.sink.clear()
        self.weight_sink.clear()


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(stalled=[False, True])
async def programs_arrive_in_order(dut, stalled):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    if stalled:
        bench.stall()
    layers = 0
    for length in (0, 1, 12, 5):
        program = Program(rng, length)
        await bench.run(program)
        await bench.expect(program)
        assert not int(dut.busy.value) and not int(dut.error.value)
        reads = [(PROGRAM + DESCRIPTOR_BYTES * n, BEATS) for n in range(length + 1)]
        assert bench.server.jobs == reads, "not one read for each descriptor, or reads beyond END"
        layers += len(program.weight_jobs)
    assert layers, "no weight job was due"
    if stalled:
        assert all(bench.monitors[name].waits for name in bench.monitors if name != "data")


@cocotb.test(timeout_time=100, timeout_unit="us")
async def resident_weights_are_not_loaded(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    dut.load_weights.value = 0
    program = Program(rng, 8)
    assert program.weight_jobs
    await bench.run(program)
    await bench.expect(program, loads=False)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def latencies_are_as_promised(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    program = Program(rng, 0)
    program.descriptors.clear()
    program.layer()
    program.store()
    program.add(END, Opcode.END)
    await bench.run(program)
    await bench.expect(program)
    times = {name: monitor.times for name, monitor in bench.monitors.items()}
    ends = times["data"][BEATS - 1 :: BEATS]
    assert [time - end for time, end in zip(times["descriptors"], ends, strict=True)] == [4, 4, 4]
    assert times["weight_jobs"] == [ends[0] + 3]
    assert times["jobs"][1:] == [ends[0] + 4, ends[1] + 3]


@cocotb.test(timeout_time=100, timeout_unit="us")
async def the_queue_bounds_what_runs_ahead(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    bench.sink.pause = True
    program = Program(rng, 0)
    program.descriptors.clear()
    for _ in range(9):
        program.layer()
    program.add(END, Opcode.END)
    await bench.run(program)
    await bench.idle(40 * (BEATS + 10))
    assert len(bench.server.jobs) == QUEUE_DEPTH
    assert bench.weight_jobs() == program.weight_jobs[:QUEUE_DEPTH], "weights do not run ahead of execution"
    bench.weight_sink.pause = True
    bench.sink.pause = False
    await bench.idle(10 * (BEATS + 10))
    assert bench.sink.count() == QUEUE_DEPTH + 1, "a descriptor waits for its own weight job"
    bench.weight_sink.pause = False
    await bench.expect(program)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def illegal_descriptors_stop_the_program(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    cases = [
        ({"opcode": 4}, ErrorCode.OPCODE),
        ({"opcode": 0xFF}, ErrorCode.OPCODE),
        ({"version": VERSION + 1, "index": 7}, ErrorCode.VERSION),
        ({"opcode": 2, "images": 0}, ErrorCode.FIELD),
    ]
    if CONFIG.leak == "shift":
        cases.append(({"leak": Leak.MULTIPLY.value}, ErrorCode.FIELD))
    for n, (change, code) in enumerate(cases):
        place = rng.randrange(6)
        program = Program(rng, place)
        program.descriptors.pop()
        program.layer()
        program.add(END, Opcode.END)
        program.spoil(place, **change)
        if n % 2:
            bench.stall()
        await bench.run(program)
        while not int(dut.error.value):
            await RisingEdge(dut.clk)
        index = place if code == ErrorCode.VERSION else 500 + place
        assert (int(dut.error.value), int(dut.error_index.value)) == (code.value, index)
        assert int(dut.position.value) == place
        await bench.expect(program, count=place)
        assert len(bench.server.jobs) == place + 1, "the program went on"
        await bench.pulse("start")
        await bench.idle(20)
        assert (int(dut.error.value), int(dut.error_index.value)) == (code.value, index), (
            "the error did not stay"
        )
        assert int(dut.busy.value)
        await bench.flush()
        assert not int(dut.error.value) and not int(dut.error_index.value) and not int(dut.busy.value)
        program = Program(rng, 2)
        await bench.run(program)
        await bench.expect(program)


@cocotb.test(timeout_time=800, timeout_unit="us")
async def flush_restarts_anywhere(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    bench.stall()
    cut = 0
    for _ in range(25):
        await bench.run(Program(rng, 8))
        await bench.idle(rng.randrange(1, 8 * BEATS + 60))
        cut += int(dut.busy.value)
        await bench.flush()
        assert not int(dut.busy.value) and not int(dut.descriptors__valid.value), "the queue is not empty"
        program = Program(rng, 2)
        await bench.run(program)
        await bench.expect(program)
    assert cut > 10, f"only {cut} flushes hit a busy unit"
