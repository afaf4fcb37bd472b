"""The Verilog around a simulated core: every port of the core and of the memory model is joined."""

import re
from pathlib import Path

import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.gen.emit.verilog import emit
from pyralis.hw.axi.signature import AxiLite, AxiRead, AxiWrite
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.top import SnnTop
from pyralis.sim.bench.build import MODELS
from pyralis.sim.bench.core import MemorySettings, bench_text
from pyralis.sim.bench.ddr4 import Ddr4Settings

TINY = PRESETS["tiny"]
BENCH = "some_bench"


class Buses(wiring.Component):
    """Bus ports and nothing behind them."""

    def __init__(self, **ports) -> None:
        super().__init__({"s_axi_ctrl": In(AxiLite(address_bits=8)), "irq": Out(1), **ports})

    def elaborate(self, platform) -> Module:
        return Module()


def buses(**ports) -> str:
    return bench_text(emit(Buses(**ports), "buses"), "buses", BENCH, 1 << 20)


READ, WRITE = Out(AxiRead(address_bits=36, data_bits=32)), Out(AxiWrite(address_bits=36, data_bits=32))


@pytest.fixture(scope="module")
def top() -> str:
    return emit(SnnTop(TINY), "snn_top")


@pytest.fixture(scope="module")
def bench(top) -> str:
    return bench_text(top, "snn_top", BENCH, 1 << 22)


def header(text: str, module: str) -> set[str]:
    """Port names of *module*, from a header with or without declarations."""
    ports = re.search(
        rf"^module {module}\b\s*(?:#\(.*?\n\))?\s*\((.*?)\n?\);", text, re.DOTALL | re.MULTILINE
    )
    return {re.sub(r" = .*", "", part).split()[-1] for part in ports[1].split(",") if part.strip()}


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
    outside = header(bench, BENCH)
    assert {name for name in outside if not name.startswith("s_axi_ctrl_")} == {
        *("clk", "rst", "irq", "load", "dump", "unhang", "hung", "beats_a", "beats_b", "beats_w"),
        *("command", "command_base", "command_bytes"),
    }
    assert {"s_axi_ctrl_awaddr", "s_axi_ctrl_rdata"} <= outside
    for declared in ("input logic [2:0] command", "input logic [63:0] command_base", "input logic  irq"):
        assert (f"  {declared}" in bench) == (declared != "input logic  irq")


def test_a_wrong_name_of_the_top_is_told(top):
    with pytest.raises(ValueError, match="there is no module other_top in the Verilog"):
        bench_text(top, "other_top", BENCH, 1 << 22)


def test_ports_go_to_the_memory_by_name():
    memory = joined(buses(m_axi_zebra=READ, m_axi_apple=READ, m_axi_melon=WRITE), "memory")
    assert memory["s_axi_a_araddr"] == "m_axi_apple_araddr"
    assert memory["s_axi_b_rready"] == "m_axi_zebra_rready"
    assert memory["s_axi_w_bvalid"] == "m_axi_melon_bvalid"


def test_more_ports_than_the_memory_has_are_refused():
    sentence = "the memory has two ports to read and one to write, the core ['a r', 'b r', 'c r']"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        buses(m_axi_a=READ, m_axi_b=READ, m_axi_c=READ)
    with pytest.raises(ValueError, match="two ports to read and one to write"):
        buses(m_axi_a=WRITE, m_axi_b=WRITE)


def test_memory_settings_become_plusargs():
    assert MemorySettings().plusargs() == ["+latency=20", "+stall_seed=1"]
    given = MemorySettings(latency=0, bytes_per_cycle=3, hang_after=9).plusargs()
    assert given == ["+latency=0", "+bytes_per_cycle=3", "+stall_seed=1", "+hang_after=9"]


def test_timing_of_a_ddr4_channel_becomes_plusargs():
    given = MemorySettings(ddr4=Ddr4Settings(cl=18)).plusargs(Path("counts.json"))
    assert given[:4] == ["+latency=20", "+stall_seed=1", "+ddr4", "+ddr4_cl=18"]
    assert given[-1] == "+ddr4_statistics=counts.json"


def test_the_text_of_a_bench_is_the_same_in_every_process():
    """Pins of a port that nobody uses: not in the order of a set."""
    unused = re.findall(r"\.(s_axi_b_\w+)\(", buses(m_axi_one=READ, m_axi_results=WRITE))
    assert len(unused) > 5 and unused == sorted(unused)
