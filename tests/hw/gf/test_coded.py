"""When there are two predictors, and how many bits they give; the rest is tested with the datapath."""

import pytest

from pyralis.hw.gf.coded import duplicated, prediction_bits
from pyralis.hw.gf.config import GfConfig


@pytest.mark.parametrize(
    ("values", "twice"),
    [
        ({"t": 1, "correct": 1}, True),
        ({"t": 2, "correct": 2}, False),  # no pattern of two errors has a syndrome in one channel only
        ({"t": 5, "correct": 5}, False),
        ({"t": 1, "correct": 0, "corrector": "none"}, False),
        ({"t": 1, "correct": 1, "protect": "product_bch"}, False),
        ({"t": 2, "correct": 2, "duplicate": True}, True),
        ({"t": 1, "correct": 1, "duplicate": False}, False),
    ],
)
def test_predictors_are_doubled_where_one_could_do_harm(values, twice):
    assert duplicated(GfConfig(m=45, **values)) == twice


def test_prediction_bits():
    assert prediction_bits(GfConfig(m=45, t=5, correct=5)) == 35
    assert prediction_bits(GfConfig(m=45, protect="product_bch", t=3, correct=3)) == 18
    assert prediction_bits(GfConfig(m=45, protect="hamming")) == 6
    assert prediction_bits(GfConfig(m=45, protect="majority", t=1, correct=1)) == 14
