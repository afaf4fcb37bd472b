"""RTL of pyralis.hw.gf.squarer against pyralis.hw.gf.field."""

import random

import pytest
from finitefields import operands, polynomials, random_field, settle

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.field import Gf2m, named
from pyralis.hw.gf.squarer import Squarer, squaring_rows


def check(field: Gf2m, squarings: int, some) -> None:
    found = settle(Squarer(field, squarings), [{"x": x} for x in some], "y")
    assert found == [(field.power(x, 1 << squarings),) for x in some]


@pytest.mark.parametrize("field", [Gf2m(m, p) for m in (2, 3, 4) for p in polynomials(m)], ids=str)
def test_every_element(field):
    for squarings in range(field.m + 2):
        check(field, squarings, range(1 << field.m))


@pytest.mark.parametrize("name", ["aes", "gf45", "b163", "b233"])
def test_named_fields(name):
    field = named(name)
    some = [x for x, _ in operands(field.m, random.Random(field.m), 20)]
    for squarings in (1, 2, 5):
        check(field, squarings, some)


def test_polynomial_of_many_terms():
    rng = random.Random(40)
    field = random_field(40, rng)
    for squarings in (1, 7, 39, 40):
        check(field, squarings, [rng.getrandbits(40) for _ in range(20)])


def test_rows_of_many_squarings():
    field, rng = named("b571"), random.Random(571)
    rows, x = squaring_rows(field, 300), rng.getrandbits(571)
    y = sum(((row & x).bit_count() & 1) << k for k, row in enumerate(rows))
    assert y == field.power(x, 1 << 300)


@pytest.mark.parametrize(
    ("m", "squarings", "gates", "levels"), [(45, 1, 71, 3), (45, 22, 403, 6), (163, 1, 252, 3)]
)
def test_gates_of_the_structure(m, squarings, gates, levels):
    netlist = map_gates(emit(Squarer(Gf2m(m), squarings), "squarer"), "squarer", structural=True).netlist
    assert gates - 4 <= netlist.gate_count <= gates  # equal sums of two trees become one gate
    assert netlist.levels == Squarer(Gf2m(m), squarings).levels == levels


def test_squarings_that_do_not_exist():
    with pytest.raises(ValueError, match=r"squarings must be at least 0, not -1; the nearest is 0\."):
        Squarer(Gf2m(8), -1)
