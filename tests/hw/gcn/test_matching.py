"""The matching of pyralis.hw.gcn.matching: every request wins once, no bank is given twice in a slot."""

import random

import pytest
from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.matching import RequestLayout, bank_position, match, queue_heads

CORES = 4


class Side(wiring.Component):
    """One side of a row store without its memories."""

    def __init__(self, config) -> None:
        self.config = config
        won = data.StructLayout({"valid": 1, "bank": config.all_banks, "word": 16, "context": 8})
        super().__init__({
            "requests": In(stream.Signature(RequestLayout(config))).array(CORES),
            "claimed": In(config.all_banks),
            "won": Out(data.ArrayLayout(won, CORES)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        heads = [queue_heads(m, self.config, port, str(core)) for core, port in enumerate(self.requests)]
        claimed = Signal.like(self.claimed)
        m.d.comb += claimed.eq(self.claimed)
        for core, win in enumerate(match(m, self.config, heads, claimed, "side")):
            port = self.won[core]
            m.d.comb += [port[name].eq(win[name]) for name in ("valid", "bank", "word", "context")]
        return m


@pytest.mark.parametrize("rounds", [1, 3])
def test_every_request_wins_once(rounds):
    config = GcnConfig(columns=4, banks=2, rounds=rounds, contexts=16)
    side, rng = Side(config), random.Random(1)
    asked: list[list] = [[] for _ in range(CORES)]
    shares = {"slots": 0, "won": 0}

    async def bench(ctx):
        for cycle in range(400):
            claimed = 1 << rng.randrange(config.all_banks) if rng.random() < 0.3 else 0
            ctx.set(side.claimed, claimed)
            for core, port in enumerate(side.requests):
                used = {context for *_, context in asked[core]}
                context = rng.choice([k for k in range(config.contexts) if k not in used])
                address, none = rng.randrange(config.rows), rng.random() < 0.1
                layout = {"address": address, "hub": 0, "none": none, "context": context}
                ctx.set(port.payload, layout)
                ctx.set(port.valid, cycle < 350)
                if cycle < 350 and ctx.get(port.ready):
                    bank, word = address % config.all_banks, address // config.all_banks
                    asked[core].append((None if none else (bank_position(config, bank), word), context))
            await ctx.tick()
            banks = 0
            for core in range(CORES):
                won = ctx.get(side.won[core])
                if not won.valid:
                    continue
                (entry,) = [entry for entry in asked[core] if entry[1] == won.context]
                asked[core].remove(entry)
                if entry[0] is not None:
                    assert won.bank == 1 << entry[0][0]
                    assert won.word == entry[0][1]
                assert not banks & won.bank
                banks |= won.bank
                shares["won"] += 1
            history.append(claimed)
            # The slot whose winners stand there now had its claims `rounds` cycles ago.
            if len(history) >= rounds:
                assert not banks & history[-rounds]
            shares["slots"] += CORES * (cycle < 350)

    history: list[int] = []
    simulator = Simulator(side)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
    assert not any(asked)
    assert shares["won"] > (0.6 if rounds == 1 else 0.85) * shares["slots"]


@pytest.mark.parametrize("banks", [1, 2, 8])
def test_every_bank_has_its_place(banks):
    config = GcnConfig(columns=banks, banks=1)
    assert sorted(bank_position(config, bank) for bank in range(banks)) == list(range(banks))
