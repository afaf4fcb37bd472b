"""Fields and operands for the tests of multipliers, and a way to run them through a component."""

import random
from collections.abc import Iterable, Sequence

from amaranth.lib import wiring
from amaranth.sim import Simulator

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.field import Gf2m


def settle(component: wiring.Component, inputs: Iterable[dict[str, int]], *ports: str) -> list[tuple]:
    """Values of *ports* of a combinational *component*, for each of *inputs* (port -> value)."""
    values = []

    async def bench(ctx):
        for vector in inputs:
            for port, value in vector.items():
                ctx.set(getattr(component, port), value)
            values.append(tuple(ctx.get(getattr(component, port)) for port in ports))

    simulator = Simulator(component)
    simulator.add_testbench(bench)
    simulator.run()
    return values


def polynomials(m: int) -> list[int]:
    """All irreducible polynomials of degree *m*."""
    return [p for p in range(1 << m | 1, 2 << m, 2) if poly.irreducible(p)]


def random_field(m: int, rng: random.Random) -> Gf2m:
    """GF(2^m) with an irreducible polynomial of about m / 2 terms."""
    while not poly.irreducible(p := rng.getrandbits(m) | 1 << m | 1):
        pass
    return Gf2m(m, p)


def operands(m: int, rng: random.Random, count: int) -> Sequence[tuple[int, int]]:
    """Pairs of elements: the extremes, single bits at the ends, then *count* at random."""
    ends = [0, 1, 1 << m - 1, (1 << m) - 1]
    drawn = [(rng.getrandbits(m), rng.getrandbits(m)) for _ in range(count)]
    return [(a, b) for a in ends for b in ends] + drawn


def pairs(m: int) -> Sequence[tuple[int, int]]:
    """All pairs of elements."""
    return [(a, b) for a in range(1 << m) for b in range(1 << m)]
