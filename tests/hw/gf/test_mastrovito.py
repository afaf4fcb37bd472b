"""RTL of pyralis.hw.gf.mastrovito against pyralis.hw.gf.field."""

import random

import pytest
from finitefields import is_proven, multiplies, operands, pairs, pipelines, polynomials, random_field

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.field import Gf2m, named
from pyralis.hw.gf.mastrovito import Mastrovito


@pytest.mark.parametrize("field", [Gf2m(m, p) for m in (2, 3, 4) for p in polynomials(m)], ids=str)
def test_every_product(field):
    multiplies(Mastrovito(field), pairs(field.m))


@pytest.mark.parametrize("name", ["aes", "gf45", "b163", "b233", "b283", "b409", "b571"])
def test_named_fields(name):
    field = named(name)
    multiplies(Mastrovito(field), operands(field.m, random.Random(field.m), 20))


@pytest.mark.parametrize("m", [5, 13, 31, 64])
def test_polynomials_of_many_terms(m):
    rng = random.Random(m)
    multiplies(Mastrovito(random_field(m, rng)), operands(m, rng, 40))


def test_flips_go_where_they_should():
    multiplies(Mastrovito(Gf2m(9), inject=True), operands(9, random.Random(9), 100), random.Random(1))


@pytest.mark.parametrize("stages", range(1, 6))
def test_stages(stages):
    pipelines(Mastrovito(Gf2m(8), stages=stages))


def test_stages_shorten_the_longest_way():
    assert [Mastrovito(named("gf45"), stages=stages).levels for stages in range(3)] == [12, 7, 6]


@pytest.mark.parametrize(("m", "extra"), [(8, 40), (45, 160), (64, 220)])
def test_gates_of_the_structure(m, extra):
    block = Mastrovito(Gf2m(m))
    netlist = map_gates(emit(block, "mastrovito"), "mastrovito", structural=True).netlist
    assert m**2 + m * (m - 1) < netlist.gate_count <= m**2 + m * (m - 1) + extra
    assert netlist.levels <= block.levels


@pytest.mark.parametrize(
    ("m", "gates", "levels"),
    [(8, 150, 8), (16, 560, 9), pytest.param(45, 4160, 11, marks=pytest.mark.slow)],
)
def test_mapped_netlist_is_proven_and_small(m, gates, levels):
    netlist = is_proven(Mastrovito(Gf2m(m)))
    assert netlist.gate_count <= gates
    assert netlist.levels <= levels


def test_pipelined_netlist_is_proven():
    assert len(is_proven(Mastrovito(Gf2m(16), stages=3, inject=True), structural=True).ff_d)
