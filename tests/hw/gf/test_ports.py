"""Payloads of the core."""

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.ports import Injection, Operands, Result, core_ports


def widths(layout):
    return {name: field.width for name, field in layout}


def test_operands_and_what_they_carry():
    plain = GfConfig(m=16, protect="none")
    assert widths(Operands(plain)) == {"a": 16, "b": 16}
    full = GfConfig(m=16, t=2, correct=1, separate_operands=True, inject=True)
    assert list(widths(Operands(full))) == ["a", "b", "a_check", "b_check", "inject"]
    assert widths(Injection(full)) == {"reduced": 16, "unreduced": 31, "prediction": 10}


def test_only_nets_that_exist_take_errors():
    assert list(widths(Injection(GfConfig(m=16, protect="tmr", multiplier="mastrovito")))) == ["reduced"]
    product = GfConfig(m=16, protect="product_bch", t=2, correct=2, multiplier="digit_serial")
    assert widths(Injection(product)) == {"reduced": 16, "unreduced": 31, "prediction": 10}


def test_result():
    assert widths(Result(GfConfig(m=16, t=2, correct=2))) == {
        "product": 16,
        "error": 1,
        "corrected": 1,
        "uncorrectable": 1,
        "alarm": 1,
        "syndrome": 10,
    }
    assert set(core_ports(GfConfig())) == {"operands", "result", "early", "early_valid"}
