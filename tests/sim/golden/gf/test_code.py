"""Check bits and syndromes by the batch, against plain integers."""

import random
import re

import pytest
import torch

from pyralis.hw.gf import polynomial as ints
from pyralis.hw.gf.code import product_code, residue_code
from pyralis.hw.gf.field import Gf2m
from pyralis.sim.golden.gf import polynomial as poly
from pyralis.sim.golden.gf.code import CodeModel

SIZES = [(2, 1), (8, 3), (45, 5), (64, 2), (163, 3)]


def drawn(bits, count=20, seed=0):
    rng = random.Random(bits + seed)
    return [0, (1 << bits) - 1] + [rng.getrandbits(bits) for _ in range(count)]


def residue(m, t):
    return CodeModel(residue_code(m, t), Gf2m(m))


def product(m, t):
    return CodeModel(product_code(m, t), Gf2m(m))


@pytest.mark.parametrize(("m", "t"), SIZES)
def test_residue_syndrome_is_zero_without_errors_and_that_of_the_errors_with(m, t):
    model = residue(m, t)
    field, wide = model.field.field, 2 * m - 1
    left, right = drawn(m), drawn(m, seed=1)[::-1]
    p = model.predict(model.field.from_ints(left), model.field.from_ints(right))
    d = [ints.multiply(x, y) for x, y in zip(left, right, strict=True)]
    assert p.tolist() == [list(model.code.syndrome(value)) for value in d]
    errors = drawn(wide, seed=2)
    wrong = [value ^ error for value, error in zip(d, errors, strict=True)]
    quotient, c = zip(*(ints.divide(value, field.polynomial) for value in wrong), strict=True)
    ports = {
        "high": poly.from_ints([value >> m for value in wrong], m - 1),
        "quotient": poly.from_ints(quotient, m - 1),
    }
    wanted = [list(model.code.syndrome(error)) for error in errors]
    words = poly.from_ints(errors, wide)
    assert model.error_syndrome(words).tolist() == wanted
    flips = poly.to_ints(model.flips(words))
    assert flips == [field.reduce(x) ^ y for x, y in zip(d, c, strict=True)]
    for name, value in ports.items():
        found = model.residue_syndrome(model.field.from_ints(c), p, **{name: value})
        assert found.tolist() == wanted, name


@pytest.mark.parametrize("bit", [0, 44])
def test_residue_syndrome_of_a_wrong_reduction_is_that_of_the_bit(bit):
    model = residue(45, 2)
    a = model.field.from_ints(drawn(45))
    unreduced = model.field.product(a, a)
    high = poly.from_bits(poly.to_bits(unreduced, 89)[:, 45:])
    wrong = model.field.reduce(unreduced) ^ 1 << bit
    found = model.residue_syndrome(wrong, model.predict(a, a), high=high)
    assert found.tolist() == [list(model.code.syndrome(1 << bit))] * len(a)


@pytest.mark.parametrize(("m", "t"), SIZES)
def test_check_bits_make_a_word_of_the_product_code(m, t):
    model = product(m, t)
    code, field = model.code, model.field.field
    left, right = drawn(m), drawn(m, seed=1)[::-1]
    a, b = model.field.from_ints(left), model.field.from_ints(right)
    p = model.predict(a, b)
    c = [field.multiply(x, y) for x, y in zip(left, right, strict=True)]
    words = [x << code.parity_bits | y for x, y in zip(c, poly.to_ints(p), strict=True)]
    assert not any(ints.remainder(word, code.generator) for word in words)
    assert all(word >> code.length == 0 for word in words)
    errors = drawn(code.length, seed=2)
    mask = (1 << code.parity_bits) - 1
    wrong_p = poly.from_ints(
        [x & mask ^ y & mask for x, y in zip(words, errors, strict=True)], code.parity_bits
    )
    wrong_c = poly.from_ints([x ^ y >> code.parity_bits for x, y in zip(c, errors, strict=True)], m)
    residual = model.residual(wrong_c, wrong_p)
    assert poly.to_ints(residual) == [ints.remainder(error, code.generator) for error in errors]
    assert model.syndrome(residual).tolist() == [list(code.syndrome(error)) for error in errors]
    flips = model.flips(poly.from_ints(errors, code.length))
    assert torch.equal(flips ^ wrong_c, model.field.multiply(a, b))


@pytest.mark.parametrize(("m", "t"), SIZES)
def test_flat_syndrome_has_the_first_channel_lowest(m, t):
    model = residue(m, t)
    errors = drawn(2 * m - 1)
    syndrome = model.error_syndrome(poly.from_ints(errors, 2 * m - 1))
    flat = model.pack(syndrome)
    wanted = []
    for error in errors:
        values = model.code.syndrome(error)
        wanted.append(sum(value << n * model.code.r for n, value in enumerate(values)))
    assert poly.to_ints(flat) == wanted
    assert torch.equal(model.unpack(flat), syndrome)


def test_questions_to_the_wrong_code():
    with pytest.raises(ValueError, match=re.escape("The code is for m = 8, but the field has m = 9.")):
        CodeModel(residue_code(8, 1), Gf2m(9))
    zero = torch.zeros(1, 1, dtype=torch.int64)
    message = "The residue code has no such values; the product code has."
    for ask in (lambda x: x.encode(zero), lambda x: x.syndrome(zero), lambda x: x.residual(zero, zero)):
        with pytest.raises(ValueError, match=re.escape(message)):
            ask(residue(8, 1))
    message = "The product code has no such values; the residue code has."
    with pytest.raises(ValueError, match=re.escape(message)):
        product(8, 1).residue_syndrome(zero, zero, high=zero)
    with pytest.raises(ValueError, match=re.escape("either high or quotient must be given")):
        residue(8, 1).residue_syndrome(zero, zero)
