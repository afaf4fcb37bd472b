"""The driver of the multiplier: every form of operand, flags, injection, and a core that never answers."""

import json

import numpy as np
import pytest
from fakecores import FakeGf

from pyralis.boards.runtime.errors import CoreError, DriverError, TimeLimitError, WrongCoreError
from pyralis.boards.runtime.gf import GfDriver, Product
from pyralis.gen.boards.designs.gf import samples
from pyralis.gen.emit.registers import to_json
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.registers import register_map, words_of

PLAIN = GfConfig(m=45)
CODED = GfConfig(m=45, protect="product_bch", t=2, correct=2, corrector="combinational", inject=True)


def connected(config=PLAIN):
    registers = register_map(config, operands=True)
    board = FakeGf(registers, config.field, words_of(config.m))
    return GfDriver(board, json.loads(to_json(registers))), board


def test_integers_lists_and_arrays():
    driver, _ = connected()
    multiply = PLAIN.field.multiply
    a, b = [3, 0x1FFF_0000_0001, 5], [7, 0x1000_1234_5678, 0]
    expected = [multiply(x, y) for x, y in zip(a, b, strict=True)]
    assert driver.multiply(a, b) == expected
    assert driver.multiply(a[1], b[1]) == expected[1]
    words = driver.multiply(driver.elements.array(a), driver.elements.array(b))
    assert words.dtype == np.uint32 and (words == driver.elements.array(expected)).all()
    assert [product.value for product in driver.products] == expected


def test_a_product_has_flags_and_cycles():
    driver, board = connected()
    assert driver.product(3, 7) == Product(PLAIN.field.multiply(3, 7), False, False, False, False, 7)
    board.flags = {"error": 1, "corrected": 1}
    assert driver.product(3, 7).corrected and driver.product(3, 7).error
    assert driver.multiply(3, 7) == PLAIN.field.multiply(3, 7), "corrected products are right"


@pytest.mark.parametrize(
    ("flag", "what"),
    [
        ("uncorrectable", "product 0 of 2 is wrong and was not corrected"),
        ("alarm", "product 0 of 2 comes from a core whose checker is faulty"),
    ],
)
def test_products_that_cannot_be_trusted_are_not_handed_out(flag, what):
    driver, board = connected()
    board.flags = {flag: 1}
    with pytest.raises(CoreError) as caught:
        driver.multiply([1, 2], [3, 4])
    assert (caught.value.what, caught.value.hint) == (
        what,
        "multiply again; if it comes back, the fault is permanent: load the bitstream again",
    )
    assert len(driver.products) == 1
    board.flags = {}
    assert driver.multiply(1, 3) == 3


def test_operands_that_do_not_fit():
    driver, _ = connected()
    with pytest.raises(DriverError) as caught:
        driver.multiply([1, 2], [3])
    assert (caught.value.what, caught.value.hint) == (
        "there are 2 elements to multiply by 1",
        "give as many of both",
    )
    with pytest.raises(DriverError, match="the operand 0x200000000000 has 46 bits, and an element has 45"):
        driver.product(1 << 45, 1)


def test_the_predictor_gets_its_own_operands():
    config = GfConfig(
        m=16, protect="product_bch", t=1, correct=1, corrector="combinational", separate_operands=True
    )
    driver, board = connected(config)
    driver.product(3, 7)
    assert [board.operand(name) for name in ("a", "a_check", "b", "b_check")] == [3, 3, 7, 7]


def test_counters_and_clear():
    driver, _ = connected()
    driver.multiply([1, 2, 3], [4, 5, 6])
    assert driver.counters() == {
        "products": 3,
        "errors": 0,
        "corrected": 0,
        "uncorrectable": 0,
        "alarms": 0,
    }
    driver.clear()
    assert driver.counters()["products"] == 0


def test_errors_are_injected_by_name_of_the_net():
    driver, board = connected(CODED)
    driver.inject([("reduced", 3), ("prediction", 5)])
    assert board.held["slot_0"] == 1 << 31 | 3
    assert board.held["slot_1"] == 1 << 31 | 2 << 16 | 5
    assert board.held["slot_2"] == 0
    assert driver.product(1, 1).error
    assert not driver.product(1, 1).error, "once"
    driver.inject([("reduced", 3)], always=True)
    assert board.held["slot_1"] == 0
    assert [driver.product(1, 1).value for _ in range(2)] == [9, 9]
    driver.stop_injecting()
    assert driver.product(1, 1).value == 1


@pytest.mark.parametrize(
    ("config", "flips", "what", "hint"),
    [
        (
            PLAIN,
            [("reduced", 0)],
            "this core cannot inject errors",
            "generate it with inject = true, and build its bitstream",
        ),
        (
            CODED,
            [("reduce", 0)],
            "there is no net 'reduce' to flip a bit in",
            "did you mean reduced or unreduced?",
        ),
        (
            CODED,
            [("reduced", n) for n in range(7)],
            "7 bits are to be flipped, and the core has 6 slots",
            "flip fewer bits in one product",
        ),
    ],
)
def test_what_cannot_be_injected(config, flips, what, hint):
    driver, _ = connected(config)
    with pytest.raises(DriverError) as caught:
        driver.inject(flips)
    assert (caught.value.what, caught.value.hint) == (what, hint)


def test_the_self_test_counts_what_is_wrong_and_what_is_missed():
    driver, board = connected(CODED)
    wanted = samples(CODED, 20)
    facts = driver.self_test(wanted)
    assert (facts.pop("results") == wanted["product"]).all()
    assert facts == {"products": 20, "different": 0, "flagged": 0, "injected": 20, "missed": 0}
    wanted["product"][3, 1] ^= 1
    assert driver.self_test(wanted)["different"] == 1
    board.flags = {"error": 1}
    assert driver.self_test(wanted)["flagged"] == 20

    class Blind(dict):
        def __setitem__(self, key, value):
            super().__setitem__(key, 0 if key == ("status", "error") else value)

    board.flags, board.inputs = {}, Blind(board.inputs)
    assert driver.self_test(wanted)["missed"] == 20


def test_a_plain_core_has_nothing_to_miss():
    driver, _ = connected()
    assert set(driver.self_test(samples(PLAIN, 5))) == {"results", "products", "different", "flagged"}


def test_a_product_that_never_comes():
    driver, board = connected()
    board.stuck = True
    with pytest.raises(TimeLimitError) as caught:
        driver.product(3, 7)
    assert (caught.value.what, caught.value.hint) == (
        "there was no product within 1 s",
        "multiply again, or load the bitstream again",
    )
    assert 1 <= board.time < 1.2
    with pytest.raises(CoreError) as caught:
        driver.product(3, 7)
    assert (caught.value.what, caught.value.hint) == (
        "the core is still busy with a product that does not come",
        "load the bitstream again",
    )

    def reset():
        board.inputs["status", "busy"], board.stuck = 0, False

    board.reset = reset
    assert driver.product(3, 7).value == PLAIN.field.multiply(3, 7)


def test_another_field_is_refused():
    registers = register_map(GfConfig(m=8), operands=True)
    with pytest.raises(WrongCoreError) as caught:
        GfDriver(FakeGf(registers, None, 1), json.loads(to_json(register_map(PLAIN, operands=True))))
    assert caught.value.what == "this core has 8 bits in an element, the driver was made for 45"


def test_the_driver_closes_its_transport():
    driver, board = connected()
    with driver:
        pass
    assert board.closed == 1
