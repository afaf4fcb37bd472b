"""Times and counters of the folded key equation; test_folded.py tests its arithmetic, with the whole."""

import pytest
from amaranth import Cat, ClockDomain, Const, Module, Signal
from amaranth.sim import Simulator

from pyralis.hw.gf.folded_key import Binary, Johnson, KeyTiming


@pytest.mark.parametrize("states", [1, 2, 3, 4, 5, 6, 9])
@pytest.mark.parametrize("kind", [Binary, Johnson])
def test_counters_are_in_one_state_after_the_other(kind, states):
    m, run, step = Module(), Signal(), Signal()
    m.domains.sync = ClockDomain()
    counter = kind(m, states, run=run, step=step, name="count")
    lines = Signal(states)
    before = Signal(states)  # bit n: before state n
    m.d.comb += [
        lines.eq(Cat(counter.at(n) for n in range(states))),
        before.eq(Cat(Const(0, 1), (counter.below(n) for n in range(1, states)))),
    ]

    async def bench(ctx):
        await ctx.tick()
        ctx.set(run, 1)
        for n in range(2 * states + 1 if kind is Johnson else states):
            assert ctx.get(lines) == 1 << n % states
            assert ctx.get(before) >> 1 == (1 << states) - 1 >> n % states + 1 << n % states
            await ctx.tick()
            assert ctx.get(lines) == 1 << n % states, "without step it stands"
            ctx.set(step, 1)
            await ctx.tick()
            ctx.set(step, 0)
        ctx.set(run, 0)
        await ctx.tick()
        assert ctx.get(lines) == 1, "back to the first state"

    simulator = Simulator(m)
    simulator.add_clock(1e-9)
    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize("t", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("r", range(2, 12))
def test_words_of_both_registers_meet(r, t):
    timing = KeyTiming(r, t, t)
    if t > 1:
        assert (timing.round_cycles - 2) % (t - 1) == 0, "x^2 T is two places further on in the next round"
        assert (timing.turns - 2) * timing.places >= r - 1, "room for the inversion"
    assert timing.cycles == t * timing.turns * (t + 1)


def test_exponents_of_a_round():
    timing = KeyTiming(7, 5, 5)
    assert [timing.exponents(place).get(2, 0) for place in range(6)] == [0, 1, 2, 3, 4, 5]
    assert timing.exponents(5) == {0: 1, 1: 3, 2: 5, 3: 7, 4: 9}
    assert (timing.turns, timing.round_cycles, timing.cycles) == (3, 18, 90)
