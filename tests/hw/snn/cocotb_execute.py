"""cocotb side of test_execute.py: runs inside the simulator."""

import json
import os
import random
from collections import Counter

import cocotb
from amaranth.lib import data
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.hw.axi.dma import DmaJob
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import END, LAYER, LOAD, STORE, VERSION, Opcode, Output
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
OUTPUT = 0xABCD_0000
UNITS = ("walk", "sequence", "output")
LAYOUTS = {Opcode.LOAD: LOAD, Opcode.LAYER: LAYER, Opcode.STORE: STORE, Opcode.END: END}


def descriptor(rng: random.Random, opcode: Opcode, **fields: int) -> int:
    """Random content: this unit reads the opcode, the index and where results go."""
    layout = LAYOUTS[opcode]
    word = rng.getrandbits(1024)
    values = {"opcode": opcode.value, "version": VERSION, "index": rng.getrandbits(16), **fields}
    for name, value in values.items():
        field = layout[name]
        word = word & ~((1 << field.width) - 1 << field.offset) | value << field.offset
    return word


def program(rng: random.Random, length: int) -> list[int]:
    words = [descriptor(rng, Opcode.LOAD)]
    for _ in range(length):
        opcode = rng.choice((
            Opcode.LOAD,
            Opcode.LAYER,
            Opcode.LAYER,
            Opcode.LAYER,
            Opcode.LAYER,
            Opcode.STORE,
        ))
        kind = rng.choice((Output.SPIKES, Output.SPIKES, Output.COUNTS, Output.POTENTIALS)).value
        words.append(descriptor(rng, opcode, **({"output": kind} if opcode == Opcode.LAYER else {})))
    return [*words, descriptor(rng, Opcode.END)]


def opcode_of(word: int) -> Opcode:
    return Opcode(word & 0xFF)


class Bench:
    """Plays all units, one look a cycle, and checks what may happen in it.

    Attributes
    ----------
    handed : list of int
        Descriptors in the order in which they were carried out.
    seen : Counter
        What the stimulus has reached.
    """

    def __init__(self, dut, rng: random.Random, slowness: int) -> None:
        self.dut, self.rng, self.slowness = dut, rng, slowness
        self.source = StreamSource(dut, "descriptors")
        self.sinks = {name: StreamSink(dut, name) for name in (*UNITS, "loads", "stores", "results")}
        self.seen, self.cycle = Counter(), 0
        self.forget()

    def forget(self) -> None:
        self.handed: list[int] = []
        self.expected: list[int] = []
        self.layers_end: list[int] = []  # cycles in which the layers in flight will be done
        self.single: tuple[str, int] | None = None  # LOAD or STORE under way, and its last cycle
        self.result: int | None = None  # payload of the results job of the layer that is to come
        self.writing = 0  # cycle until which something is on its way to memory
        self.index: int | None = None

    def later(self) -> int:
        """Cycle in which something that begins now ends."""
        return self.cycle + 1 + self.rng.randrange(self.slowness)

    async def start(self) -> None:
        dut = self.dut
        for name in ("load_done", "store_done", "layer_done"):
            dut[name].value = 0
        dut.writes_idle.value, dut.output_address.value = 1, OUTPUT
        await start(dut)
        self.monitors = monitor_streams(dut)
        cocotb.start_soon(self._run())

    def queue(self, words: list[int]) -> None:
        self.expected += words
        for word in words:
            self.source.send_nowait(word)

    async def finished(self) -> None:
        while self.expected:
            await RisingEdge(self.dut.clk)

    async def _run(self) -> None:
        dut = self.dut
        done = dict.fromkeys(("load_done", "store_done", "layer_done"), 0)
        while True:
            await RisingEdge(dut.clk)
            self.cycle += 1
            if int(dut.rst.value):
                done = dict.fromkeys(done, 0)
            else:
                self._look()
                self._count(done)
                done = self._next()
            for name, value in done.items():
                dut[name].value = value
            dut.writes_idle.value = int(self.writing <= self.cycle)

    def _moves(self, name: str) -> bool:
        return bool(int(self.dut[f"{name}__valid"].value) and int(self.dut[f"{name}__ready"].value))

    def _look(self) -> None:
        """Checks the cycle that ends here."""
        dut, seen = self.dut, self.seen
        if self.index is not None:
            assert int(dut.index.value) == self.index, "index of the descriptor handed out last"
        moved = {name: self._moves(name) for name in self.sinks}
        begun, ended = moved["output"], bool(int(dut.run_done.value))
        assert moved["walk"] == moved["sequence"] == begun, "the units must get a layer together"
        if moved["results"]:
            assert self.result is None and self.single is None
            self.result = int(dut.results__payload.value)
        taken = self._moves("descriptors")
        assert taken == (begun or moved["loads"] or moved["stores"] or ended)
        shown = opcode_of(int(dut.descriptors__payload.value)) if int(dut.descriptors__valid.value) else None
        quiet = not self.layers_end and int(dut.writes_idle.value)
        seen["third layer waited"] += shown == Opcode.LAYER and len(self.layers_end) == 2
        seen["waited for layers"] += shown not in (None, Opcode.LAYER) and bool(self.layers_end)
        seen["waited for writes"] += shown == Opcode.END and not self.layers_end and not quiet
        if not taken:
            return
        assert self.single is None, "nothing may follow before the LOAD or STORE is done"
        word = self.expected.pop(0)
        self.handed.append(word)
        assert int(dut.descriptors__payload.value) == word
        self.index = word >> LAYER["index"].offset & 0xFFFF
        opcode = opcode_of(word)
        assert (begun, moved["loads"], moved["stores"], ended) == tuple(
            opcode == kind for kind in (Opcode.LAYER, Opcode.LOAD, Opcode.STORE, Opcode.END)
        )
        seen[opcode] += 1
        if opcode == Opcode.LAYER:
            assert len(self.layers_end) < 2, "three layers in flight"
            assert all(int(dut[f"{name}__payload"].value) == word for name in UNITS)
            self._check_result(word)
            seen["two in flight"] += len(self.layers_end)
        else:
            assert quiet, f"{opcode} went ahead of what came before"
            name = {Opcode.LOAD: "loads", Opcode.STORE: "stores"}.get(opcode)
            assert name is None or int(dut[f"{name}__payload"].value) == word

    def _check_result(self, word: int) -> None:
        layer = data.Const(LAYER, word)
        if layer.output == Output.SPIKES:
            assert self.result is None
            return
        assert self.result is not None, "a layer went ahead of its results job"
        job = data.Const(DmaJob(CONFIG.dma), self.result)
        assert (job.address, job.beats) == (OUTPUT + layer.result_address, layer.result_beats)
        self.result = None
        self.seen["results"] += 1
        self.writing = self.cycle + 1  # busy until the layer is done, at least

    def _count(self, done: dict) -> None:
        """What began and ended in this cycle."""
        if done["layer_done"]:
            self.layers_end.pop(0)
        if done["load_done"] or done["store_done"]:
            self.single = None
        if self._moves("output"):
            last = self.layers_end[-1] if self.layers_end else 0
            self.layers_end.append(max(last + 1, self.later()))
        for name in ("loads", "stores"):
            if self._moves(name):
                self.single = (name, self.later())

    def _next(self) -> dict[str, int]:
        """Pulses of the cycle that begins here."""
        single = self.single if self.single and self.single[1] <= self.cycle else None
        layer = bool(self.layers_end) and self.layers_end[0] <= self.cycle
        if layer or single:
            self.writing = max(self.writing, self.later())
        return {
            "load_done": int(single is not None and single[0] == "loads"),
            "store_done": int(single is not None and single[0] == "stores"),
            "layer_done": int(layer),
        }


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(slowness=[1, 30], stalled=[False, True])
async def random_programs(dut, slowness, stalled):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng, slowness)
    await bench.start()
    if stalled:
        bench.source.set_pause_generator(stalls(rng, 0.3))
        for sink in bench.sinks.values():
            sink.set_pause_generator(stalls(rng, 0.5))
    words = [word for _ in range(12) for word in program(rng, rng.randrange(1, 25))]
    bench.queue(words)
    await bench.finished()
    await ClockCycles(dut.clk, 3)
    assert bench.handed == words and bench.seen[Opcode.END] == 12
    wanted = {*Opcode, "results", "waited for layers"}
    if slowness > 1:
        wanted |= {"two in flight", "third layer waited", "waited for writes"}
    assert all(bench.seen[what] > 5 for what in wanted), bench.seen
    if stalled:
        assert bench.monitors["results"].waits and bench.monitors["loads"].waits


