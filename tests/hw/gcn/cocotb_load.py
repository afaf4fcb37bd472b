"""cocotb side of test_load.py: runs inside the simulator."""

import itertools
import json
import os
import random
from dataclasses import dataclass, field

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles, RisingEdge
from loading import ascending_rows, beats_of, entries_of, random_rows

from pyralis.gen.gcn import layout
from pyralis.hw.gcn.config import NO_SOURCE, GcnConfig
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.hw.gcn.epilogue import BiasLoad, Engine
from pyralis.hw.gcn.execute import LoadOrder
from pyralis.hw.gcn.lines import LOAD_JOB
from pyralis.hw.gcn.load import IN_ORDER, SETTLE
from pyralis.hw.gcn.program import SHORT_ROWS, VERSION, Content, Opcode, Origin, takes_compact
from pyralis.hw.gcn.scales import ScaleWrite
from pyralis.hw.gcn.weightbuffer import WeightWrite, write_ports
from pyralis.sim.bench.dma import ReadServer
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start
from pyralis.sim.golden.gcn.windows import beats, windows

CONFIG = GcnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
C, L, BEAT = CONFIG.columns, CONFIG.lanes, CONFIG.bus_bits // 8
PORTS = write_ports(CONFIG)
LINES = {Content.EDGES: ("edge", 1), Content.FEATURES: ("feature", CONFIG.clusters)}
VALUES = {Content.EDGES: CONFIG.edge_weights, Content.FEATURES: CONFIG.feature_values}
REGION = 1 << 20  # of memory, for each origin


@dataclass
class Load:
    """A load: fields of its descriptor, its data, and how many words each port gets of it."""

    fields: dict
    image: bytes
    check: object
    counts: dict[str, int] = field(default_factory=dict)
    skip: bool = False
    rows: tuple[int, int] = (0, 0)  # looked at and loaded, of one that eliminates


