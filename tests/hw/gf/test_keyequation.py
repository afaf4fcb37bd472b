"""Gates of both forms of the key equation against Massey's algorithm and against the error patterns."""

import random
from itertools import combinations

import pytest
from keyequations import massey, run, same_locator, solve

from pyralis.hw.gf.code import BchCode, product_code, residue_code
from pyralis.hw.gf.keyequation import KeyEquation, key_equation

SMALL = [residue_code(4, 3), residue_code(5, 2), residue_code(8, 3)]
"""So few syndromes that all are tried; in the first, S5 is a conjugate of S3."""

LARGE = [
    residue_code(6, 5),  # r = 5, where S9 is a conjugate of S5
    product_code(16, 4),  # r = 6
    product_code(16, 5),  # r = 6, where S9 lies in a subfield
    residue_code(45, 5),  # r = 7
]


def cases(codes: list[BchCode]) -> list:
    return [
        pytest.param(code, t, form, id=f"{code.kind}-r{code.r}-t{code.t}-{form}-{t}")
        for code in codes
        for t in range(1, code.t + 1)
        for form in ("closed", "bm")
    ]


def check(code: BchCode, t: int, form: str, syndromes: list[int]) -> set[int]:
    """Compares with Massey's algorithm; returns the degrees that occurred, t + 1 for a failure."""
    seen = set()
    found = solve(KeyEquation(code, t, form), syndromes)
    for syndrome, (locator, degree, fail) in zip(syndromes, found, strict=True):
        expected, length = massey(code, t, syndrome)
        assert fail == (length > t), f"{syndrome:#x}"
        if not fail:
            assert degree == length, f"{syndrome:#x}"
            assert same_locator(code, locator, expected), f"{syndrome:#x}"
        seen.add(min(length, t + 1))
    return seen


def syndrome_bits(code: BchCode, t: int) -> int:
    return key_equation(code, t, "closed")[0].part.before.size


def flat(code: BchCode, t: int, pattern: tuple[int, ...]) -> int:
    """The syndrome of errors at the positions *pattern*, as the first record."""
    values = code.syndrome(sum(1 << position for position in pattern))
    word = sum(value << code.r * index for index, value in enumerate(values))
    return word & (1 << syndrome_bits(code, t)) - 1


@pytest.mark.parametrize(("code", "t", "form"), cases(SMALL))
def test_every_syndrome(code, t, form):
    seen = check(code, t, form, list(range(1 << syndrome_bits(code, t))))
    assert {0, t} <= seen


@pytest.mark.parametrize(("code", "t", "form"), cases(LARGE))
def test_syndromes_of_all_kinds(code, t, form):
    rng = random.Random(t)
    bits, mask = syndrome_bits(code, t), (1 << code.r) - 1
    some = [rng.getrandbits(bits) for _ in range(300)]
    # Channels that are 0 lead to the branches that random syndromes hardly reach.
    for _ in range(300):
        word = rng.getrandbits(bits)
        for channel in range(bits // code.r):
            if rng.random() < 0.5:
                word &= ~(mask << channel * code.r)
        some.append(word)
    some += [
        flat(code, t, tuple(rng.sample(range(code.length), weight)))
        for weight in range(t + 3)
        for _ in range(30)
    ]
    assert check(code, t, form, some) == set(range(t + 2)) - ({t + 1} if t == 1 else set())


@pytest.mark.parametrize(("code", "t", "form"), cases([residue_code(8, 5), product_code(16, 3)]))
def test_every_pattern_of_at_most_t_errors(code, t, form):
    patterns = [p for weight in range(t + 1) for p in combinations(range(code.length), weight)]
    products: dict[tuple[int, ...], list[int]] = {(): [1]}
    for pattern in patterns[1:]:
        rest, x = products[pattern[:-1]], code.alpha(pattern[-1])
        shifted = [0, *(code.locator_field.multiply(x, value) for value in rest)]
        products[pattern] = [a ^ b for a, b in zip([*rest, 0], shifted, strict=True)]
    found = solve(KeyEquation(code, t, form), [flat(code, t, pattern) for pattern in patterns])
    for pattern, (locator, degree, fail) in zip(patterns, found, strict=True):
        assert (degree, fail) == (len(pattern), 0), pattern
        assert same_locator(code, locator, products[pattern]), pattern


@pytest.mark.parametrize(("code", "t", "form"), cases([residue_code(8, 5)]))
def test_steps_chained_are_the_whole(code, t, form):
    rng = random.Random(1)
    records = [rng.getrandbits(syndrome_bits(code, t)) for _ in range(128)]
    whole = run(KeyEquation(code, t, form), records)
    for step in key_equation(code, t, form):
        records = run(step, records)
    assert records == whole


def test_steps_fit_each_other():
    for form in ("closed", "bm"):
        for t in range(1, 6):
            steps = key_equation(residue_code(45, 5), t, form)
            layouts = [step.part.before for step in steps[1:]]
            assert layouts == [step.part.after for step in steps[:-1]]
            for step in steps:
                list(step.signature.members)  # a step that is not elaborated
            assert KeyEquation(residue_code(45, 5), t, form).levels == sum(step.levels for step in steps)


def test_messages():
    code = residue_code(45, 3)
    with pytest.raises(
        ValueError, match=r"^t must be in 1\.\.3, the errors that the code corrects, not 4\.$"
    ):
        key_equation(code, 4, "bm")
    with pytest.raises(ValueError, match=r"^The key equation has the forms closed, bm, not 'fibm'\.$"):
        KeyEquation(code, 2, "fibm")
