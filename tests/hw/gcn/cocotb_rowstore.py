"""cocotb side of test_rowstore.py: runs inside the simulator."""

import random

import cocotb
from amaranth.lib import data
from cocotb.triggers import RisingEdge
from gathers import config_of_bench, word

from pyralis.hw.gcn.matching import RequestLayout
from pyralis.hw.gcn.rowstore import ReplyLayout, StoreReadLayout, StoreWriteLayout
from pyralis.sim.bench.stream import start


class Bench:
    """Drives every port once a cycle, and keeps what each word has been, and when."""

    def __init__(self, dut) -> None:
        self.dut, self.config = dut, config_of_bench()
        c = self.config
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.cores, self.parts = range(c.columns * c.cores), range(c.splits)
        self.wide = c.row_bits // c.splits
        self.cycle = 0
        self.words: dict = {}  # (part, address) -> (cycle, value), the first one written before the test
        self.asked = {(core, part): [] for core in self.cores for part in self.parts}
        self.reads = [[] for _ in range(c.columns)]
        self.splits = 0
        self.served = 0
        for core in self.cores:
            for part in self.parts:
                dut[f"requests__{core}__{part}__valid"].value = 0
        for column in range(c.columns):
            dut[f"writes__{column}__valid"].value = 0
            dut[f"reads__{column}"].value = 0

    def request(self, core: int, part: int, address: int, *, hub: bool = False, none: bool = False) -> None:
        used = {entry[-1] for entry in self.asked[core, part]}
        context = self.rng.choice([k for k in range(self.config.contexts) if k not in used])
        fields = {"address": address, "hub": hub, "none": none, "context": context}
        self.dut[f"requests__{core}__{part}__payload"].value = word(RequestLayout(self.config), fields)
        self.dut[f"requests__{core}__{part}__valid"].value = 1
        return (address, hub, none, context)

    def write(self, column: int, address: int, value: int, *, hub: int | None = None) -> None:
        fields = {"address": address, "data": value, "splits": self.splits}
        fields |= {"hub": hub is not None, "hub_address": hub or 0}
        self.dut[f"writes__{column}__payload"].value = word(StoreWriteLayout(self.config), fields)
        self.dut[f"writes__{column}__valid"].value = 1

    def stored(self, value: int) -> list[int]:
        """What each part holds after a write."""
        c = self.config
        value &= (1 << (c.row_bits >> self.splits)) - 1
        value = sum(value << k * (c.row_bits >> self.splits) for k in range(1 << self.splits))
        return [value >> part * self.wide & (1 << self.wide) - 1 for part in self.parts]

    def could_be(self, key, seen: int) -> set:
        """Values that an access may find which sees all writes up to cycle *seen*, and maybe later ones."""
        history = self.words.get(key, [])
        before = [value for cycle, value in history if cycle <= seen]
        return {*before[-1:], *(value for cycle, value in history if cycle > seen)}

    def check_replies(self) -> None:
        """Replies of this cycle answer one of the requests that wait."""
        layout = ReplyLayout(self.config)
        together = self.config.splits >> self.splits
        for core in self.cores:
            for part in self.parts:
                if not int(self.dut[f"replies__{core}__{part}__valid"].value):
                    continue
                reply = data.Const(layout, int(self.dut[f"replies__{core}__{part}__payload"].value))
                leader = part - part % together
                waiting = self.asked[core, leader]
                late = self.config.rounds  # a request may be served in a slot that began before it came
                fits = [
                    k
                    for k, (cycle, address, hub, none, context) in enumerate(waiting)
                    if context == reply.context
                    and none == reply.none
                    and (
                        none
                        or reply.data in self.could_be((part, "hub" if hub else "", address), cycle - late)
                    )
                ]
                assert fits, f"core {core}, part {part}: {reply!r} was not asked for: {waiting}"
                if part == leader + together - 1:  # the last of those that answer together
                    waiting.pop(fits[0])
                    self.served += 1


