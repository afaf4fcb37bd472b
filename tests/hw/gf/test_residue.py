"""RTL of pyralis.hw.gf.residue against pyralis.hw.gf.code and the field's arithmetic on integers."""

import random
import re

import pytest
from finitefields import operands, random_field, settle

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.gen.synthesis.netlist import Netlist
from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.code import BchCode, product_code, residue_code
from pyralis.hw.gf.field import Gf2m, named
from pyralis.hw.gf.residue import ResidueChecker, ResiduePredictor

CODES = [residue_code(m, t) for m, t in ((5, 1), (8, 1), (8, 3), (8, 5), (13, 2), (45, 1), (45, 5), (83, 4))]


def field_of(code: BchCode) -> Gf2m:
    """A field with many terms where none is standard."""
    return Gf2m(code.m) if code.m in (8, 45) else random_field(code.m, random.Random(code.m))


def flat(code: BchCode, positions: int) -> int:
    """Syndrome of *positions*, all channels in one value."""
    return sum(value << n * code.r for n, value in enumerate(code.syndrome(positions)))


def halves(field: Gf2m, d: int) -> dict[str, int]:
    return {"c": field.reduce(d), "high": d >> field.m}


@pytest.mark.parametrize("code", CODES, ids=str)
def test_prediction_is_the_syndrome_of_the_unreduced_product(code):
    some = operands(code.m, random.Random(code.t), 30)
    found = settle(ResiduePredictor(code), [{"a": a, "b": b} for a, b in some], "p")
    assert found == [(flat(code, poly.multiply(a, b)),) for a, b in some]


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("code", CODES, ids=str)
def test_every_position_has_its_column(code, apart):
    """An error of any bit of the product array, however it is reduced, is one column; none is no error."""
    field, rng = field_of(code), random.Random(code.m)
    inputs, expected = [], []
    for position in (None, *range(code.length)):
        d = poly.multiply(rng.getrandbits(code.m), rng.getrandbits(code.m))
        wrong = 0 if position is None else 1 << position
        inputs.append({**halves(field, d ^ wrong), "p": flat(code, d)})
        expected.append((flat(code, wrong),))
    assert settle(ResidueChecker(field, code, apart=apart), inputs, "syndrome") == expected
    assert len(set(expected)) == 1 + code.length, "every position has a syndrome of its own, none is 0"


@pytest.mark.parametrize("code", CODES[::2], ids=str)
def test_wrong_reduction_stands_at_the_bits_it_reaches(code):
    field, rng = field_of(code), random.Random(code.m)
    inputs, expected = [], []
    for _ in range(40):
        d, wrong = rng.getrandbits(2 * code.m - 1), rng.getrandbits(code.m)
        inputs.append({"c": field.reduce(d) ^ wrong, "high": d >> code.m, "p": flat(code, d)})
        expected.append((flat(code, wrong),))
    assert settle(ResidueChecker(field, code), inputs, "syndrome") == expected


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("code", CODES, ids=str)
def test_quotient_form(code, apart):
    """c and quotient may be wrong in any bits: d is c + f quotient."""
    field, rng = field_of(code), random.Random(code.m)
    inputs, expected = [], []
    for k in range(80):
        d = poly.multiply(rng.getrandbits(code.m), rng.getrandbits(code.m))
        quotient, c = poly.divide(d, field.polynomial)
        wrong = rng.getrandbits(code.m) if k % 4 == 1 else 0
        missed = 1 << rng.randrange(code.m - 1) if k % 4 == 2 else 0
        inputs.append({"c": c ^ wrong, "quotient": quotient ^ missed, "p": flat(code, d)})
        expected.append((flat(code, wrong ^ poly.multiply(missed, field.polynomial)),))
    checker = ResidueChecker(field, code, quotient=True, apart=apart)
    assert settle(checker, inputs, "syndrome") == expected
    assert {bool(syndrome) for (syndrome,) in expected} == {True, False}


def test_prediction_errors_reach_only_their_own_bit():
    code, rng = residue_code(8, 3), random.Random(3)
    field = named("aes")
    width = code.r * len(code.channels)
    for bit in range(width):
        a, b = rng.getrandbits(8), rng.getrandbits(8)
        [(p,)] = settle(ResiduePredictor(code, inject=True), [{"a": a, "b": b, "flip_p": 1 << bit}], "p")
        d = poly.multiply(a, b)
        assert p == flat(code, d) ^ 1 << bit
        found = settle(ResidueChecker(field, code), [{**halves(field, d), "p": p}], "syndrome")
        assert found == [(1 << bit,)]


def channels_reached(netlist: Netlist, port: str, r: int) -> list[set[int]]:
    """Channels of *port* that the output of each gate reaches."""
    reached: list[set[int]] = [set() for _ in range(netlist.net_count)]
    for bit, net in enumerate(netlist.outputs[port]):
        reached[net].add(bit // r)
    for gate in reversed(range(netlist.gate_count)):
        for net in netlist.fanin[gate]:
            reached[net] |= reached[netlist.out[gate]]
    return [reached[net] for net in netlist.out]


def test_no_gate_serves_two_channels():
    """After mapping, a fault inside disturbs one channel; of the checker that shares, it disturbs several."""
    code, field = residue_code(8, 3), named("aes")

    def reached(component, port):
        mapped = map_gates(emit(component, "top", keep_hierarchy=True), "top")
        return channels_reached(mapped.netlist, port, code.r)

    assert {len(channels) for channels in reached(ResiduePredictor(code), "p")} == {1}
    apart = reached(ResidueChecker(field, code, apart=True), "syndrome")
    assert {len(channels) for channels in apart} == {1}
    assert max(len(channels) for channels in reached(ResidueChecker(field, code), "syndrome")) > 1


def test_errors():
    with pytest.raises(ValueError, match=re.escape("The code must be a residue_code, not a product_code")):
        ResiduePredictor(product_code(8, 1))
    with pytest.raises(ValueError, match=re.escape("The code is for m = 8, but the field has m = 9.")):
        ResidueChecker(Gf2m(9), residue_code(8, 1))
