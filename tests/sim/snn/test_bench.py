"""The simulator of a spiking core: what stays inside the bench, and what the observer writes down."""

import re

import pytest

from pyralis.gen.emit.verilog import emit
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.top import SnnTop
from pyralis.sim.bench.core import bench_text, ports_in
from pyralis.sim.snn.bench import BENCH_TOP, OBSERVER

TINY = PRESETS["tiny"]


@pytest.fixture(scope="module")
def top() -> str:
    return emit(SnnTop(TINY, observe=True), "snn_top")


def test_the_observer_watches_signals_that_the_core_has(top):
    bench = bench_text(top, "snn_top", BENCH_TOP, 1 << 22, OBSERVER)
    watched = set(re.findall(r"\bobserve_+\w+|\bactive\b", OBSERVER)) - {"observe_file"}
    assert watched == {
        name for _, _, name in ports_in(top, "snn_top") if "observe" in name or name == "active"
    }
    header = bench[: bench.index(");")]
    assert "observe" not in header and "output logic  active" in header
    assert all(
        f"  logic {width} {name};" in bench
        for _, width, name in ports_in(top, "snn_top")
        if "observe" in name
    )
