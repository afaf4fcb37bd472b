"""Figures of a configuration: what is counted, and what it is compared with."""

import pytest

from pyralis.gen.gf.measure import cycles, measure, overhead, plain, whole
from pyralis.hw.gf.config import GfConfig

NONE = GfConfig(m=4, digit=4, protect="none", correct=0, corrector="none")


@pytest.fixture(scope="module")
def bare():
    return measure(NONE)


def test_a_bare_multiplier_is_one_block(bare):
    block = bare["blocks"]["multiplier_0"]
    assert (block["gates"], block["levels"]) == (bare["gates"], bare["levels"])
    assert bare["flip_flops"] == 0
    # 16 AND and 15 XOR gates at m = 4, more or less what sharing saves.
    assert 25 <= bare["gates"] <= 35
    assert bare["paths"] == {"early": bare["levels"], "product": bare["levels"]}
    assert bare["cycles"] == {"result": 1, "correction": 0}
    assert bare["mapping"] == "optimised"


def test_a_core_has_flip_flops_and_is_measured_between_them(bare):
    core = measure(NONE, core=True)
    assert core["flip_flops"] >= 5
    assert core["paths"] == {}
    assert core["gate_equivalents"] > bare["gate_equivalents"] + 5 * 5.6


def test_what_takes_cycles_is_measured_as_a_core():
    folded = GfConfig(m=4, t=1, correct=1, corrector="folded")
    serial = GfConfig(m=4, multiplier="digit_serial", digit=2)
    assert [whole(config) for config in (NONE, folded, serial)] == [False, True, True]
    assert cycles(folded)["correction"] > 0
    assert cycles(serial)["result"] > cycles(NONE)["result"]


def test_plain_leaves_the_multiplier():
    config = GfConfig(m=4, multiplier="karatsuba", polynomial=0b11001, digit=2)
    assert plain(config).multiplier == "karatsuba"
    assert plain(config, "two_step").multiplier == "two_step"
    assert plain(config).polynomial == 0b11001
    assert plain(config).protect == "none"


def test_tables_are_counted(bare):
    found = measure(NONE, families=["ecp5"])
    assert found["gates"] == bare["gates"]
    assert 4 <= found["luts"]["ecp5"]["luts"] <= 60


def test_overhead_is_a_share_of_the_bare_multiplier():
    one, two = ({"gates": n, "gate_equivalents": 2 * n} for n in (100, 150))
    assert overhead(two, one) == {"gates": 0.5, "gate_equivalents": 0.5}
    assert overhead(two, one, {"gates": 50, "gate_equivalents": 50}) == {"gates": 1, "gate_equivalents": 2}