class Bench:
    """The unit with a memory, and with takers at all ports.

    Attributes
    ----------
    ended : list of int
        Cycle of each end.
    begun : set of int
        Loads that ``oldest_begun`` was seen of.
    rows : list of int
        Sums of ``rows_seen`` and ``rows_loaded``.
    """

    def __init__(self, dut, stall=0.0):
        self.dut, self.stall, self.rng = dut, stall, random.Random(cocotb.RANDOM_SEED)
        self.random = np.random.default_rng(cocotb.RANDOM_SEED)
        self.monitors = monitor_streams(dut)
        self.descriptors = StreamSource(dut, "descriptors")
        self.memory = bytearray(self.rng.randbytes(len(Origin) * REGION))
        sizes = {"bus_bits": CONFIG.bus_bits, "address_bits": CONFIG.address_bits}
        self.servers = {
            name: ReadServer(dut, f"{name}_jobs", f"{name}_data", self.memory, **sizes)
            for name in ("edges", "features", "weights")
        }
        names = ["weights", "biases", *(f"rows__{n}" for n in range(C))]
        for name, clusters in LINES.values():
            for n in range(C * clusters):
                names += [f"{name}_loads__{n}", f"{name}_lines__{n}"]
        self.sinks = {name: StreamSink(dut, name) for name in names}
        self.bases = {origin: REGION * number for number, origin in enumerate(Origin)}
        self.used = dict.fromkeys(Origin, 0)
        self.program: list[Load] = []
        self.forget()
        cocotb.start_soon(self._watch())

    def forget(self):
        self.ended, self.begun, self.scales, self.cycle = [], set(), [], 0
        self.rows, self.wanted_rows = [0, 0], [0, 0]
        self.coming: dict[int, ScaleWrite] = {}
        self.expected: list[Load] = []
        self.totals = dict.fromkeys((*self.sinks, "scales"), 0)
        self.needs: list[dict[str, int]] = []
        self.offset = {name: monitor.transfers for name, monitor in self.monitors.items()}

    async def begin(self):
        for origin, base in self.bases.items():
            self.dut[f"{origin.name.lower()}_address"].value = base
        await start(self.dut)
        if self.stall:
            for port in (self.descriptors, *self.sinks.values()):
                port.set_pause_generator(stalls(self.rng, self.stall))
            for server in self.servers.values():
                server.set_pause_generators(stalls(self.rng, self.stall), stalls(self.rng, self.stall))
        await ClockCycles(self.dut.clk, 2)
        self.forget()

    async def _watch(self):
        """Scales, ends, and what has begun; what has ended must have been where it belongs for a while."""
        dut, layout_ = self.dut, ScaleWrite(CONFIG)
        while True:
            await RisingEdge(dut.clk)
            self.cycle += 1
            if int(dut.rst.value):
                continue
            word = layout_.from_bits(int(dut.scales.value))
            self.coming[self.cycle] = word
            if word.valid:
                self.scales.append((self.cycle, (word.engine, word.both, word.row, list(word.scales))))
            if int(dut.oldest_begun.value):
                number = len(self.ended)
                load = self.expected[number]
                assert not load.skip and load.fields["content"] in LINES, f"load {number} has no lines"
                assert self._arrived(number, only="loads"), f"load {number}: line buffers do not know of it"
                self.begun.add(number)
            if CONFIG.occupancy_words:
                self.rows[0] += int(dut.rows_seen.value)
                self.rows[1] += int(dut.rows_loaded.value)
            if int(dut.ended.value):
                assert int(dut.busy.value)
                self.ended.append(self.cycle)

    def _arrived(self, number, only=""):
        """Whether all ports have what they get of all loads up to *number*."""
        return all(
            self.monitors[name].transfers - self.offset[name] >= need
            for name, need in self.needs[number].items()
            if name != "scales" and only in name
        )

    def send(self, load):
        """Puts the data into memory and the descriptor to the unit."""
        origin = load.fields["origin"]
        image = b"".join(
            beat.to_bytes(BEAT, "little") for beat in beats_of(CONFIG.bus_bits, load.image, filling=0x5A)
        )
        source = self.used[origin]
        self.used[origin] += len(image) + BEAT * self.rng.randrange(3)
        at = self.bases[origin] + source
        self.memory[at : at + len(image)] = image
        fields = {
            "opcode": Opcode.LOAD,
            "version": VERSION,
            "index": len(self.expected),
            "after_load": self.rng.getrandbits(16),
            "resident": self.rng.getrandbits(1),
            "source": source,
            "beats": layout.beats(CONFIG, len(load.image)),
            **load.fields,
        }
        if not load.skip:
            self.wanted_rows = [a + b for a, b in zip(self.wanted_rows, load.rows, strict=True)]
        self.expected.append(load)
        if not load.skip:
            for name, count in load.counts.items():
                self.totals[name] += count
        self.needs.append(dict(self.totals))
        self.descriptors.send_nowait(LoadOrder.const({"load": fields, "skip": load.skip}).as_bits())

    def lines(self, content, rows, most, *, valued=None, start=None, **more):
        """A load of lines of *rows* random rows."""
        name, clusters = LINES[content]
        valued = VALUES[content] and self.rng.random() < 0.5 if valued is None else valued
        compact = takes_compact(CONFIG, content) and not valued and self.rng.random() < 0.7
        gaps, streams = compact and content is Content.FEATURES, C * clusters
        if gaps:
            matrix = ascending_rows(self.random, rows, most)
        else:
            below = SHORT_ROWS if compact else NO_SOURCE
            matrix = random_rows(self.random, rows, most, valued=valued, below=below)
        packed = matrix.packed(C, clusters, compact=content if compact else None)
        count, start = len(packed) // streams, self.rng.randrange(1 << 15) if start is None else start

        def check(words):
            for n in range(streams):
                job = LOAD_JOB.from_bits(words[f"{name}_loads__{n}"][0])
                assert (job.start, job.lines) == (start, count)
                own = matrix.of_stream(n, C, clusters)
                got = entries_of(words[f"{name}_lines__{n}"], len(own), valued=VALUES[content])
                for mine, theirs in zip(own, got, strict=True):
                    if gaps:  # entries that name nothing are among them
                        mine, theirs = (
                            [each for each in row if each[0] != NO_SOURCE] for row in (mine, theirs)
                        )
                    assert [index for index, _ in mine] == [index for index, _ in theirs]
                    if valued:
                        assert all(
                            a == b for (i, a), (_, b) in zip(mine, theirs, strict=True) if i != NO_SOURCE
                        )
                    elif VALUES[content] and content is Content.EDGES:
                        assert all(value == 1 for _, value in theirs)

        fields = {"content": content, "valued": valued, "compact": compact, "start": start, "count": count}
        counts = {f"{name}_loads__{n}": 1 for n in range(streams)}
        counts |= {f"{name}_lines__{n}": count for n in range(streams)}
        return self._load(fields, packed.tobytes(), check, counts, **more)

    def weights(self, elements, width, **more):
        weight = self.random.integers(-128, 128, (elements, width), dtype=np.int8)
        start = self.rng.randrange(CONFIG.weight_rows)
        slices = -(-width // L)
        expected = []
        for number in range(slices * elements):
            part = weight[number % elements][number // elements * L :][:L]
            expected.append((start + number, bytes(np.pad(part, (0, L - len(part))).tobytes())))

        def check(words):
            got = []
            for write in map(WeightWrite(CONFIG).from_bits, words["weights"]):
                count = 1 + (PORTS == 2 and write.both)
                got += [(write.row + n, (write.data >> 8 * L * n) % (1 << 8 * L)) for n in range(count)]
            assert [(row, word.to_bytes(L, "little")) for row, word in got] == expected

        packed = layout.pack_weights(CONFIG, weight)
        fields = {"content": Content.WEIGHTS, "start": start, "count": len(packed)}
        return self._load(fields, packed.tobytes(), check, {"weights": -(-len(packed) // PORTS)}, **more)

    def biases(self, width, **more):
        bias = self.random.integers(-(1 << 31), 1 << 31, width)
        slices, engine = -(-width // L), self.rng.choice(list(Engine))
        start = self.rng.randrange(33 - slices)
        shifts = {"shift": self.rng.randrange(48), "bias_shift": self.rng.randrange(16)}
        padded = np.pad(bias, (0, slices * L - width)).tolist()

        def check(words):
            assert len(words["biases"]) == len(padded)
            for at, (word, value) in enumerate(zip(words["biases"], padded, strict=True)):
                got = BiasLoad(L).from_bits(word)
                assert (got.engine, got.slice, got.lane) == (engine, start + at // L, at % L)
                assert (got.value, got.shift, got.bias_shift) == (value, *shifts.values())

        data = layout.pack_biases(CONFIG, bias, width).tobytes()
        fields = {
            "content": Content.BIASES,
            "engine": engine.value,
            "start": start,
            "count": slices,
            **shifts,
        }
        return self._load(fields, data, check, {"biases": len(padded)}, **more)

    def row_scales(self, nodes, **more):
        scale = self.random.integers(0, 1 << 16, nodes).astype(np.uint16)
        count, engine, both = -(-nodes // C), self.rng.choice(list(Engine)), self.rng.getrandbits(1)
        start = self.rng.randrange(1000)
        padded = np.pad(scale, (0, count * C - nodes)).tolist()

        def check(words):
            rows = [padded[row * C :][:C] for row in range(count)]
            assert words["scales"] == [(engine, both, start + at, row) for at, row in enumerate(rows)]

        data = layout.pack_scales(CONFIG, scale).tobytes()
        fields = {
            "content": Content.SCALES,
            "engine": engine.value,
            "both": both,
            "start": start,
            "count": count,
        }
        return self._load(fields, data, check, {"scales": count}, **more)

    def store_rows(self, nodes, width, **more):
        rows = self.random.integers(0, 256, (nodes, width))
        slices, stride = -(-width // L), -(-nodes // C) * C
        start = C * self.rng.randrange(100)
        packed = layout.pack_rows(CONFIG, rows, stride)
        whole = np.pad(rows, ((0, stride - nodes), (0, slices * L - width)))

        def check(words):
            for column in range(C):
                expected = []
                for number in range(column, slices * stride, C):
                    row = whole[number % stride][number // stride * L :][:L]
                    expected.append((start + number, row.astype(np.uint8).tobytes()))
                got = words[f"rows__{column}"]
                assert [(word & 0x7FFF, (word >> 15).to_bytes(L, "little")) for word in got] == expected

        fields = {"content": Content.ROWS, "start": start, "count": len(packed)}
        counts = {f"rows__{n}": len(packed) // C for n in range(C)}
        return self._load(fields, packed.tobytes(), check, counts, **more)

    def bitmap(self, occupied, start, **more):
        packed = np.packbits(np.pad(occupied, (0, -len(occupied) % 64)), bitorder="little")
        fields = {"content": Content.OCCUPANCY, "start": start, "count": len(packed) // 8}
        return self._load(fields, packed.tobytes(), lambda _: None, {}, **more)

    def windows(self, occupied, occupancy, **more):
        """A load of the rows that the bitmap in word *occupancy* marks."""
        mode = self.rng.choice((Elimination.WINDOW, Elimination.ROWS))
        height, together = self.rng.choice((1, 2, 8, 11, 300)), max(1, CONFIG.bus_bits // CONFIG.row_bits)
        grouped = self.rng.randrange(2)
        size = len(occupied) * together if grouped else len(occupied)
        rows = self.random.integers(0, 256, (-(-size // C) * C, L), dtype=np.uint8)
        found = windows(occupied, height, mode)
        numbers = (beats(found, 1 if grouped else together)[:, None] * together + np.arange(together)).ravel()
        start = C * self.rng.randrange(100)

        def check(words):
            for column in range(C):
                expected = [(start + n, rows[v].tobytes()) for n, v in enumerate(numbers) if n % C == column]
                got = words.get(f"rows__{column}", [])
                assert [(word & 0x7FFF, (word >> 15).to_bytes(L, "little")) for word in got] == expected

        fields = {
            "content": Content.ROWS,
            "start": start,
            "count": len(occupied),
            "eliminate": mode,
            "grouped": grouped,
            "height": height,
            "occupancy": occupancy,
            "beats": layout.beats(CONFIG, len(numbers) * L),
        }
        counts = {f"rows__{n}": len(numbers[n::C]) for n in range(C) if len(numbers[n::C])}
        load = self._load(fields, rows.tobytes(), check, counts, **more)
        load.rows = len(occupied), sum(window.rows for window in found)
        return load

    def looked_through(self, rows, **more):
        """A bitmap of *rows* rows, and two loads that take it."""
        density, word = self.rng.choice((0.0, 0.05, 0.3, 1.0)), self.rng.randrange(8)
        occupied = self.random.random(rows) < density
        return [
            self.bitmap(occupied, word),
            self.windows(occupied, word),
            self.windows(occupied, word, **more),
        ]

    def _load(self, fields, image, check, counts, *, skip=False, origin=None):
        fields["origin"] = origin or self.rng.choice(list(Origin))
        return Load(fields, image, check, counts, skip)

    def any(self, largest=60):
        rng = self.rng
        kinds = [content for content in Content if content is not Content.OCCUPANCY]
        content, size = rng.choice(kinds), rng.randrange(1, largest)
        skip = rng.random() < 0.15
        if content in LINES:
            return self.lines(content, size, rng.choice((2, 9, 20)), skip=skip)
        if content is Content.WEIGHTS:
            return self.weights(size, rng.randrange(1, 3 * L), skip=skip)
        if content is Content.BIASES:
            return self.biases(rng.randrange(1, 4 * L), skip=skip)
        if content is Content.SCALES:
            return self.row_scales(size, skip=skip)
        return self.store_rows(size, rng.randrange(1, 2 * L), skip=skip)

    async def finish(self):
        """Waits for all ends and compares everything that has come."""
        dut = self.dut
        while len(self.ended) < len(self.expected):
            await ClockCycles(dut.clk, 5)
        await ClockCycles(dut.clk, 20)
        assert len(self.ended) == len(self.expected)
        assert not int(dut.busy.value)
        arrived = {name: list(sink.queue) for name, sink in self.sinks.items()}
        arrived["scales"] = [word for _, word in self.scales]
        assert {name: len(words) for name, words in arrived.items()} == self.totals
        for number, load in enumerate(self.expected):
            if load.skip:
                continue
            words = {name: arrived[name][:count] for name, count in load.counts.items()}
            load.check(words)
            for name, count in load.counts.items():
                del arrived[name][:count]
            self._settled(number, load)
        lines = {
            number
            for number, load in enumerate(self.expected)
            if not load.skip and load.fields["content"] in LINES
        }
        assert self.begun == lines
        assert self.rows == self.wanted_rows
        for sink in self.sinks.values():
            sink.clear()
        self.forget()

    def _settled(self, number, load):
        """What a load brought was there ``SETTLE`` cycles before it ended."""
        for name in load.counts:
            at = self.needs[number][name] - 1
            if name == "scales":
                self._coming(number, load)
                continue
            cycle = self.when(name, at)
            assert self.ended[number] - cycle >= SETTLE, f"load {number} ended too early"

    def _coming(self, number, load):
        """Scales that had not been written long before their load ended were known to be coming by then."""
        end = self.needs[number]["scales"]
        for cycle, (engine, both, row, _) in self.scales[end - load.counts["scales"] : end]:
            for at in range(self.ended[number] - SETTLE + 2, min(cycle, self.ended[number]) + 1):
                word = self.coming[at]
                assert (word.coming, word.engine, word.both) == (1, engine, both), f"load {number}"
                assert word.row <= row < word.row + word.left, f"load {number}: scale {row}"

    def when(self, name, at):
        """Cycle of transfer *at* of a port, as the watcher counts."""
        monitor = self.monitors[name]
        return monitor.times[self.offset[name] + at] - monitor.cycle + self.cycle


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def loads_of_every_kind(dut, stall):
    bench = Bench(dut, stall)
    await bench.begin()
    for _ in range(60):
        bench.send(bench.any(30))
    await bench.finish()


@cocotb.test(timeout_time=800, timeout_unit="us", skip=not CONFIG.occupancy_words)
@cocotb.parametrize(stall=[0.0, 0.4])
async def windows_between_loads_of_every_kind(dut, stall):
    bench = Bench(dut, stall)
    await bench.begin()
    for rows in (1, 64, 65, 300, 130, 200, 512, 40):
        for load in bench.looked_through(rows, skip=rows == 200):
            bench.send(load)
            for _ in range(bench.rng.randrange(3)):
                bench.send(bench.any(20))
    await bench.finish()


@cocotb.test(timeout_time=200, timeout_unit="us", skip=not CONFIG.occupancy_words)
async def windows_of_any_size_follow_each_other(dut):
    """Beats of rows that are far from each other come as fast as the eliminator finds them."""
    bench = Bench(dut)
    await bench.begin()
    occupied = np.arange(512) % 16 == 0
    bench.send(bench.bitmap(occupied, 0))
    bench.send(bench.windows(occupied, 0))
    bench.send(bench.windows(occupied, 0))
    while len(bench.ended) < 3:
        await ClockCycles(dut.clk, 5)
    times = bench.monitors["weights_data"].times[-64:]
    dut._log.info(f"two loads of 32 windows: {times[-1] - times[0]} cycles")
    assert times[-1] - times[0] <= 64 * 4 + 40
    await bench.finish()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def constants_behind_features_are_late(dut):
    """Until the features have come; what stands in front of them is not, nor are loads of one burst."""
    bench, held = Bench(dut), [1]
    await bench.begin()
    servers = bench.servers
    servers["features"].set_pause_generators(None, (held[0] for _ in itertools.count()))
    bench.send(bench.weights(4, 2))
    bench.send(bench.lines(Content.FEATURES, 2 * C * CONFIG.clusters, 9))
    while len(bench.ended) < 1:
        await RisingEdge(dut.clk)
        assert not int(dut.late.value)
    for load in (bench.biases(2), bench.weights(3, 2)):
        bench.send(load)
    while len(servers["weights"].jobs) < 3:
        await RisingEdge(dut.clk)
        assert not int(dut.late.value)
    for load in (bench.weights(17 * BEAT // L, 2), bench.row_scales(4)):
        bench.send(load)
    while len(servers["weights"].jobs) < 5:
        await RisingEdge(dut.clk)
    for _ in range(20):
        await RisingEdge(dut.clk)
        assert int(dut.late.value)
    held[0] = 0
    await bench.finish()
    assert not int(dut.late.value)
    bench.send(bench.biases(2))
    while len(bench.ended) < 1:
        await RisingEdge(dut.clk)
        assert not int(dut.late.value)
    await bench.finish()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def one_of_each_alone(dut):
    """Everything that one load asks for and gives, with nothing beside it."""
    bench = Bench(dut)
    await bench.begin()
    for make in (
        lambda: bench.lines(Content.EDGES, 1, 1),
        lambda: bench.lines(Content.FEATURES, 2 * C * CONFIG.clusters, 9),
        lambda: bench.weights(1, 1),
        lambda: bench.biases(1),
        lambda: bench.row_scales(1),
        lambda: bench.store_rows(1, 1),
        lambda: bench.weights(5, 2, skip=True),
    ):
        load = make()
        bench.send(load)
        asked = {name: len(server.jobs) for name, server in bench.servers.items()}
        await bench.finish()
        content = load.fields["content"]
        client = content.name.lower() if content in LINES else "weights"
        for name, server in bench.servers.items():
            assert len(server.jobs) - asked[name] == (name == client and not load.skip)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def channels_work_side_by_side_and_end_in_order(dut):
    """Rows that cannot be written hold up what is loaded behind them in their channel, and every end."""
    bench = Bench(dut)
    await bench.begin()
    for n in range(C):
        bench.sinks[f"rows__{n}"].pause = True
    bench.send(bench.store_rows(3 * C, L))
    for _ in range(3):
        bench.send(bench.lines(Content.EDGES, 9 * C, 9))
        bench.send(bench.lines(Content.FEATURES, 9 * C, 9))
    bench.send(bench.weights(9, L))
    bench.send(bench.weights(3, L, skip=True))
    await ClockCycles(dut.clk, 600)
    assert not bench.ended and not bench.begun
    for name in ("edge_lines__0", "feature_lines__0"):
        assert len(bench.sinks[name].queue) == bench.totals[name], "lines wait for rows"
    assert bench.sinks["weights"].empty() and int(dut.busy.value)
    for n in range(C):
        bench.sinks[f"rows__{n}"].pause = False
    await bench.finish()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def many_short_loads_wait_their_turn(dut):
    """More than all queues hold, behind one that cannot go on; those that are skipped count."""
    bench = Bench(dut)
    await bench.begin()
    bench.sinks["edge_lines__0"].pause = True
    bench.send(bench.lines(Content.EDGES, 3 * C, 9))
    for n in range(3 * IN_ORDER):
        bench.send(bench.biases(1, skip=n % 3 != 0))
    await ClockCycles(dut.clk, 600)
    taken = bench.monitors["descriptors"].transfers - bench.offset["descriptors"]
    assert IN_ORDER <= taken <= IN_ORDER + 2
    assert not bench.ended
    bench.sinks["edge_lines__0"].pause = False
    await bench.finish()


def cycles_of(bench, port, data):
    """Cycles from the first beat of *data* to the last word of *port*, which is the only load."""
    return bench.when(port, bench.totals[port] - 1) - bench.when(data, 0)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def big_loads_take_a_beat_a_cycle(dut):
    """Each channel alone, then all of them at a time."""
    bench = Bench(dut)
    await bench.begin()
    valued = VALUES[Content.FEATURES]
    makers = {
        "edges": lambda: bench.lines(Content.EDGES, 40 * C, 60, valued=False),
        "features": lambda: bench.lines(Content.FEATURES, 60 * C, 60, valued=valued),
        "weights": lambda: bench.store_rows(400 * C, L),
    }
    last = {"edges": f"edge_lines__{C - 1}", "features": f"feature_lines__{C * CONFIG.clusters - 1}"}
    last["weights"] = f"rows__{C - 1}"
    rows_a_beat = CONFIG.bus_bits // CONFIG.row_bits
    for together in (*((name,) for name in makers), tuple(makers)):
        for name in together:
            bench.send(makers[name]())
        while len(bench.ended) < len(bench.expected):
            await ClockCycles(dut.clk, 5)
        spans = []
        for name in together:
            beats = bench.monitors[f"{name}_data"].transfers - bench.offset[f"{name}_data"]
            spent = cycles_of(bench, last[name], f"{name}_data")
            dut._log.info(f"{'+'.join(together)}: {name}: {beats} beats in {spent} cycles")
            slower = max(1, rows_a_beat // C) if name == "weights" else 1
            assert spent <= beats * slower + 8
            spans.append(
                range(bench.when(f"{name}_data", 0), bench.when(last[name], -1 + bench.totals[last[name]]))
            )
        begin, end = max(span.start for span in spans), min(span.stop for span in spans)
        assert end - begin > 50, "not at the same time"
        await bench.finish()


@cocotb.test(timeout_time=400, timeout_unit="us")
async def short_loads_follow_each_other(dut):
    """The memory is asked for the next loads while one comes: gaps are those of the loaders alone."""
    bench = Bench(dut)
    await bench.begin()
    for _ in range(20):
        bench.send(bench.weights(16, L))
    while len(bench.ended) < 20:
        await ClockCycles(dut.clk, 5)
    beats = bench.monitors["weights_data"].times[-20 * layout.beats(CONFIG, 16 * L) :]
    words = max(16 // PORTS, 16 * CONFIG.row_bits // CONFIG.bus_bits)
    spent = beats[-1] - beats[0]
    dut._log.info(f"20 loads of {words} words: {spent} cycles")
    assert spent <= 20 * (words + 6)
    await bench.finish()


@cocotb.test(timeout_time=400, timeout_unit="us")
async def reset_in_mid_load_leaves_nothing_behind(dut):
    bench = Bench(dut)
    await bench.begin()
    for delay in (13, 60, 150):
        for content in (Content.EDGES, Content.FEATURES):
            bench.send(bench.lines(content, 20 * C, 30))
        bench.send(bench.store_rows(60 * C, L))
        for _ in range(3):
            bench.send(bench.any())
        await ClockCycles(dut.clk, delay)
        bench.descriptors.clear()
        dut.rst.value = 1
        for _ in range(3):
            await ClockCycles(dut.clk, 1)
            for server in bench.servers.values():
                server.flush()
        dut.rst.value = 0
        for sink in bench.sinks.values():
            sink.clear()
        await ClockCycles(dut.clk, 2)
        bench.forget()
        assert not int(dut.busy.value)
        for _ in range(8):
            bench.send(bench.any(20))
        await bench.finish()
