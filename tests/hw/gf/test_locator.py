"""Gates of pyralis.hw.gf.locator against the polynomial's values on integers."""

import random
from typing import get_args

import pytest

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.code import BchCode, product_code, residue_code
from pyralis.hw.gf.locator import Form, Locator
from pyralis.sim.netlist.evaluate import Evaluator, pack, unpack

FORMS = get_args(Form)
SMALL = [residue_code(4, 1), residue_code(8, 3), product_code(8, 2)]


def roots(code: BchCode, coefficients: list[int]) -> int:
    """The positions k, as bits, at which the polynomial is 0 at alpha^-k."""
    found = 0
    for k in range(code.length):
        value = 0
        for j, coefficient in enumerate(coefficients):
            value ^= code.locator_field.multiply(coefficient, code.alpha(-j * k))
        found |= (not value) << k
    return found


def of_positions(code: BchCode, t: int, positions: list[int], rng: random.Random) -> list[int]:
    """Product of 1 + alpha^k x for the *positions* k, times anything but 0 where there is a choice."""
    gf = code.locator_field
    coefficients = [1] + [0] * t
    for k in positions:
        above = [gf.multiply(code.alpha(k), value) for value in coefficients]
        coefficients = [a ^ b for a, b in zip(coefficients, [0, *above[:-1]], strict=True)]
    factor = rng.randrange(1, 1 << code.r) if t > 1 else 1
    return [gf.multiply(factor, value) for value in coefficients]


def polynomials(code: BchCode, t: int) -> list[list[int]]:
    """Of every single position, of patterns of up to *t*, and any; with t = 1 the constant term is 1."""
    rng = random.Random(t)
    patterns = [[k] for k in range(code.length)]
    patterns += [rng.sample(range(code.length), rng.randrange(min(t, code.length) + 1)) for _ in range(200)]
    some = [of_positions(code, t, pattern, rng) for pattern in patterns]
    if t == 1:
        return some + [[1, value] for value in range(1 << code.r)]
    return some + [[rng.randrange(1 << code.r) for _ in range(t + 1)] for _ in range(200)] + [[0] * (t + 1)]


def located(block: Locator, some: list[list[int]]) -> list[int]:
    netlist = map_gates(emit(block, "locator"), "locator", structural=True).netlist
    r = block.code.r
    flat = [sum(value << j * r for j, value in enumerate(coefficients)) for coefficients in some]
    planes = Evaluator(netlist).run({"locator": pack(flat, r * (block.t + 1))})
    return unpack(planes["errors"], len(some))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("code", SMALL, ids=str)
def test_marks_the_roots(code, form):
    for t in range(1, code.t + 1):
        some = polynomials(code, t)
        assert located(Locator(code, t, form), some) == [roots(code, value) for value in some], t


@pytest.mark.parametrize(
    ("code", "t", "form"),
    [
        (residue_code(45, 5), 5, "chien"),
        (residue_code(45, 5), 5, "affine"),
        (residue_code(45, 5), 2, "affine"),
        (residue_code(45, 1), 1, "affine"),
        (product_code(45, 5), 4, "affine"),
        pytest.param(residue_code(163, 3), 3, "affine", marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_marks_the_roots_of_a_long_code(code, t, form):
    some = polynomials(code, t)
    assert located(Locator(code, t, form), some) == [roots(code, value) for value in some]


@pytest.mark.parametrize("form", FORMS)
def test_levels_are_those_of_the_structure(form):
    """The gates as written have an inverter at the end, and a tree of NOR gates has not."""
    for t in (1, 3):
        block = Locator(residue_code(8, 3), t, form)
        netlist = map_gates(emit(block, "locator"), "locator", structural=True).netlist
        assert netlist.levels == block.levels + (block.form != "affine" or t > 1)


@pytest.mark.parametrize(
    ("code", "gates", "levels"), [(residue_code(45, 5), 1850, 11), (product_code(45, 5), 1750, 11)]
)
def test_affine_sums_are_few(code, gates, levels):
    """Less than two additions a bit of a position, and half of what sharing finds without algebra."""
    plan = Locator(code, 5, "affine").plan
    assert len(plan.gates) < gates
    assert plan.levels <= levels
    assert 1.8 * len(plan.gates) < len(Locator(code, 5, "chien").plan.gates)


def test_refuses_what_the_code_does_not_correct():
    with pytest.raises(ValueError, match=r"^t must be in 1\.\.3, what the code corrects, not 4\.$"):
        Locator(residue_code(8, 3), 4)
    with pytest.raises(ValueError, match=r"^A locator has the forms direct, chien, affine, not 'auto'\.$"):
        Locator(residue_code(8, 3), 3, "auto")
