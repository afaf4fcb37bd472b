"""Sums of contexts of pyralis.hw.gcn.contextsums against integers, replies of all contexts interleaved."""

import random

import pytest
from amaranth import Module, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.contextsums import accumulate, by_splits
from pyralis.hw.gcn.rowstore import ReplyLayout
from pyralis.hw.gcn.simdcore import AGGREGATION_SETTINGS

PLAIN = GcnConfig(lanes=8, splits=2, contexts=4, accumulator_bits=24)
WEIGHTED = GcnConfig(lanes=8, splits=4, contexts=4, accumulator_bits=24, edge_weights=True)


class Sums(wiring.Component):
    """The sums of a SIMD core, with its oldest context from outside."""

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        reply = wiring.Signature({"valid": Out(1), "payload": Out(ReplyLayout(config))})
        super().__init__({
            "replies": In(reply).array(config.splits),
            "settings": In(AGGREGATION_SETTINGS),
            "head": In(range(config.contexts)),
            "out": In(1),
            "answered": Out(config.splits),
            "sums": Out(data.ArrayLayout(signed(config.accumulator_bits), config.lanes)),
        })

    def elaborate(self, platform) -> Module:
        m, c = Module(), self.config
        answered, sums = accumulate(m, c, self.settings, self.replies, self.head, self.out)
        for part, (answers, _) in enumerate(answered):
            m.d.comb += self.answered[part].eq(answers)
        with m.Switch(self.settings.splits):
            for splits, lanes in enumerate(by_splits(m, c, self.settings, sums)):
                with m.Case(splits):
                    m.d.comb += [self.sums[k].eq(lane) for k, lane in enumerate(lanes)]
        return m


def bytes_of(word: int, count: int, is_signed: bool) -> list[int]:
    values = list(word.to_bytes(count, "little"))
    return [each - 256 if is_signed and each > 127 else each for each in values]


@pytest.mark.parametrize("maximum", [0, 1])
@pytest.mark.parametrize("is_signed", [0, 1])
@pytest.mark.parametrize(
    ("config", "splits"), [(PLAIN, 0), (PLAIN, 1), (WEIGHTED, 0), (WEIGHTED, 1), (WEIGHTED, 2)]
)
def test_against_integers(config, splits, is_signed, maximum):
    sums, rng = Sums(config), random.Random(splits)
    lanes, together = config.lanes // config.splits, config.splits >> splits  # of a part; parts of one entry
    neutral = -(1 << config.accumulator_bits - 1) if maximum else 0
    empty = [neutral] * (config.lanes >> splits)
    expected = [list(empty) for _ in range(config.contexts)]
    leaders = sum(1 << part for part in range(0, config.splits, together))
    left = []

    async def bench(ctx):
        ctx.set(sums.settings, {"splits": splits, "is_signed": is_signed, "maximum": maximum})
        for _ in range(300):
            came = []
            for first in range(0, config.splits, together):
                # Two parts that answer for one context at a time have memories of their own.
                context, none, valid = rng.randrange(config.contexts), rng.random() < 0.1, rng.random() < 0.7
                weight = rng.randint(-128, 127) if config.edge_weights else 1
                entry = []
                for part in range(first, first + together):
                    word = rng.getrandbits(8 * lanes)
                    entry += bytes_of(word, lanes, bool(is_signed))
                    payload = {"data": word, "context": context, "none": int(none)}
                    ctx.set(
                        sums.replies[part].payload,
                        payload | ({"value": weight} if config.edge_weights else {}),
                    )
                    ctx.set(sums.replies[part].valid, int(valid))
                if valid and not none:
                    came.append((context, [each * weight for each in entry]))
            if not config.edge_weights:
                answered = sum(ctx.get(port.valid) << part for part, port in enumerate(sums.replies))
                assert ctx.get(sums.answered) == answered & leaders
            await ctx.tick()
            for port in sums.replies:
                ctx.set(port.valid, 0)
            if config.edge_weights:  # one register more
                await ctx.tick()
            for context, entry in came:
                join = max if maximum else int.__add__
                expected[context] = [join(*pair) for pair in zip(expected[context], entry, strict=True)]
            head = rng.randrange(config.contexts)
            ctx.set(sums.head, head)
            found = [ctx.get(sums.sums[k]) for k in range(config.lanes)]
            assert found[: len(empty)] == expected[head]
            assert not any(found[len(empty) :])
            if rng.random() < 0.3:
                ctx.set(sums.out, 1)
                await ctx.tick()
                ctx.set(sums.out, 0)
                left.append(expected[head] != empty)
                expected[head] = list(empty)

    simulator = Simulator(sums)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert sum(left) > 30
