"""RTL of pyralis.hw.gcn.clamp against integers of Python, a sum in every cycle."""

import random

import pytest
from amaranth import Module, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from pyralis.gen.gcn.intnetwork import RANGES
from pyralis.hw.gcn.clamp import CLAMP_LATENCY, TOTAL_BITS, OutputType, clamped

SETTINGS = data.StructLayout({"relu": 1, "output": OutputType, "shift": 6})


class Element(wiring.Component):
    def __init__(self):
        super().__init__({
            "total": In(signed(TOTAL_BITS)),
            "settings": In(SETTINGS),
            "value": Out(signed(32)),
            "changed": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        value, changed = clamped(m, 0, self.total, self.settings)
        m.d.comb += [self.value.eq(value), self.changed.eq(changed)]
        return m


def expected(total, relu, output, shift):
    low, high = RANGES[output.name.lower()]
    value = (max(total, 0) if relu else total) >> shift
    clamp = min(max(value, low), high)
    return clamp, int(clamp != value)


def sums(rng, output, shift):
    """Both neighbours of every limit of the type, single bits, and any magnitude."""
    limits = [limit + offset << shift for limit in RANGES[output.name.lower()] for offset in (-1, 0, 1)]
    found = [limit + offset for limit in limits for offset in (-1, 0, 1)]
    found += [sign << bit for bit in range(TOTAL_BITS - 1) for sign in (1, -1)]
    found += [-1 ^ 1 << bit for bit in range(TOTAL_BITS - 1)]
    found += [0, -(1 << TOTAL_BITS - 1), (1 << TOTAL_BITS - 1) - 1]
    for _ in range(20):
        size = rng.randrange(TOTAL_BITS)
        found.append(rng.randint(-(1 << size), (1 << size) - 1))
    half = 1 << TOTAL_BITS - 1
    return [each for each in found if -half <= each < half]


@pytest.mark.parametrize("output", OutputType)
def test_every_shift(output):
    dut, rng = Element(), random.Random(output.value)

    async def bench(ctx):
        for shift in range(TOTAL_BITS):
            relu = rng.getrandbits(1)
            ctx.set(dut.settings, {"relu": relu, "output": output, "shift": shift})
            given = sums(rng, output, shift)
            got = []
            for total in given + [0] * CLAMP_LATENCY:
                ctx.set(dut.total, total)
                _, _, value, changed = await ctx.tick().sample(dut.value, dut.changed)
                got.append((value, changed))
            wanted = [expected(total, relu, output, shift) for total in given]
            assert got[CLAMP_LATENCY:] == wanted, (shift, relu)

    simulator = Simulator(dut)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
