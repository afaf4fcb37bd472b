"""GHASH on integers against the published vectors."""

import pytest

from pyralis.gen.demo import ghash
from pyralis.hw.gf.field import named

FIELD = named("ghash")


def multiply(a, b):
    return FIELD.convert(FIELD.multiply(FIELD.convert(a), FIELD.convert(b)))


def test_every_published_value():
    rows = ghash.job(multiply, rounds=2)
    assert [row for row in rows if row["found"] != row["expected"]] == []
    assert len(rows) == 2 * 14
    assert {row["value"] for row in rows} == {"J0", "GHASH", "tag"}


@pytest.mark.parametrize("vector", ghash.VECTORS, ids=lambda vector: f"case-{vector.case}")
def test_constants_agree_with_each_other(vector):
    assert int(vector.digest, 16) ^ int(vector.mask, 16) == int(vector.tag, 16)
    assert bool(vector.iv) == bool(vector.counter)


def test_a_product_for_each_block_and_one_for_the_lengths():
    calls = []

    def count(a, b):
        calls.append(b)
        return multiply(a, b)

    assert ghash.ghash(count, 3, b"", b"") == 0
    assert calls == [3]
    calls.clear()
    ghash.ghash(count, 5, bytes(17), bytes(32))
    assert calls == [5] * 5


def test_one_wrong_product_is_seen():
    calls = []

    def wrong(a, b):
        calls.append(a)
        return multiply(a, b) ^ (len(calls) == 4)

    assert any(row["found"] != row["expected"] for row in ghash.job(wrong, cases=3))
