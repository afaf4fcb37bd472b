"""Gates of both forms of the key equation against Massey's algorithm and against the error patterns."""

import random
from itertools import combinations

import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from keyequations import Reference, run, solve

from pyralis.hw.gf.code import BchCode, product_code, residue_code
from pyralis.hw.gf.keyequation import KeyEquation, key_equation
from pyralis.hw.gf.step import Step, first_record


def cases(*codes: BchCode, least: int = 1) -> list:
    """Each code with each form and t from *least*; up to t = 2 the forms are the same."""
    return [
        pytest.param(code, t, form, id=f"{code.kind}-r{code.r}-t{code.t}-{form}{t}")
        for code in codes
        for t in range(least, code.t + 1)
        for form in (("closed", "bm") if t > 2 else ("closed",))
    ]


def check(code: BchCode, t: int, form: str, syndromes: list[int]) -> set[int]:
    """Compares with Massey's algorithm; returns the degrees that occurred, t + 1 for a failure."""
    reference, seen = Reference(code), set()
    found = solve(KeyEquation(code, t, form), syndromes)
    for syndrome, (locator, degree, fail) in zip(syndromes, found, strict=True):
        expected, length = reference.solve(t, syndrome)
        assert fail == (length > t), f"{syndrome:#x}"
        if not fail:
            assert degree == length, f"{syndrome:#x}"
            assert reference.same(locator, expected), f"{syndrome:#x}"
        seen.add(min(length, t + 1))
    return seen


def syndrome_bits(code: BchCode, t: int) -> int:
    return first_record(code, t)["syndrome"]


def flat(code: BchCode, t: int, pattern: tuple[int, ...]) -> int:
    """The syndrome of errors at the positions *pattern*, as the first record."""
    values = code.syndrome(sum(1 << position for position in pattern))
    word = sum(value << code.r * index for index, value in enumerate(values))
    return word & (1 << syndrome_bits(code, t)) - 1


# In the first, of r = 3, S5 is a conjugate of S3.
@pytest.mark.parametrize(("code", "t", "form"), cases(residue_code(4, 3), residue_code(8, 3)))
def test_every_syndrome(code, t, form):
    seen = check(code, t, form, list(range(1 << syndrome_bits(code, t))))
    assert set(range(t + 1)) <= seen


# S9 is a conjugate of S5 in the first, and lies in a subfield in the second.
@pytest.mark.parametrize(
    ("code", "t", "form"),
    cases(residue_code(6, 5), product_code(16, 5), residue_code(45, 5), least=4)
    + cases(residue_code(45, 3), residue_code(163, 3)),
)
def test_syndromes_of_all_kinds(code, t, form):
    rng = random.Random(t)
    bits, mask = syndrome_bits(code, t), (1 << code.r) - 1
    some = [rng.getrandbits(bits) for _ in range(200)]
    for word in some[:]:  # with channels of 0, for the branches that random syndromes hardly reach
        zeros = sum(mask << channel * code.r for channel in range(bits // code.r) if rng.random() < 0.5)
        some.append(word & ~zeros)
    for weight in range(t + 3):
        patterns = [tuple(rng.sample(range(code.length), weight)) for _ in range(20)]
        some += [flat(code, t, pattern) for pattern in patterns]
    assert check(code, t, form, some) == set(range(t + 2)) - ({2} if t == 1 else set())


@pytest.mark.parametrize(("code", "t", "form"), cases(residue_code(8, 5)))
def test_every_pattern_of_at_most_t_errors(code, t, form):
    reference, bits = Reference(code), syndrome_bits(code, t)
    patterns = [p for weight in range(t + 1) for p in combinations(range(code.length), weight)]
    single = [flat(code, t, (position,)) for position in range(code.length)]
    products: dict[tuple[int, ...], list[int]] = {(): [1]}
    syndromes = {(): 0}
    for pattern in patterns[1:]:
        rest, x = products[pattern[:-1]], code.alpha(pattern[-1])
        shifted = [0, *(reference.multiply(x, value) for value in rest)]
        products[pattern] = [a ^ b for a, b in zip([*rest, 0], shifted, strict=True)]
        syndromes[pattern] = syndromes[pattern[:-1]] ^ single[pattern[-1]]
    assert max(syndromes.values()) < 1 << bits
    found = solve(KeyEquation(code, t, form), [syndromes[pattern] for pattern in patterns])
    for pattern, (locator, degree, fail) in zip(patterns, found, strict=True):
        assert (degree, fail) == (len(pattern), 0), pattern
        assert reference.same(locator, products[pattern]), pattern


@pytest.mark.parametrize("form", ["closed", pytest.param("bm", marks=pytest.mark.slow)])
@pytest.mark.parametrize("t", [3, 5])
def test_steps_chained_are_the_whole(t, form):
    code, rng = residue_code(8, 5), random.Random(1)
    whole, chain = KeyEquation(code, t, form), Chain(key_equation(code, t, form))
    records = [rng.getrandbits(syndrome_bits(code, t)) for _ in range(256)]
    assert run(chain, records) == run(whole, records)
    assert whole.levels == sum(step.levels for step in chain.steps)


class Chain(wiring.Component):
    """Steps one behind the other, each a module of its own."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        super().__init__({"i": In(steps[0].i.shape()), "o": Out(steps[-1].o.shape())})

    def elaborate(self, platform) -> Module:
        m = Module()
        record = self.i
        for index, step in enumerate(self.steps):
            m.submodules[f"step{index}"] = step
            assert record.shape() == step.i.shape()
            m.d.comb += step.i.eq(record)
            record = step.o
        m.d.comb += self.o.eq(record)
        return m


def test_messages():
    code = residue_code(45, 3)
    with pytest.raises(
        ValueError, match=r"^t must be in 1\.\.3, the errors that the code corrects, not 4\.$"
    ):
        key_equation(code, 4, "bm")
    with pytest.raises(ValueError, match=r"^The key equation has the forms closed, bm, not 'fibm'\.$"):
        key_equation(code, 2, "fibm")
