"""RTL of pyralis.hw.gcn.reserve against a list."""

import random

import pytest
from amaranth.sim import Simulator

from pyralis.hw.gcn.reserve import ReservedQueue


@pytest.mark.parametrize("ready", [1.0, 0.6, 0.1])
def test_words_leave_in_order_and_places_are_counted(ready):
    rng, depth = random.Random(3), 8
    queue, sent, got, spares = ReservedQueue(16, depth), [], [], set()

    async def bench(ctx):
        claimed = held = 0  # places claimed without a word; words inside
        for _ in range(600):
            shown, taking = ctx.get(queue.output.valid), rng.random() < ready
            ctx.set(queue.output.ready, taking)
            assert ctx.get(queue.spare) == depth - claimed - held
            spares.add(depth - claimed - held)
            put = claimed > 0 and rng.random() < 0.7
            cancel = claimed > put and rng.random() < 0.2
            ctx.set(queue.put, put)
            ctx.set(queue.cancel, cancel)
            if put:
                sent.append(rng.getrandbits(16))
            ctx.set(queue.word, sent[-1] if put else rng.getrandbits(16))
            reserve = rng.randrange(depth - claimed - held + 1) if rng.random() < 0.6 else 0
            ctx.set(queue.reserve, reserve)
            if shown and taking:
                got.append(ctx.get(queue.output.payload))
            claimed += reserve - put - cancel
            held += put - (shown and taking)
            await ctx.tick()

    simulator = Simulator(queue)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    assert got == sent[: len(got)] and len(sent) - len(got) <= depth and len(got) > 20
    assert {0, depth} <= spares


def test_a_word_is_offered_two_cycles_later():
    queue, offered = ReservedQueue(4, 2), []

    async def bench(ctx):
        ctx.set(queue.reserve, 1)
        await ctx.tick()
        ctx.set(queue.reserve, 0)
        ctx.set(queue.put, 1)
        for _ in range(4):
            offered.append(ctx.get(queue.output.valid))
            await ctx.tick()
            ctx.set(queue.put, 0)

    simulator = Simulator(queue)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    assert offered == [0, 0, 1, 1]


@pytest.mark.parametrize("depth", [0, 1, 6])
def test_other_depths_are_refused(depth):
    with pytest.raises(ValueError, match=f"depth must be a power of two of at least 2, not {depth}"):
        ReservedQueue(8, depth)
