"""What a protection needs and gives."""

import pytest

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.scheme import multiplier_kinds, syndrome_bits


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({"protect": "none"}, ("two_step",)),
        ({"protect": "dwc"}, ("two_step", "two_step")),
        ({"protect": "diverse_dwc"}, ("two_step", "karatsuba")),
        ({"protect": "diverse_dwc", "multiplier": "karatsuba"}, ("karatsuba", "two_step")),
        ({"protect": "diverse_dwc", "multiplier": "mastrovito"}, ("mastrovito", "karatsuba")),
        ({"protect": "tmr", "multiplier": "mastrovito"}, ("mastrovito",) * 3),
        ({"protect": "residue_bch"}, ("two_step",)),
    ],
)
def test_multipliers(values, kinds):
    assert multiplier_kinds(GfConfig(m=8, **values)) == kinds


def test_syndrome_bits():
    assert syndrome_bits(GfConfig(m=45, t=5, correct=5)) == 35
    assert syndrome_bits(GfConfig(m=45, protect="product_bch", t=3, correct=3)) == 18
    assert syndrome_bits(GfConfig(m=8, protect="majority", t=1, correct=1)) == 8
    assert syndrome_bits(GfConfig(m=8, protect="none")) == 1