async def run(bench: Bench, cycles: int, *, demand: float, write: float, read: float, hubs: bool) -> None:
    """Random accesses for *cycles* cycles, and no more until all have been answered."""
    c, dut, rng = bench.config, bench.dut, bench.rng
    words = range(24 * c.columns)
    shown = {}
    together = c.splits >> bench.splits
    latency = c.rounds + 4
    for _ in range(cycles + 60):
        active = bench.cycle < cycles
        for core in bench.cores:
            for part in range(0, c.splits, together):
                if (core, part) not in shown and active and rng.random() < demand:
                    hub = hubs and rng.random() < 0.2
                    address = rng.randrange(c.hubs) if hub else rng.choice(words)
                    none = rng.random() < 0.05
                    shown[core, part] = bench.request(core, part, address, hub=hub, none=none)
        writes = {}
        for column in range(c.columns):
            if active and rng.random() < write:
                address, value = rng.randrange(24) * c.columns + column, rng.getrandbits(c.row_bits)
                bench.write(column, address, value)
                writes[column] = (address, value)
            wanted = active and rng.random() < read
            address = rng.randrange(24) * c.columns + column
            dut[f"reads__{column}"].value = word(StoreReadLayout(c), {"valid": wanted, "address": address})
            if wanted:
                bench.reads[column].append((bench.cycle, address))
        await RisingEdge(dut.clk)
        for key, fields in list(shown.items()):
            core, part = key
            if int(dut[f"requests__{core}__{part}__ready"].value):
                bench.asked[key].append((bench.cycle, *fields))
                del shown[key]
                dut[f"requests__{core}__{part}__valid"].value = 0
        for column, (address, value) in writes.items():
            assert int(dut[f"writes__{column}__ready"].value)
            for part, stored in enumerate(bench.stored(value)):
                bench.words[part, "", address].append((bench.cycle, stored))
            dut[f"writes__{column}__valid"].value = 0
        for column in range(c.columns):
            if int(dut[f"read_data__{column}__valid"].value):
                cycle, address = bench.reads[column].pop(0)
                assert bench.cycle - cycle == latency
                value = int(dut[f"read_data__{column}__data"].value)
                for part in bench.parts:
                    stored = value >> part * bench.wide & (1 << bench.wide) - 1
                    assert stored in bench.could_be((part, "", address), cycle - 1)
        bench.check_replies()
        bench.cycle += 1
    assert not any(bench.asked.values()) and not any(bench.reads)


async def prepared(dut, splits: int) -> Bench:
    """A bench with all words written, and copies of hubs."""
    bench = Bench(dut)
    c = bench.config
    bench.splits = splits
    dut.splits.value = splits
    await start(dut)
    for k in range(max(24, c.hubs)):
        for column in range(c.columns):
            address, value = k * c.columns + column, bench.rng.getrandbits(c.row_bits)
            hub = address if address < c.hubs else None
            if address < 24 * c.columns:
                bench.write(column, address, value, hub=hub)
                for part, stored in enumerate(bench.stored(value)):
                    bench.words[part, "", address] = [(-1, stored)]
                    if hub is not None:
                        bench.words[part, "hub", address] = [(-1, stored)]
        while True:
            await RisingEdge(dut.clk)
            ready = [int(dut[f"writes__{column}__ready"].value) for column in range(c.columns)]
            if all(ready):
                break
        for column in range(c.columns):
            dut[f"writes__{column}__valid"].value = 0
    for _ in range(3 * c.hubs):
        await RisingEdge(dut.clk)
    assert int(dut.settled.value)
    return bench


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(splits=[0, 1], demand=[0.3, 1.0])
async def words_are_those_written(dut, splits, demand):
    bench = await prepared(dut, splits)
    await run(bench, 500, demand=demand, write=0.3, read=0.3, hubs=True)
    assert bench.served > 500


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def timing(dut):
    """One request alone: answered after ``rounds + 4`` cycles. One bank: one word a side and cycle."""
    bench = await prepared(dut, 0)
    c = bench.config
    for core in (0, 1):
        bench.request(core, 0, 5)
    await RisingEdge(dut.clk)
    for core in (0, 1):
        dut[f"requests__{core}__0__valid"].value = 0
    for cycle in range(1, c.rounds + 6):
        await RisingEdge(dut.clk)
        for core in (0, 1):  # on different sides
            assert int(dut[f"replies__{core}__0__valid"].value) == (cycle == c.rounds + 4)
    for core in bench.cores:
        bench.request(core, 0, 7)
    replies = 0
    for _ in range(200):
        await RisingEdge(dut.clk)
        replies += sum(int(dut[f"replies__{core}__0__valid"].value) for core in bench.cores)
    assert 2 * 180 <= replies <= 2 * 200


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def rounds_help(dut):
    """Random requests without a pause: far more than one round could serve."""
    bench = await prepared(dut, 0)
    await run(bench, 500, demand=1.0, write=0.0, read=0.0, hubs=False)
    rate = bench.served / 500 / len(bench.cores)
    # Two cores a side: with one round, banks b, a cycle serves 2 - 1/b of two requests, heads that lost wait.
    assert rate > 0.93
