"""A plain solver of the key equation, and gates of a component evaluated on many records at once."""

from collections.abc import Sequence

from amaranth.lib import wiring

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.code import BchCode
from pyralis.sim.netlist.evaluate import Evaluator, pack, unpack


class Reference:
    """Massey's algorithm in GF(2^r), with inverses, by tables of logarithms."""

    def __init__(self, code: BchCode) -> None:
        self.code = code
        self.log = {value: k for k, value in enumerate(code.powers)}

    def multiply(self, a: int, b: int) -> int:
        return self.code.alpha(self.log[a] + self.log[b]) if a and b else 0

    def divide(self, a: int, b: int) -> int:
        return self.code.alpha(self.log[a] - self.log[b]) if a else 0

    def solve(self, t: int, syndrome: int) -> tuple[list[int], int]:
        """Locator with Lambda_0 = 1 and length of the shortest recurrence of S_1 .. S_2t."""
        s = [0]
        for exponent in range(1, 2 * t + 1):
            channel, squarings = self.code.conjugate(exponent)
            value = syndrome >> channel * self.code.r & (1 << self.code.r) - 1
            s.append(self.code.alpha(self.log[value] << squarings) if value else 0)
        size = 4 * t + 2
        locator, other = [1] + [0] * size, [1] + [0] * size
        length, shift, last = 0, 1, 1
        for n in range(2 * t):
            delta = 0
            for j in range(length + 1):
                delta ^= self.multiply(locator[j], s[n + 1 - j])
            if not delta:
                shift += 1
                continue
            factor = self.divide(delta, last)
            scaled = [0] * shift + [self.multiply(factor, value) for value in other]
            updated = [a ^ b for a, b in zip(locator, scaled, strict=False)]
            if 2 * length <= n:
                other, last, shift, length = locator, delta, 1, n + 1 - length
            else:
                shift += 1
            locator = updated
        return locator[: length + 1], length

    def same(self, found: Sequence[int], expected: Sequence[int]) -> bool:
        """Whether *found* is *expected*, which has constant term 1, times a factor other than 0."""
        padded = [*expected, *[0] * (len(found) - len(expected))]
        return found[0] != 0 and list(found) == [self.multiply(found[0], value) for value in padded]


def solve(component: wiring.Component, syndromes: Sequence[int]) -> list[tuple[list[int], int, int]]:
    """(coefficients, degree, fail) from the gates of a key equation, one for each of *syndromes*."""
    layout = component.o.shape()
    found = []
    for bits in run(component, syndromes):
        fields = {
            name: bits >> field.offset & (1 << field.width) - 1
            for name, field in ((name, layout[name]) for name in layout.members)
        }
        count, r = layout["locator"].shape.length, layout["locator"].width // layout["locator"].shape.length
        locator = [fields["locator"] >> k * r & (1 << r) - 1 for k in range(count)]
        found.append((locator, fields["degree"], fields["fail"]))
    return found


def run(component: wiring.Component, inputs: Sequence[int]) -> list[int]:
    """The record ``o`` as a number, for each record ``i`` as a number."""
    netlist = map_gates(emit(component, "dut"), "dut", structural=True).netlist
    planes = {"i": pack(inputs, len(component.i.as_value()))}
    return unpack(Evaluator(netlist).run(planes)["o"], len(inputs))
