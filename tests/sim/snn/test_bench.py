"""The Verilog around a simulated core: every port of the core and of the memory model is joined."""

import re

import pytest

from pyralis.gen.emit.verilog import emit
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.top import SnnTop
from pyralis.sim.bench.build import MODELS
from pyralis.sim.snn.bench import BENCH_TOP, bench_text

TINY = PRESETS["tiny"]


@pytest.fixture(scope="module")
def top() -> str:
    return emit(SnnTop(TINY, observe=True), "snn_top")


@pytest.fixture(scope="module")
def bench(top) -> str:
    return bench_text(top, "snn_top", TINY, 1 << 22)


def header(text: str, module: str) -> set[str]:
    """Port names of *module*, from a header with or without declarations."""
    ports = re.search(
        rf"^module {module}\b\s*(?:#\(.*?\n\))?\s*\((.*?)\n?\);", text, re.DOTALL | re.MULTILINE
    )
    return {part.split()[-1] for part in ports[1].split(",") if part.strip()}


def joined(bench: str, instance: str) -> dict[str, str]:
    connections = re.search(rf"\b{instance} \((\..*?)\);", bench, re.DOTALL)[1]
    return dict(re.findall(r"\.(\w+)\((\w+)\)", connections))


def test_every_port_of_the_core_is_joined_to_its_own_name(top, bench):
    core = joined(bench, "core")
    assert set(core) == header(top, "snn_top")
    assert all(port == wire for port, wire in core.items())


def test_every_port_of_the_memory_is_joined(bench):
    memory = joined(bench, "memory")
    model = (MODELS / "axi_memory.sv").read_text()
    assert set(memory) == header(model, "axi_memory")
    roles = {"a": "m_axi_weights", "b": "m_axi_data", "w": "m_axi_data"}
    for port, wire in memory.items():
        if bus := re.fullmatch(r"s_axi_(\w)_(\w+)", port):
            assert wire == f"{roles[bus[1]]}_{bus[2]}"
        else:
            assert port == wire
    assert f".ADDRESS_BITS({TINY.address_bits}), .DATA_BITS({TINY.bus_bits}), .BYTES(4194304)" in bench


def test_outside_are_clock_registers_interrupt_and_the_memorys_controls(bench):
    outside = header(bench, BENCH_TOP)
    assert {name for name in outside if not name.startswith("s_axi_ctrl_")} == {
        *("clk", "rst", "irq", "active", "load", "dump", "unhang", "hung"),
        *("beats_a", "beats_b", "beats_w"),
    }
    assert {"s_axi_ctrl_awaddr", "s_axi_ctrl_rdata"} <= outside


def test_a_wrong_name_of_the_top_is_told(top):
    with pytest.raises(ValueError, match="no module other_top in the text"):
        bench_text(top, "other_top", TINY, 1 << 22)
