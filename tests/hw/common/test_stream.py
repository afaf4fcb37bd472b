"""RTL of pyralis.hw.common.stream (pytest side)."""

import pytest
from amaranth.lib import data

from pyralis.hw.common.stream import Downsize, Queue, RegisterSlice
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize("depth", [3, 16])
def test_queue_keeps_order_and_loses_nothing(depth):
    shape = data.StructLayout({"number": 20, "flag": 1})
    run_cocotb(Queue(shape, depth), "cocotb_stream", testcase="queue", env={"PYRALIS_DEPTH": str(depth)})


def test_register_slice_keeps_order_and_loses_nothing():
    run_cocotb(
        RegisterSlice(data.StructLayout({"number": 20, "flag": 1})), "cocotb_stream", testcase="slice_"
    )


@pytest.mark.parametrize(("wide", "narrow"), [(96, 32), (64, 8), (24, 24)])
def test_downsize_gives_low_bits_first(wide, narrow):
    sizes = {"PYRALIS_WIDE": str(wide), "PYRALIS_NARROW": str(narrow)}
    run_cocotb(Downsize(wide, narrow), "cocotb_stream", testcase="downsize", env=sizes)


def test_wrong_sizes_are_told():
    with pytest.raises(ValueError, match="depth must be at least 3, not 2"):
        Queue(8, 2)
    with pytest.raises(ValueError, match=r"narrow \(24\) must divide wide \(64\)"):
        Downsize(64, 24)
