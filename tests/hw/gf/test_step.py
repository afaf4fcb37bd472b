"""Records and syndromes of pyralis.hw.gf.step."""

import random

from amaranth import Module
from amaranth.lib import data
from keyequations import run

from pyralis.hw.gf.code import product_code, residue_code
from pyralis.hw.gf.step import Part, Step, first_record, last_record, syndromes


class Odd(Part):
    """S_1 .. S_9 as they are."""

    levels = 3

    def __init__(self, code) -> None:
        self.code = code
        super().__init__(first_record(code, 5), {f"s{k}": code.r for k in range(1, 10, 2)})

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        found = syndromes(m, self.code, i.syndrome, range(1, 10, 2))
        m.d.comb += [o[f"s{k}"].eq(value) for k, value in found.items()]


def test_conjugates_are_squares_of_channels():
    for code in (residue_code(6, 5), product_code(16, 5)):
        step, rng = Step(Odd(code)), random.Random(1)
        positions = [rng.randrange(code.length) for _ in range(40)]
        words = [
            sum(value << code.r * k for k, value in enumerate(code.syndrome(1 << position)))
            for position in positions
        ]
        expected = [
            sum(code.alpha(exponent * position) << code.r * k for k, exponent in enumerate(range(1, 10, 2)))
            for position in positions
        ]
        assert run(step, words) == expected
        assert step.levels == 3


def test_only_the_channels_that_are_used():
    assert first_record(residue_code(45, 5), 2) == {"syndrome": 14}
    assert first_record(residue_code(6, 5), 5) == {"syndrome": 20}  # of 4 channels
    assert data.StructLayout(last_record(residue_code(45, 5), 3)).size == 4 * 7 + 3 + 1
