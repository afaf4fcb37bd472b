"""pyralis.hw.common.fixed against its golden twin, and the twin against exact fractions."""

import math
from fractions import Fraction

import pytest
import torch
from amaranth import Module, Signal, signed
from amaranth.sim import Simulator

from pyralis.hw.common import fixed
from pyralis.sim.golden.common import fixed as golden

BITS = 9
ALL = torch.arange(-(1 << BITS - 1), 1 << BITS - 1)
ROUNDINGS = ("floor", "half_up", "half_even")


def evaluate(*functions) -> list[list[int]]:
    """Values of each expression of one signed input, for every input of BITS bits."""
    m = Module()
    value = Signal(signed(BITS))
    outputs = []
    for n, function in enumerate(functions):
        expression = function(value)
        outputs.append(Signal(expression.shape(), name=f"out_{n}"))
        m.d.comb += outputs[-1].eq(expression)
    rows = []

    async def testbench(ctx):
        for x in ALL.tolist():
            ctx.set(value, x)
            await ctx.delay(1e-9)
            rows.append([ctx.get(output) for output in outputs])

    simulator = Simulator(m)
    simulator.add_testbench(testbench)
    simulator.run()
    return [list(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("bits", [2, 5, BITS - 1, BITS, 12])
def test_saturate_matches_golden_for_every_value(bits):
    clamped, beyond = golden.saturate(ALL, bits)
    got = evaluate(lambda x: fixed.saturate(x, bits)[0], lambda x: fixed.saturate(x, bits)[1])
    assert got == [clamped.tolist(), beyond.int().tolist()]
    assert bool(beyond.any()) == (bits < BITS)


def test_round_shift_matches_golden_for_every_value():
    cases = [(shift, rounding) for shift in (0, 1, 2, 5) for rounding in ROUNDINGS]
    got = evaluate(*(lambda x, c=case: fixed.round_shift(x, *c) for case in cases))
    for case, values in zip(cases, got, strict=True):
        assert values == golden.round_shift(ALL, *case).tolist(), case


@pytest.mark.parametrize("shift", [0, 1, 2, 5])
def test_golden_rounding_is_that_of_exact_fractions(shift):
    exact = [Fraction(x, 1 << shift) for x in ALL.tolist()]
    assert golden.round_shift(ALL, shift, "floor").tolist() == [math.floor(x) for x in exact]
    assert golden.round_shift(ALL, shift, "half_up").tolist() == [
        math.floor(x + Fraction(1, 2)) for x in exact
    ]
    assert golden.round_shift(ALL, shift, "half_even").tolist() == [round(x) for x in exact]


def test_golden_saturation_has_the_limits_of_twos_complement():
    assert golden.bounds(4) == (-8, 7)
    clamped, beyond = golden.saturate(torch.tensor([-9, -8, 0, 7, 8]), 4)
    assert clamped.tolist() == [-8, -8, 0, 7, 7]
    assert beyond.tolist() == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: fixed.saturate(Signal(signed(8)), 1), "bits must be at least 2, not 1"),
        (lambda: fixed.saturate(Signal(8), 4), r"the value must be signed, not unsigned\(8\)"),
        (lambda: fixed.round_shift(Signal(signed(8)), -1), "shift must be at least 0, not -1"),
        (
            lambda: fixed.round_shift(Signal(signed(8)), 1, "up"),
            "rounding must be 'floor', 'half_up' or 'half_even', not 'up'",
        ),
        (lambda: golden.bounds(0), "bits must be at least 1, not 0"),
        (lambda: golden.round_shift(ALL, -2), "shift must be at least 0, not -2"),
        (
            lambda: golden.round_shift(ALL, 1, "up"),
            "rounding must be 'floor', 'half_up' or 'half_even', not 'up'",
        ),
    ],
)
def test_wrong_arguments_are_named(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
