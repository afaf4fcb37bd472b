"""The front around the digit-serial multiplier; products under stalls are in test_core.py."""

import pytest

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.serial import SerialFront


@pytest.mark.parametrize(("digit", "cycles"), [(1, 16), (3, 6), (16, 1)])
def test_a_product_takes_a_cycle_a_digit(digit, cycles):
    front = SerialFront(GfConfig(m=16, multiplier="digit_serial", digit=digit, protect="none"))
    front._MustUse__silence = True
    for block in front._multipliers:
        block._MustUse__silence = True
    assert front.cycles == cycles
