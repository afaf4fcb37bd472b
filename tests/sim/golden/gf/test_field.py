"""Arithmetic in GF(2^m) by the batch, against galois and against plain integers."""

import random
import re
import time

import pytest
import torch

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.field import NAMED, Gf2m, named
from pyralis.sim.golden.gf.field import Gf2mModel
from pyralis.sim.golden.gf.polynomial import to_ints

FIELDS = {
    "smallest": Gf2m(2),
    "aes": named("aes"),
    "not primitive": Gf2m(9, 0b1000000011),
    "dense": Gf2m(12, poly.equally_spaced(12)),
    "gf45": named("gf45"),
    "one word": Gf2m(64),
    "a word and a bit": Gf2m(65),
    "ghash": named("ghash"),
    "b163": named("b163"),
}


def drawn(field, count=40, seed=1):
    rng = random.Random(f"{field.m} {seed}")
    ends = [0, 1, 1 << field.m - 1, (1 << field.m) - 1]
    return ends + [rng.getrandbits(field.m) for _ in range(count)]


@pytest.mark.parametrize("name", FIELDS)
def test_arithmetic_equals_galois(name):
    import galois

    field = FIELDS[name]
    modulus = galois.Poly.Int(field.polynomial)
    options = {"compile": "python-calculate"} if field.m < 60 else {}
    other = galois.GF(2**field.m, irreducible_poly=modulus, primitive_element=2, verify=False, **options)
    model = Gf2mModel(field)
    left, right = drawn(field), drawn(field, seed=2)[::-1]
    a, b = model.from_ints(left), model.from_ints(right).view(torch.uint64)
    x, y = other(left), other(right)
    assert model.to_ints(model.multiply(a, b)) == [int(v) for v in x * y]
    assert model.to_ints(model.square(a)) == [int(v) for v in x * x]
    assert model.to_ints(model.power(a, 11)) == [int(v) for v in x**11]
    wanted = [int(other(1) / other(value)) if value else 0 for value in left]
    assert model.to_ints(model.inverse(a)) == wanted
    assert model.to_ints(model.power(a, -1)) == wanted
    assert model.to_ints(model.power(a, 0)) == [1] * len(left)


@pytest.mark.parametrize("name", NAMED)
def test_arithmetic_equals_integers(name):
    field = named(name)
    model = Gf2mModel(field)
    left, right = drawn(field, 10), drawn(field, 10, seed=2)[::-1]
    a, b = model.from_ints(left), model.from_ints(right)
    pairs = list(zip(left, right, strict=True))
    unreduced = model.product(a, b)
    assert to_ints(unreduced) == [poly.multiply(x, y) for x, y in pairs]
    quotient, rest = model.divide(unreduced)
    divided = [poly.divide(poly.multiply(x, y), field.polynomial) for x, y in pairs]
    assert list(zip(to_ints(quotient), to_ints(rest), strict=True)) == divided
    assert model.to_ints(model.inverse(a)) == [field.inverse(x) if x else 0 for x in left]
    assert model.to_ints(model.convert(a)) == [field.convert(x) for x in left]
    assert torch.equal(model.convert(model.convert(a)), a)


def test_ghash_multiplies_as_the_standard_does():
    # H and the first block of test case 2 of McGrew and Viega, "The Galois/Counter Mode of Operation", 2005.
    key, block = 0x66E94BD4EF8A2C3B884CFA59CA342B2E, 0x0388DACE60B6A392F328C2B971B2FE78
    wanted = 0x5E2EC746917062882C85B0685353DEB7
    model = Gf2mModel(named("ghash"))
    # Their strings have the coefficient of x^0 first, so their number has it in its highest bit.
    a, b = (model.convert(model.from_ints([value])) for value in (key, block))
    assert model.to_ints(model.convert(model.multiply(a, b))) == [wanted]


@pytest.mark.parametrize("name", ["aes", "gf45", "b163"])
def test_a_batch_may_be_empty(name):
    model = Gf2mModel(named(name))
    none = model.from_ints([])
    for result in (model.multiply(none, none), model.square(none), model.inverse(none), model.convert(none)):
        assert result.shape == (0, model.words)


def test_wrong_tensors():
    model = Gf2mModel(named("gf45"))
    message = "elements of GF(2^45) must be (N, 1) words, not (3, 2)"
    with pytest.raises(ValueError, match=re.escape(message)):
        model.square(torch.zeros(3, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match=re.escape("elements of GF(2^45) must have no bits from 45 on")):
        model.square(torch.tensor([[1 << 45]]))
    with pytest.raises(ValueError, match=re.escape("words must be int64 or uint64, not torch.float32")):
        model.square(torch.zeros(3, 1))


def test_ten_thousand_products_of_the_largest_field_take_seconds():
    model = Gf2mModel(named("b571"))
    a = model.from_ints(drawn(model.field, 9996))
    start = time.process_time()
    product = model.multiply(a, a)
    assert time.process_time() - start < 60  # processor seconds, with much room: it takes about 3
    assert torch.equal(product, model.square(a))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", ["aes", "ghash", "b571"])
def test_gpu_and_cpu_agree(name):
    field = named(name)
    results = []
    for device in ("cpu", "cuda"):
        model = Gf2mModel(field, device)
        a, b = model.from_ints(drawn(field)), model.from_ints(drawn(field, seed=2))
        results.append([f.cpu() for f in (model.multiply(a, b), model.inverse(a), model.convert(a))])
    assert all(torch.equal(x, y) for x, y in zip(*results, strict=True))
