"""The driver of the finite-field multiplier against its RTL: products, injected errors, counters."""

import json
import random

import numpy as np
import pytest

from pyralis.boards.runtime.errors import CoreError, DriverError, WrongCoreError
from pyralis.boards.runtime.gf import GfDriver
from pyralis.gen.boards.designs.gf import samples
from pyralis.gen.emit.registers import to_json
from pyralis.gen.emit.verilog import emit
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.lite import GfLite
from pyralis.hw.gf.registers import register_map
from pyralis.sim.bench.core import build_core
from pyralis.sim.board.transport import SimulatedTransport

CONFIGS = {  # the builds of tests/hw/gf/test_lite.py
    "one word": GfConfig(m=16, t=2, correct=2, inject=True, separate_operands=True),
    "several words": GfConfig(m=45, t=3, correct=3, corrector="folded", inject=True, multiplier="karatsuba"),
}


def registers(config: GfConfig) -> dict:
    return json.loads(to_json(register_map(config, operands=True)))


@pytest.fixture(scope="module", params=CONFIGS)
def config(request) -> GfConfig:
    return CONFIGS[request.param]


@pytest.fixture(scope="module")
def bench(config):
    return build_core(emit(GfLite(config), "gflite"), "gflite")


@pytest.fixture
def board(bench, config):
    with SimulatedTransport(bench) as transport, GfDriver(transport, registers(config)) as driver:
        yield driver


def multiply(config: GfConfig, a: int, b: int) -> int:
    at = config.field.convert
    return at(config.field.multiply(at(a), at(b)))


def test_products_are_the_fields(board, config):
    rng = random.Random(1)
    a, b = ([rng.getrandbits(config.m) for _ in range(20)] for _ in range(2))
    assert board.multiply(a, b) == [multiply(config, x, y) for x, y in zip(a, b, strict=True)]
    assert board.multiply(a[0], b[0]) == multiply(config, a[0], b[0])
    given = samples(config, 20)
    product = board.multiply(given["a"], given["b"])
    assert product.dtype == np.uint32 and (product == given["product"]).all()
    assert not any(result.error for result in board.products)


def test_injected_errors_are_corrected_and_counted(board, config):
    rng = random.Random(2)
    board.clear()
    for weight in range(config.t + 1):
        a, b = rng.getrandbits(config.m), rng.getrandbits(config.m)
        board.inject([("reduced", bit) for bit in rng.sample(range(config.m), weight)])
        result = board.product(a, b)
        assert result.value == multiply(config, a, b)
        assert (result.error, result.corrected) == (weight > 0, weight > 0)
        assert not result.uncorrectable and not result.alarm
    again = board.product(1, 1)
    assert not again.error, "the errors were for one product"
    assert board.counters() == {
        "products": config.t + 2,
        "errors": config.t,
        "corrected": config.t,
        "uncorrectable": 0,
        "alarms": 0,
    }
    board.clear()
    assert set(board.counters().values()) == {0}


def test_a_permanent_fault_is_there_until_it_is_ended(board, config):
    board.inject([("unreduced", config.m)], always=True)
    a = (1 << config.m) - 1
    assert board.multiply([a] * 3, [a] * 3) == [multiply(config, a, a)] * 3
    assert all(result.corrected for result in board.products)
    board.stop_injecting()
    board.multiply(a, a)
    assert not board.products[0].error


def test_a_product_that_is_lost_is_an_error_and_the_next_is_good(board, config):
    """More errors than the code corrects: some pattern of them is seen to be too much."""
    rng = random.Random(3)
    for _ in range(40):
        board.inject([("reduced", bit) for bit in rng.sample(range(config.m), config.t + 1)])
        if board.product(3, 5).uncorrectable:
            break
    else:
        pytest.fail("no pattern was uncorrectable")
    board.inject([("reduced", bit) for bit in rng.sample(range(config.m), config.t + 1)], always=True)
    with pytest.raises(CoreError, match=r"product \d+ of 60 is wrong and was not corrected"):
        board.multiply(list(range(1, 61)), list(range(2, 62)))
    board.stop_injecting()
    assert board.multiply(3, 5) == multiply(config, 3, 5)


def test_the_self_test_finds_a_working_check(board, config):
    given = samples(config, 12)
    facts = board.self_test(given)
    assert (facts.pop("results") == given["product"]).all()
    assert facts == {"products": 12, "different": 0, "flagged": 0, "injected": 12, "missed": 0}


def test_an_operand_that_is_too_large_never_reaches_the_core(board, config):
    before = board.counters()
    too_large = f"has {config.m + 1} bits, and an element has {config.m}"
    with pytest.raises(DriverError, match=too_large):
        board.multiply(1, 1 << config.m)
    assert board.counters() == before


def test_a_core_of_another_field_is_refused(bench, config):
    other = CONFIGS["one word" if config.m == 45 else "several words"]
    with SimulatedTransport(bench) as transport:
        with pytest.raises(WrongCoreError) as caught:
            GfDriver(transport, registers(other))
        assert caught.value.what.startswith(f"this core has {config.m} bits in an element and ")
        assert GfDriver(transport, registers(config)).multiply(2, 3) == multiply(config, 2, 3)
