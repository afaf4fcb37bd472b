"""RTL of pyralis.hw.gcn.densesteps against loops."""

import random
from itertools import pairwise

import pytest
from amaranth.sim import Simulator

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.densesteps import DenseSteps
from pyralis.hw.gcn.weightbuffer import READ_LATENCY

CONFIG = GcnConfig(lanes=4, pe_rows=4, group_bytes=32)
BYTES = 2 * CONFIG.group_bytes


def looped(groups, elements, boundary, slices, base, stride, signed, second_signed):
    """What each step reads and fetches, and what it is: row, address, (first, last, signed), release."""
    for group in range(groups):
        for index in range(slices):
            for k in range(elements):
                flags = k == 0, k == elements - 1, bool(second_signed if k >= boundary else signed)
                address = ((group << stride) * CONFIG.lanes + k) % BYTES
                yield base + index * elements + k, address, flags, index == slices - 1 and k == elements - 1


def play(settings, rng, *, offered=1.0, room=1.0, hold=0.0):
    """Runs a phase; returns cycles and contents of its steps, and how often groups and room were claimed."""
    steps, issued, taken, claimed = DenseSteps(CONFIG), [], [], []

    async def bench(ctx):
        ctx.set(steps.settings, settings)
        ctx.set(steps.start, 1)
        await ctx.tick()
        ctx.set(steps.start, 0)
        shown, after_take = [], 0
        for cycle in range(20 * settings["groups"] * settings["slices"] * (settings["elements"] + 4) + 50):
            ctx.set(steps.offered, after_take == 0 and rng.random() < offered)
            ctx.set(steps.room, rng.random() < room)
            may_not = rng.random() < hold
            ctx.set(steps.hold, may_not)
            after_take = max(after_take - 1, 0)
            if ctx.get(steps.take):
                taken.append(cycle)
                after_take = 1
            if ctx.get(steps.reserve):
                claimed.append(cycle)
            flags = ctx.get(steps.step.valid), ctx.get(steps.step.first), ctx.get(steps.step.last)
            shown.append((flags, ctx.get(steps.step.signed)))
            if ctx.get(steps.read.enable):
                release = bool(ctx.get(steps.fetch.release))
                issued.append([cycle, ctx.get(steps.read.row), ctx.get(steps.fetch.address), None, release])
            else:
                assert not ctx.get(steps.fetch.release)
            running = ctx.get(steps.busy)
            await ctx.tick()
            if may_not:
                assert not ctx.get(steps.read.enable), "a read where there must be none"
            if (
                not running
                and cycle > READ_LATENCY + 4
                and taken
                and len(shown) > issued[-1][0] + READ_LATENCY
            ):
                break
        assert not ctx.get(steps.busy)
        for step in issued:
            (valid, first, last), signed = shown[step[0] + READ_LATENCY]
            assert valid
            step[3] = bool(first), bool(last), bool(signed)
        assert sum(flags[0] for flags, _ in shown) == len(issued)

    simulator = Simulator(steps)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    return issued, taken, claimed


@pytest.mark.parametrize("elements", [1, 4, 7, 32])
@pytest.mark.parametrize(("offered", "room", "hold"), [(1, 1, 0), (0.3, 0.3, 0.3)])
def test_steps_are_those_of_the_loops(elements, offered, room, hold):
    rng = random.Random(elements)
    settings = {
        "groups": 5,
        "elements": elements,
        "boundary": rng.randrange(elements + 1),
        "signed": 1,
        "second_signed": 0,
        "slices": 3,
        "base": 11,
        "stride": (-(-elements // CONFIG.lanes) - 1).bit_length(),
    }
    issued, taken, claimed = play(settings, rng, offered=offered, room=room, hold=hold)
    assert [tuple(step[1:]) for step in issued] == list(looped(**settings))
    assert (len(taken), len(claimed)) == (5, 15)
    lasts = [step[0] for step in issued if step[3][1]]
    assert min(b - a for a, b in pairwise(lasts)) >= CONFIG.pe_rows
    if hold == 0 and elements >= CONFIG.pe_rows:
        assert issued[-1][0] - issued[0][0] == len(issued) - 1, "a gap between slices or groups"
