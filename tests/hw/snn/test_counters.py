"""RTL of pyralis.hw.snn.counters against sums of the bench's own events (pytest side)."""

import pytest

from pyralis.hw.snn.counters import LAYERS, Counters, LayerSums
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize("component", [LayerSums, Counters])
def test_sums(component):
    run_cocotb(component(), "cocotb_counters", testcase=component.__name__.lower())


def test_many_layers_have_counters_of_their_own():
    """A power of two, so that the index of a later descriptor is cut to its file."""
    assert LAYERS == 1 << len(Counters().select) == 64
