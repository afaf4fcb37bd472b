"""RTL of pyralis.hw.gcn.sampler against pyralis.sim.golden.gcn.sampler (pytest side)."""

import pytest

from pyralis.hw.gcn.sampler import RECIPROCALS, Sampler
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize("values", [False, True])
def test_against_golden(values):
    run_cocotb(Sampler(values=values), "cocotb_sampler", env={"VALUES": str(int(values))})


def test_reciprocals():
    assert len(RECIPROCALS) == 256
    for count in range(1, 256):
        assert count * RECIPROCALS[count] < 1 << 26 <= count * (RECIPROCALS[count] + 1)
