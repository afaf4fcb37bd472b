import itertools
import random

import pytest

from pyralis.gen.synthesis import polynomial
from pyralis.gen.synthesis.polynomial import Polynomial, Space, TooLargeError

SPACE = Space(3, 2)
POINTS = range(1 << 5)


def value(one: Polynomial, point: int) -> int:
    terms = [*one.terms, *SPACE.unpacked(one.mask)]
    return sum(not term & ~point for term in terms) & 1


def table(one: Polynomial) -> list[int]:
    return [value(one, point) for point in POINTS]


def some(chance: random.Random, packed: bool) -> Polynomial:
    one = Polynomial({chance.randrange(32) for _ in range(chance.randrange(7))})
    if packed:
        SPACE.pack(one)
        one.terms ^= {chance.randrange(32)}
    return one


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("limits", [(128, 256), (2, 2)])
def test_sums_and_products_of_all_points(packed, limits, monkeypatch):
    monkeypatch.setattr(polynomial, "SPARSE_TERMS", limits[0])
    monkeypatch.setattr(polynomial, "OUTER_TERMS", limits[1])
    chance = random.Random(5)
    for spare, other_spare in itertools.product([False, True], repeat=2):
        for _ in range(50):
            one, other = some(chance, packed), some(chance, False)
            left, right = table(one), table(other)
            assert table(SPACE.multiply(one, other)) == [a & b for a, b in zip(left, right, strict=True)]
            assert (table(one), table(other)) == (left, right)
            assert table(SPACE.invert(one, False)) == [1 - a for a in left]
            total = SPACE.add(one, other, spare, other_spare)
            assert table(total) == [a ^ b for a, b in zip(left, right, strict=True)]
            assert spare or table(one) == left
            assert other_spare or table(other) == right


def test_a_sum_with_itself_is_nothing():
    one = Polynomial({1, 2}, 1 << 9)
    total = SPACE.add(one, one, False, True)
    assert (total.terms, total.mask) == (set(), 0)


def test_the_product_of_linear_forms_is_made_of_rows():
    space = Space(20, 20)
    left, right = {1 << i for i in range(18)}, {1 << 20 + j for j in range(17)} | {0}
    for one, other in ((left, right), (right, left)):
        product = space.multiply(Polynomial(one), Polynomial(other))
        assert not product.terms
        assert set(space.unpacked(product.mask)) == {a | b for a in left for b in right}


def test_masks_and_monomials():
    every = [left | right for left in (0, 1, 2, 4) for right in (0, 8, 16)]
    one = Polynomial({*every, 0b00011, 0b11000})
    SPACE.pack(one)
    assert one.terms == {0b00011, 0b11000}
    assert sorted(SPACE.unpacked(one.mask)) == sorted(every)
    assert one.mask == sum(1 << SPACE.index(term) for term in every)
    assert SPACE.form([0b01, 0b00, 0b10], 0b11, 1) == sum(
        1 << SPACE.index(term) for term in (1 | 8, 4 | 16, 8, 16, 0)
    )


def test_too_many_terms():
    space = Space(0, 4000)
    one = Polynomial({1 << i for i in range(1200)})
    with pytest.raises(TooLargeError, match="a product of 1200 and 1200 terms"):
        space.multiply(one, Polynomial({1 << i for i in range(1300, 2500)}))
