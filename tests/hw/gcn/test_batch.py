"""RTL of pyralis.hw.gcn.batch (pytest side)."""

import re

import pytest

from pyralis.hw.gcn.batch import BatchOrder
from pyralis.sim.bench.build import run_cocotb


def test_order_of_requests():
    run_cocotb(BatchOrder(4, 3), "cocotb_batch")


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ((1, 3), "clients must be at least 2, not 1"),
        ((4, 0), "batch must be at least 1, not 0"),
    ],
)
def test_what_is_refused(sizes, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        BatchOrder(*sizes)
