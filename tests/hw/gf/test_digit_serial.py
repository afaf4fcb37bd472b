"""RTL of pyralis.hw.gf.digit_serial against pyralis.hw.gf.field."""

import random
import re

import pytest
from amaranth.sim import Simulator
from finitefields import operands, pairs, polynomials, random_field

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.algebra import hankel_form, prove_bilinear
from pyralis.gen.synthesis.flows import map_gates
from pyralis.gen.synthesis.unroll import unrolled
from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.digit_serial import DigitSerial
from pyralis.hw.gf.field import Gf2m, named
from pyralis.hw.gf.linear import linear_rows
from pyralis.hw.gf.product import reduction_rows


def check(block: DigitSerial, some, flips: random.Random | None = None) -> None:
    """Product, quotient and every cycle of the handshake, at starts with and without a pause before them."""
    field, rng = block.field, random.Random(1)
    m = field.m

    async def bench(ctx):
        for number, (a, b) in enumerate(some):
            flip_d = flips.getrandbits(2 * m - 1) if flips else 0
            flip_c = flips.getrandbits(m) if flips else 0
            if flips:
                ctx.set(block.flip_d, flip_d)
                ctx.set(block.flip_c, flip_c)
            ctx.set(block.start, 1)
            ctx.set(block.a, a)
            ctx.set(block.b, b)
            assert ctx.get(block.ready)
            for cycle in range(1, block.cycles + 1):
                await ctx.tick()
                busy = cycle < block.cycles
                ctx.set(block.start, busy and rng.getrandbits(1))  # without effect: it is not ready
                ctx.set(block.a, rng.getrandbits(m))
                ctx.set(block.b, rng.getrandbits(m))
                assert (ctx.get(block.ready), ctx.get(block.done)) == (not busy, not busy), (number, cycle)
            quotient, c = poly.divide(poly.multiply(a, b) ^ flip_d, field.polynomial)
            expected = c ^ flip_c, quotient
            assert (ctx.get(block.c), ctx.get(block.quotient)) == expected, (number, a, b)
            ctx.set(block.start, 0)
            for _ in range(rng.choice([0, 0, 1, 3])):
                await ctx.tick()
                assert (ctx.get(block.ready), ctx.get(block.done)) == (1, 0)
                assert (ctx.get(block.c), ctx.get(block.quotient)) == expected

    simulator = Simulator(block)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize("field", [Gf2m(m, p) for m in (2, 3, 4) for p in polynomials(m)], ids=str)
def test_every_product(field):
    for digit in range(1, field.m + 1):
        check(DigitSerial(field, digit), pairs(field.m))


@pytest.mark.parametrize("digit", range(1, 12))
def test_every_digit_and_flips(digit):
    rng = random.Random(digit)
    check(DigitSerial(random_field(11, rng), digit, inject=True), operands(11, rng, 20), rng)


@pytest.mark.parametrize(("name", "digit"), [("aes", 3), ("gf45", 8), ("b163", 32), ("b571", 64)])
def test_named_fields(name, digit):
    field = named(name)
    check(DigitSerial(field, digit), operands(field.m, random.Random(digit), 20))


def test_cycles():
    assert [DigitSerial(Gf2m(45), digit).cycles for digit in (1, 7, 8, 9, 44, 45)] == [45, 7, 6, 5, 2, 1]


@pytest.mark.parametrize(("digit", "near"), [(0, 1), (-3, 1), (46, 45)])
def test_digit_that_does_not_exist(digit, near):
    message = f"digit must be in 1..m = 1..45, not {digit}; the nearest is {near}."
    with pytest.raises(ValueError, match=re.escape(message)):
        DigitSerial(Gf2m(45), digit)


def test_gates_grow_with_the_digit():
    counts, levels = [], []
    for digit in (1, 3, 8):
        block = DigitSerial(Gf2m(16), digit)
        netlist = map_gates(emit(block, "digit_serial"), "digit_serial").netlist
        counts.append(netlist.gate_count)
        levels.append((netlist.levels, block.levels))
    assert counts == sorted(counts), counts
    assert counts[1] < 16**2 + 15**2
    assert all(abs(found - stated) <= 2 for found, stated in levels), levels


@pytest.mark.parametrize(("m", "digit"), [(8, 3), (16, 16), (16, 1), (45, 8)])
def test_netlist_is_proven(m, digit):
    field = Gf2m(m)
    block = DigitSerial(field, digit)
    # At 45 bits ABC makes gates of the sums that are far from bilinear.
    netlist = map_gates(emit(block, "digit_serial"), "digit_serial", structural=m > 16).netlist
    cycles = [{"rst": 0, "start": int(cycle == 0)} for cycle in range(block.cycles + 1)]
    whole = unrolled(netlist, cycles)
    c = reduction_rows(field)
    quotient = linear_rows(lambda d: poly.divide(d, field.polynomial)[0], 2 * m - 1, m - 1)
    assert prove_bilinear(whole, lambda bit: hankel_form(c[bit], m, m))
    assert prove_bilinear(whole, lambda bit: hankel_form(quotient[bit], m, m), output="quotient")