@cocotb.test(timeout_time=100, timeout_unit="us")
async def no_cycle_is_lost(dut):
    """Two layers go out in the cycles in which they are shown; END and LOAD as soon as all is quiet."""
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng, 1)
    await bench.start()
    bench.queue([descriptor(rng, Opcode.LAYER, output=Output.SPIKES.value) for _ in range(2)])
    await bench.finished()
    times = bench.monitors["output"].times
    assert times == [times[0], times[0] + 1] == bench.monitors["descriptors"].times
    await ClockCycles(dut.clk, 5)
    bench.queue([descriptor(rng, Opcode.END), descriptor(rng, Opcode.LOAD)])
    await bench.finished()
    assert bench.monitors["loads"].times[-1] == bench.monitors["descriptors"].times[-2] + 1
    # A layer with results takes one cycle more, for their job.
    bench.queue([descriptor(rng, Opcode.LAYER, output=Output.COUNTS.value)] * 2)
    await bench.finished()
    results, layers = bench.monitors["results"].times[-2:], bench.monitors["output"].times[-2:]
    assert [layer - result for layer, result in zip(layers, results, strict=True)] == [1, 1]


@cocotb.test(timeout_time=400, timeout_unit="us")
async def reset_in_the_middle(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng, 20)
    await bench.start()
    for sink in bench.sinks.values():
        sink.set_pause_generator(stalls(rng, 0.5))
    cut = Counter()
    for _ in range(60):
        bench.queue(program(rng, 8))
        await ClockCycles(dut.clk, rng.randrange(5, 120))
        cut["single"] += bench.single is not None
        cut["layers"] += bool(bench.layers_end)
        cut["result"] += bench.result is not None
        dut.rst.value = 1
        bench.source.clear()
        await ClockCycles(dut.clk, 2)
        bench.forget()
        dut.rst.value = 0
        bench.queue(words := program(rng, 4))
        await bench.finished()
        assert bench.handed == words
    assert all(cut[what] > 3 for what in ("single", "layers", "result")), cut
