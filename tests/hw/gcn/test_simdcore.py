"""RTL of pyralis.hw.gcn.simdcore against pyralis.sim.golden.gcn.sums (pytest side)."""

import pytest

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.rowstore import RowStore
from pyralis.hw.gcn.simdcore import SimdCore
from pyralis.sim.bench.build import run_cocotb


def test_against_golden():
    config = GcnConfig(lanes=4, contexts=8, edge_weights=True)
    run_cocotb(SimdCore(config), "cocotb_simdcore")


@pytest.mark.parametrize("component", [SimdCore, RowStore])
def test_too_few_contexts_are_refused(component):
    with pytest.raises(ValueError, match=r"contexts \(2\) must not be less than splits \(4\)"):
        component(GcnConfig(contexts=2, splits=4))
