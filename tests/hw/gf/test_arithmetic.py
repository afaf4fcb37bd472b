"""The multiplier that a configuration names."""

import pytest

from pyralis.hw.gf.arithmetic import build_multiplier
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.digit_serial import DigitSerial
from pyralis.hw.gf.karatsuba import Karatsuba
from pyralis.hw.gf.mastrovito import Mastrovito
from pyralis.hw.gf.two_step import TwoStep

KINDS = {"two_step": TwoStep, "karatsuba": Karatsuba, "mastrovito": Mastrovito, "digit_serial": DigitSerial}


@pytest.mark.parametrize("name", KINDS)
def test_every_name_has_its_multiplier(name):
    config = GfConfig(m=8, protect="none", multiplier=name, digit=3)
    found = build_multiplier(config)
    found._MustUse__silence = True
    assert type(found) is KINDS[name]
    assert {"a", "b", "c"} <= set(found.signature.members)
    if name == "digit_serial":
        assert found.cycles == 3


def test_another_architecture_keeps_the_registers():
    config = GfConfig(m=8, protect="diverse_dwc", stages=2, inject=True)
    found = build_multiplier(config, kind="karatsuba", inject=True)
    found._MustUse__silence = True
    assert isinstance(found, Karatsuba) and found.stages == 2
    assert {"enable", "flip_c", "flip_d"} <= set(found.signature.members)
