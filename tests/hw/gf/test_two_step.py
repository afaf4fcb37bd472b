"""RTL of pyralis.hw.gf.two_step against pyralis.hw.gf.field."""

import random

import pytest
from finitefields import is_proven, multiplies, operands, pairs, pipelines, polynomials, random_field

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.gen.synthesis.netlist import Netlist
from pyralis.hw.gf.field import Gf2m, named, reduction_matrix
from pyralis.hw.gf.product import reduction_rows
from pyralis.hw.gf.two_step import TwoStep


@pytest.mark.parametrize("field", [Gf2m(m, p) for m in (2, 3, 4) for p in polynomials(m)], ids=str)
def test_every_product(field):
    multiplies(TwoStep(field), pairs(field.m))


@pytest.mark.parametrize("name", ["aes", "gf45", "b163", "b233", "b283", "b409", "b571"])
def test_named_fields(name):
    field = named(name)
    multiplies(TwoStep(field), operands(field.m, random.Random(field.m), 20))


@pytest.mark.parametrize("m", [5, 13, 31, 64])
def test_polynomials_of_many_terms(m):
    rng = random.Random(m)
    multiplies(TwoStep(random_field(m, rng)), operands(m, rng, 40))


def test_flips_go_where_they_should():
    multiplies(TwoStep(Gf2m(9), inject=True), operands(9, random.Random(9), 100), random.Random(1))


@pytest.mark.parametrize("stages", range(1, 5))
def test_stages(stages):
    pipelines(TwoStep(Gf2m(8), stages=stages))


def test_stages_shorten_the_longest_way():
    assert [TwoStep(named("gf45"), stages=stages).levels for stages in range(4)] == [10, 6, 4, 3]


@pytest.mark.parametrize("m", [8, 45, 64])
def test_gates_of_the_structure(m):
    block = TwoStep(Gf2m(m))
    netlist = map_gates(emit(block, "two_step"), "two_step", structural=True).netlist
    reduction = sum(row.bit_count() - 1 for row in reduction_rows(block.field))
    assert netlist.gate_count == m**2 + (m - 1) ** 2 + reduction
    assert netlist.levels == block.levels


@pytest.mark.parametrize(
    ("m", "gates", "levels"),
    [(8, 142, 7), (16, 560, 8), (45, 4160, 10), pytest.param(163, 53600, 13, marks=pytest.mark.slow)],
)
def test_mapped_netlist_is_proven_and_small(m, gates, levels):
    netlist = is_proven(TwoStep(Gf2m(m)))
    assert netlist.gate_count <= gates
    assert netlist.levels <= levels


def test_pipelined_netlist_is_proven():
    assert len(is_proven(TwoStep(Gf2m(16), stages=3, inject=True), structural=True).ff_d)


def reach(netlist: Netlist) -> list[tuple[int, int]]:
    """For each gate the bits of ``c`` and of ``high`` to which a way leads, as masks."""
    c, high = [0] * netlist.net_count, [0] * netlist.net_count
    for masks, port in ((c, "c"), (high, "high")):
        for bit, net in enumerate(netlist.outputs[port]):
            masks[net] |= 1 << bit
        for net, fanin in zip(netlist.out[::-1], netlist.fanin[::-1], strict=True):
            for source in fanin[fanin > 1]:
                masks[source] |= masks[net]
    return [(c[net], high[net]) for net in netlist.out]


@pytest.mark.parametrize("m", [8, 45, 128])
def test_a_fault_of_one_gate_is_an_error_of_one_position(m):
    block = TwoStep(Gf2m(m))
    netlist = map_gates(emit(block, "two_step"), "two_step", structural=True).netlist
    columns = reduction_matrix(block.field)
    for c, high in reach(netlist):
        assert high.bit_count() <= 1
        assert c == columns[high.bit_length() - 1] if high else c.bit_count() == 1


def test_mapping_keeps_nearly_all_faults_apart():
    block = TwoStep(named("gf45"))
    columns = reduction_matrix(block.field)
    gates = reach(map_gates(emit(block, "twostep"), "twostep").netlist)
    single = [
        c.bit_count() == 1 if not high else high.bit_count() == 1 and c == columns[high.bit_length() - 1]
        for c, high in gates
    ]
    assert single.count(False) < len(single) // 50
