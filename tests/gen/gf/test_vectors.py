"""Test vectors: right products, errors within what the code is made for, and their place in a payload."""

import galois
import pytest

from pyralis.gen.gf.config import name_of
from pyralis.gen.gf.vectors import make_vectors, pack
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.ports import Operands

CONFIGS = [
    GfConfig(m=8),
    GfConfig(m=13, t=3, correct=2, corrector="folded", inject=True),
    GfConfig(m=13, t=2, correct=0, corrector="none", separate_operands=True, inject=True),
    GfConfig(m=13, protect="product_bch", t=2, correct=2, inject=True),
    GfConfig(m=13, protect="tmr", inject=True),
    GfConfig(m=13, protect="dwc", inject=True),
    GfConfig(m=13, protect="none", inject=True),
]


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_products_and_flags(config):
    field = galois.GF(2**config.m, irreducible_poly=config.polynomial, repr="int")
    weights = set()
    for vector in make_vectors(config):
        right = int(field(vector.a) * field(vector.b))
        flags = vector.flags
        weights.add(vector.weight)
        assert (vector.product == right) or flags["uncorrectable"]
        assert flags["error"] == int(vector.weight > 0) == flags["corrected"] + flags["uncorrectable"]
        assert vector.weight or vector.raw == right
        assert not flags["alarm"]
    reach = {"none": 0, "tmr": 1, "dwc": 1}.get(config.protect, 2 * config.t - config.correct)
    assert weights == (set(range(reach + 1)) if config.inject else {0})


def test_the_same_vectors_every_time():
    assert make_vectors(CONFIGS[1]) == make_vectors(CONFIGS[1])
    assert make_vectors(CONFIGS[1], seed=2) != make_vectors(CONFIGS[1])


def test_elements_are_in_the_bit_order_of_the_ports():
    plain = make_vectors(GfConfig(m=128, t=2))
    reflected = make_vectors(GfConfig(m=128, t=2, order="ghash"))
    for one, other in zip(plain, reflected, strict=True):
        for value, mirrored in ((one.a, other.a), (one.b, other.b), (one.product, other.product)):
            assert f"{value:0128b}" == f"{mirrored:0128b}"[::-1]


def test_a_payload_holds_its_fields():
    config = GfConfig(m=4, separate_operands=True, inject=True)
    layout = Operands(config)
    word = pack(layout, {"a": 1, "b": 2, "a_check": 3, "b_check": 4, "inject": {"unreduced": 0x55}})
    values = layout.from_bits(word)
    assert (values.a, values.b, values.a_check, values.b_check) == (1, 2, 3, 4)
    assert values.inject.unreduced == 0x55
    assert values.inject.reduced == 0
