"""Series of pyralis.hw.gf.oddseries against the locators that they belong to."""

import random

import pytest
from keyequations import Reference, run

from pyralis.hw.gf.code import residue_code
from pyralis.hw.gf.oddseries import Series, series
from pyralis.hw.gf.step import Step


@pytest.mark.parametrize("t", [3, 5])
def test_even_part_times_series_is_odd_part(t):
    code, rng = residue_code(45, 5), random.Random(t)
    reference = Reference(code)
    patterns = [rng.sample(range(code.length), rng.randrange(t + 1)) for _ in range(100)]
    records, locators = [], []
    for pattern in patterns:
        values = code.syndrome(sum(1 << k for k in pattern))[:t]
        records.append(sum(value << code.r * k for k, value in enumerate(values)))
        locators.append(reference.solve(t, records[-1])[0] + [0] * 12)
    for part in series(code, t):
        records = run(Step(part), records)
    for record, locator in zip(records, locators, strict=True):
        c = [record >> k * code.r & (1 << code.r) - 1 for k in range(t)]
        for k in range(t):
            product = 0
            for j in range(k + 1):
                product ^= reference.multiply(c[j], locator[2 * (k - j)])
            assert product == locator[2 * k + 1]


def test_syndromes_are_kept_for_later_parts_only():
    assert list(Series(residue_code(45, 3), 3).after.members) == ["c1", "c3", "c5"]
    kept = list(Series(residue_code(45, 5), 5).after.members)
    assert kept == ["c1", "c3", "c5", "s3", "s5", "s7", "s9"]
