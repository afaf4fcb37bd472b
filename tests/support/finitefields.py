"""Fields and operands for the tests of multipliers, and what all multipliers are held to."""

import random
from collections.abc import Iterable, Sequence

from amaranth.lib import wiring
from amaranth.sim import Simulator

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.algebra import hankel_form, prove_bilinear
from pyralis.gen.synthesis.flows import map_gates
from pyralis.gen.synthesis.netlist import Netlist
from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.product import reduction_rows


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


def multiplies(block, some: Sequence[tuple[int, int]], rng: random.Random | None = None) -> None:
    """Asserts that the combinational *block* multiplies *some* pairs, with flips drawn from *rng* if any."""
    field, m = block.field, block.field.m
    ports = [port for port in ("c", "high") if hasattr(block, port)]
    inputs = [{"a": a, "b": b} for a, b in some]
    if rng:
        widths = {"flip_c": m} | ({"flip_d": 2 * m - 1} if "high" in ports else {})
        for vector in inputs:
            vector |= {port: rng.getrandbits(bits) for port, bits in widths.items()}
    for vector, found in zip(inputs, settle(block, inputs, *ports), strict=True):
        d = poly.multiply(vector["a"], vector["b"]) ^ vector.get("flip_d", 0)
        c = field.reduce(d) ^ vector.get("flip_c", 0)
        assert found == (c, d >> m)[: len(ports)], vector


def is_proven(block, *, structural: bool = False) -> Netlist:
    """Asserts that the mapped netlist of *block* multiplies, for all operands; returns the netlist."""
    field, m = block.field, block.field.m
    name = type(block).__name__.lower()
    netlist = map_gates(emit(block, name), name, structural=structural).netlist
    tie = {port: int(port == "enable") for port in netlist.inputs if port not in ("a", "b")}
    rows = reduction_rows(field)
    assert prove_bilinear(netlist, lambda j: hankel_form(rows[j], m, m), tie=tie)
    if hasattr(block, "high"):
        assert prove_bilinear(netlist, lambda k: hankel_form(1 << m + k, m, m), output="high", tie=tie)
    return netlist


def pipelines(block, cycles: int = 60) -> None:
    """Asserts that *block* takes a pair each cycle of ``enable`` and answers ``stages`` such cycles later."""
    field, rng = block.field, random.Random(block.stages)
    taken: list[tuple[int, int]] = []

    async def bench(ctx):
        for _ in range(cycles):
            a, b, enable = rng.getrandbits(field.m), rng.getrandbits(field.m), rng.random() < 0.7
            ctx.set(block.a, a)
            ctx.set(block.b, b)
            ctx.set(block.enable, enable)
            if len(taken) >= block.stages:
                a_before, b_before = taken[-block.stages]
                assert ctx.get(block.c) == field.multiply(a_before, b_before)
                if hasattr(block, "high"):
                    assert ctx.get(block.high) == poly.multiply(a_before, b_before) >> field.m
            if enable:
                taken.append((a, b))
            await ctx.tick()
        assert len(taken) > 2 * block.stages + 1

    simulator = Simulator(block)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
