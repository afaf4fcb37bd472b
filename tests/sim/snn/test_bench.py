"""The simulator of a spiking core: what stays inside the bench, and what the observer writes down."""

import re

import pytest

from pyralis.gen.emit.ports import read_core
from pyralis.gen.emit.verilog import emit
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.top import SnnTop
from pyralis.sim.bench.core import bench_text
from pyralis.sim.snn.bench import BENCH_TOP, OBSERVER

TINY = PRESETS["tiny"]


@pytest.fixture(scope="module")
def top() -> str:
    return emit(SnnTop(TINY, observe=True), "snn_top")


def test_the_observer_watches_signals_that_the_core_has(top):
    bench = bench_text(top, "snn_top", BENCH_TOP, 1 << 22, OBSERVER)
    watched = set(re.findall(r"\bobserve_+\w+|\bactive\b", OBSERVER)) - {"observe_file"}
    ports = read_core(top, "snn_top").ports
    assert watched == {name for name in ports if "observe" in name or name == "active"}
    header = bench[: bench.index(");")]
    assert "observe" not in header and "output logic  active" in header
    inside = [port for name, port in ports.items() if "observe" in name]
    assert all(f"  logic {port.range} {port.name};" in bench for port in inside)
