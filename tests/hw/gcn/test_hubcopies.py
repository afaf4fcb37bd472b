"""Copies of pyralis.hw.gcn.hubcopies: what any column writes, every core reads once all is settled."""

import random

import pytest
from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.hubcopies import hub_queues, hub_words
from pyralis.hw.gcn.rowstore import StoreWriteLayout

CONFIG = GcnConfig(columns=4, cores=2, lanes=8, splits=2, hubs=16)
CORES = CONFIG.columns * CONFIG.cores


class Copies(wiring.Component):
    """The copies without the banks; each core reads a word in every cycle."""

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        super().__init__({
            "writes": In(stream.Signature(StoreWriteLayout(config))).array(config.columns),
            "addresses": In(data.ArrayLayout(4, CORES)),
            "words": Out(data.ArrayLayout(config.row_bits, CORES)),
            "settled": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m, c = Module(), self.config
        words = [port.p.data for port in self.writes]
        write = hub_queues(m, c, self.writes, words, self.settled)
        won = [Signal(data.StructLayout({"word": 4}), name=f"won_{core}") for core in range(CORES)]
        m.d.comb += [each.word.eq(self.addresses[core]) for core, each in enumerate(won)]
        bits = c.row_bits // c.splits
        for part in range(c.splits):
            for core, word in enumerate(hub_words(m, c, part, won, write)):
                m.d.comb += self.words[core][part * bits :][:bits].eq(word)
        return m


def simulate(copies: Copies, bench) -> None:
    simulator = Simulator(copies)
    simulator.add_clock(1e-6, if_exists=True)
    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize("rate", [0.1, 0.9])
def test_every_core_has_every_copy(rate):
    copies, rng, expected = Copies(CONFIG), random.Random(1), {}

    async def bench(ctx):
        for _ in range(20):
            free = list(range(CONFIG.hubs))  # who writes one address twice has waited in between
            rng.shuffle(free)
            waiting = [[] for _ in copies.writes]
            for count, address in enumerate(free):
                waiting[count % len(waiting)].append((address, rng.getrandbits(CONFIG.row_bits)))
            while any(waiting):
                taken = []
                for port, left in zip(copies.writes, waiting, strict=True):
                    comes = bool(left) and rng.random() < rate
                    other = not comes and rng.random() < 0.5  # a word that is not copied
                    address, word = left[0] if left else (0, 0)
                    payload = {"data": word, "hub": int(comes), "hub_address": address}
                    ctx.set(port.payload, payload)
                    ctx.set(port.valid, int(comes or other))
                    taken.append(comes and ctx.get(port.ready))
                await ctx.tick()
                for left, gone in zip(waiting, taken, strict=True):
                    if gone:
                        expected.update([left.pop(0)])
            for port in copies.writes:
                ctx.set(port.valid, 0)
            cycles = 0
            while not ctx.get(copies.settled):
                cycles += 1
                await ctx.tick()
            assert 0 < cycles <= CONFIG.hubs + 2
            for first in range(CONFIG.hubs):
                addresses = [(first + core) % CONFIG.hubs for core in range(CORES)]
                ctx.set(copies.addresses, addresses)
                await ctx.tick()
                await ctx.tick()
                assert [ctx.get(copies.words[core]) for core in range(CORES)] == [
                    expected[a] for a in addresses
                ]

    simulate(copies, bench)
    assert len(expected) == CONFIG.hubs


def test_without_hubs_nothing_is_copied():
    copies = Copies(GcnConfig(columns=4, cores=2, lanes=8, splits=2, hubs=0))

    async def bench(ctx):
        ctx.set(copies.writes[0].valid, 1)
        assert ctx.get(copies.settled)
        assert all(ctx.get(port.ready) for port in copies.writes)

    simulate(copies, bench)
