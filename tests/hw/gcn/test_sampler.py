"""RTL of pyralis.hw.gcn.sampler against pyralis.sim.golden.gcn.sampler (pytest side)."""

import pytest

from pyralis.hw.gcn.sampler import Sampler
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize("values", [False, True])
def test_against_golden(values):
    run_cocotb(Sampler(values=values), "cocotb_sampler", env={"VALUES": str(int(values))})
