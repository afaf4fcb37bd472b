"""RTL of pyralis.hw.gf.inverter against pyralis.hw.gf.field (pytest side)."""

import pytest
from amaranth.sim import Simulator

from pyralis.hw.gf.digit_serial import DigitSerial
from pyralis.hw.gf.field import Gf2m, named
from pyralis.hw.gf.inverter import Inverter, chain
from pyralis.hw.gf.karatsuba import Karatsuba
from pyralis.hw.gf.mastrovito import Mastrovito
from pyralis.hw.gf.two_step import TwoStep
from pyralis.sim.bench.build import run_cocotb

MULTIPLIERS = {
    "smallest": lambda: TwoStep(Gf2m(2)),
    "pipelined": lambda: Mastrovito(Gf2m(3), stages=2),
    "dense": lambda: Mastrovito(Gf2m(4, 0x1F)),
    "one-cycle": lambda: DigitSerial(Gf2m(5), 5),
    "bit-serial": lambda: DigitSerial(Gf2m(6), 1),
    "halves": lambda: Karatsuba(Gf2m(7), stages=3),
}


@pytest.mark.parametrize("multiplier", [DigitSerial(named("aes"), 3), Karatsuba(named("gf45"), stages=1)])
def test_streams(multiplier):
    inverter = Inverter(multiplier)
    run_cocotb(inverter, "cocotb_inverter", env={"CYCLES": str(inverter.cycles)})


@pytest.mark.parametrize("name", MULTIPLIERS)
def test_every_element_with_every_multiplier(name):
    inverter = Inverter(MULTIPLIERS[name]())
    field = inverter.config

    async def bench(ctx):
        ctx.set(inverter.inverses.ready, 1)
        for x in range(1 << field.m):
            ctx.set(inverter.elements.payload, x)
            ctx.set(inverter.elements.valid, 1)
            assert ctx.get(inverter.elements.ready)
            await ctx.tick()
            ctx.set(inverter.elements.valid, 0)
            cycles = 1
            while not ctx.get(inverter.inverses.valid):
                await ctx.tick()
                cycles += 1
            assert cycles == inverter.cycles
            assert ctx.get(inverter.inverses.p.value) == (field.inverse(x) if x else 0)
            assert ctx.get(inverter.inverses.p.zero) == (x == 0)
            await ctx.tick()

    simulator = Simulator(inverter)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def test_chain_ends_at_the_inverse():
    for m in range(2, 600):
        e = 1
        for squarings, own in chain(m):
            assert squarings == (e if own else 1)
            e += squarings
        assert e == m - 1


def test_cycles():
    assert Inverter(TwoStep(named("gf45"))).cycles == 45 + 7
    assert Inverter(DigitSerial(named("b163"), 41)).cycles == 163 + 9 * 5
