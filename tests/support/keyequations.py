"""A plain solver of the key equation, and gates of a component evaluated on many records at once."""

from collections.abc import Sequence

from amaranth.lib import data, wiring

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.code import BchCode
from pyralis.sim.netlist.evaluate import Evaluator, pack, unpack


def massey(code: BchCode, t: int, syndrome: int) -> tuple[list[int], int]:
    """Locator with Lambda_0 = 1 and length of the shortest recurrence of S_1 .. S_2t (Massey, with inverses)."""
    gf, mask = code.locator_field, (1 << code.r) - 1
    s = [0]
    for exponent in range(1, 2 * t + 1):
        channel, squarings = code.conjugate(exponent)
        s.append(gf.power(syndrome >> channel * code.r & mask, 1 << squarings))
    locator, other, length, shift, last = [1], [1], 0, 1, 1
    for n in range(2 * t):
        delta = 0
        for j, coefficient in enumerate(locator[: length + 1]):
            delta ^= gf.multiply(coefficient, s[n + 1 - j])
        if not delta:
            shift += 1
            continue
        factor = gf.multiply(delta, gf.inverse(last))
        scaled = [0] * shift + [gf.multiply(factor, value) for value in other]
        size = max(len(locator), len(scaled))
        updated = [
            a ^ b
            for a, b in zip(
                locator + [0] * (size - len(locator)), scaled + [0] * (size - len(scaled)), strict=True
            )
        ]
        if 2 * length <= n:
            other, last, shift, length = locator, delta, 1, n + 1 - length
        else:
            shift += 1
        locator = updated
    return locator[: length + 1] + [0] * (length + 1 - len(locator)), length


def same_locator(code: BchCode, found: Sequence[int], expected: Sequence[int]) -> bool:
    """Whether *found* is *expected*, which has constant term 1, times a factor other than 0."""
    padded = [*expected, *[0] * (len(found) - len(expected))]
    return found[0] != 0 and list(found) == [code.locator_field.multiply(found[0], value) for value in padded]


def solve(component: wiring.Component, syndromes: Sequence[int]) -> list[tuple[list[int], int, int]]:
    """(coefficients, degree, fail) from the gates of a key equation, one for each of *syndromes*."""
    outputs = run(component, syndromes)
    layout = component.o.shape()
    return [
        (list(record.locator), record.degree, record.fail)
        for record in (layout.from_bits(bits) for bits in outputs)
    ]


def run(component: wiring.Component, inputs: Sequence[int]) -> list[int]:
    """The record ``o`` as a number, for each record ``i`` as a number."""
    netlist = map_gates(emit(component, "dut"), "dut", structural=True).netlist
    width = data.Layout.cast(component.i.shape()).size
    return unpack(Evaluator(netlist).run({"i": pack(inputs, width)})["o"], len(inputs))
