"""RTL of pyralis.hw.snn.top: ports, text, registers over the bus, empty programs (pytest side).

Whole networks run in tests/sim/snn.
"""

import re
import subprocess
import sys

import pytest

from pyralis.gen.emit.verilog import emit
from pyralis.hw.snn.config import PRESETS, SnnConfig
from pyralis.hw.snn.top import SnnTop
from pyralis.sim.bench.build import run_cocotb

SMALL = SnnConfig(
    out_lanes=4,
    in_lanes=4,
    pixel_lanes=1,
    step_lanes=2,
    neuron_lanes=2,
    cell="fabric",
    weight_depth=16,
    map_words=16,
    parameter_tiles=2,
)
"""The smallest core that makes sense, for what does not depend on the size."""

BUSES = {
    "s_axi_ctrl": ("aw", "w", "b", "ar", "r"),
    "m_axi_weights": ("ar", "r"),
    "m_axi_data": ("aw", "w", "b", "ar", "r"),
}


def ports(text: str) -> dict[str, int]:
    """Width of every port of snn_top."""
    body = re.search(r"^module snn_top\(.*?^endmodule", text, re.DOTALL | re.MULTILINE)[0]
    found = re.findall(r"^  (?:input|output) (?:\[(\d+):0\] )?(\w+);", body, re.MULTILINE)
    return {name: int(high or 0) + 1 for high, name in found}


@pytest.fixture(scope="module")
def text() -> str:
    return emit(SnnTop(SMALL), "snn_top")


def test_registers_and_empty_programs():
    run_cocotb(SnnTop(SMALL), "cocotb_top")


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_become_verilog(preset):
    config = PRESETS[preset]
    text = emit(SnnTop(config), "snn_top")
    found = ports(text)
    prefixes = {name.rpartition("_")[0] for name in found if "_axi_" in name}
    assert prefixes == set(BUSES)
    for bus, channels in BUSES.items():
        handshakes = {name for name in found if name.startswith(bus) and name.endswith(("valid", "ready"))}
        assert handshakes == {f"{bus}_{channel}{end}" for channel in channels for end in ("valid", "ready")}
    assert {name for name in found if "_axi_" not in name} == {"clk", "rst", "irq"}
    assert found["m_axi_weights_rdata"] == found["m_axi_data_wdata"] == config.bus_bits
    assert found["m_axi_data_awaddr"] == found["m_axi_weights_araddr"] == config.address_bits
    assert found["s_axi_ctrl_araddr"] == 8 and found["s_axi_ctrl_rdata"] == 32
    primitives = len(re.findall(r"^  DSP48E2 ", text, re.MULTILINE))
    assert primitives == (config.cells if config.cell == "dsp48e2" else 0)


def test_presets_have_the_size_that_their_documentation_says():
    assert [PRESETS[name].cells for name in ("zu3eg", "zcu104")] == [256, 1024]


def test_ports_for_simulation_are_extra(text):
    plain, observed = ports(text), ports(emit(SnnTop(SMALL, observe=True), "snn_top"))
    assert set(observed) - set(plain) == {
        *(
            "active",
            "observe_layer",
            "observe__enable",
            "observe__buffer",
            "observe__address",
            "observe__data",
        ),
    }
    assert plain.items() <= observed.items()


def test_the_text_is_the_same_every_time(text):
    """Whatever the order in which Python keeps its sets."""
    code = (
        "from pyralis.gen.emit.verilog import emit; from pyralis.hw.snn.top import SnnTop\n"
        f"from pyralis.hw.snn.config import SnnConfig; print(emit(SnnTop({SMALL!r}), 'snn_top'), end='')"
    )
    again = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONHASHSEED": "23456", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert again == text
