"""RTL of pyralis.hw.gf.karatsuba against pyralis.hw.gf.field."""

import random
import re

import pytest
from finitefields import is_proven, multiplies, operands, pairs, pipelines, polynomials, random_field

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.field import Gf2m, named
from pyralis.hw.gf.karatsuba import Karatsuba, best_cut, gates
from pyralis.hw.gf.product import reduction_rows


@pytest.mark.parametrize("field", [Gf2m(m, p) for m in (2, 3, 4) for p in polynomials(m)], ids=str)
def test_every_product(field):
    multiplies(Karatsuba(field, cut=2), pairs(field.m))


@pytest.mark.parametrize("m", range(5, 12))
def test_every_way_of_halving(m):
    for cut in range(2, m + 1):
        multiplies(Karatsuba(Gf2m(m), cut=cut), operands(m, random.Random(m), 30))


@pytest.mark.parametrize("name", ["aes", "gf45", pytest.param("b233", marks=pytest.mark.slow)])
def test_named_fields(name):
    field = named(name)
    multiplies(Karatsuba(field), operands(field.m, random.Random(field.m), 40))


def test_polynomial_of_many_terms():
    rng = random.Random(31)
    multiplies(Karatsuba(random_field(31, rng)), operands(31, rng, 40))


def test_flips_go_where_they_should():
    multiplies(Karatsuba(Gf2m(13), inject=True), operands(13, random.Random(9), 100), random.Random(1))


@pytest.mark.parametrize("stages", range(1, 7))
def test_stages(stages):
    pipelines(Karatsuba(Gf2m(13), cut=4, stages=stages))


def test_stages_that_do_not_exist():
    with pytest.raises(ValueError, match=re.escape("stages must be in 0..5, the levels that can be held")):
        Karatsuba(Gf2m(8), stages=6)


def test_cut_that_does_not_exist():
    with pytest.raises(
        ValueError, match=re.escape("cut must be at least 2, not 1; for m = 45 the best is 5.")
    ):
        Karatsuba(Gf2m(45), cut=1)


@pytest.mark.parametrize(("m", "cut"), [(8, 7), (16, 7), (45, 5), (45, 11), (64, 7)])
def test_gates_are_those_counted(m, cut):
    block = Karatsuba(Gf2m(m), cut)
    netlist = map_gates(emit(block, "karatsuba"), "karatsuba", structural=True).netlist
    counted = gates(m, cut) + sum(row.bit_count() - 1 for row in reduction_rows(block.field))
    assert 0.99 * counted <= netlist.gate_count <= counted  # equal sums of two trees become one gate
    assert netlist.levels == block.levels


def test_best_cut_has_the_fewest_gates():
    assert [best_cut(m) for m in (4, 8, 16, 45, 64, 163, 233, 571)] == [16, 7, 7, 5, 7, 5, 6, 7]
    assert [gates(m, best_cut(m)) for m in (8, 45, 163, 571)] == [100, 2172, 18204, 138619]
    assert gates(45, 45) == 45**2 + 44**2


@pytest.mark.parametrize(("m", "gates", "levels"), [(8, 129, 9), (16, 450, 13), (45, 2400, 18)])
def test_mapped_netlist_is_proven_and_small(m, gates, levels):
    netlist = is_proven(Karatsuba(Gf2m(m)))
    assert netlist.gate_count <= gates
    assert netlist.levels <= levels


def test_pipelined_netlist_is_proven():
    assert len(is_proven(Karatsuba(Gf2m(16), stages=3, inject=True), structural=True).ff_d)
