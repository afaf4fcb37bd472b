"""RTL of pyralis.hw.gcn.dispatch against pyralis.sim.golden.gcn.dispatch (pytest side)."""

import pytest

from pyralis.hw.gcn.dispatch import Dispatch
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize("cores", [3, 4])
def test_against_golden(cores):
    run_cocotb(Dispatch(cores), "cocotb_dispatch", env={"CORES": str(cores)})


@pytest.mark.parametrize("cores", [0, 5])
def test_cores_are_refused(cores):
    with pytest.raises(ValueError, match=f"cores must be in 1..4, not {cores}"):
        Dispatch(cores)
