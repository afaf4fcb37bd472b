"""Ports are read from the Verilog that is written; what the generator says of itself is the other opinion."""

import pytest
from zynqcores import TOP, Probe, probe

from pyralis.gen.emit.ports import read_core
from pyralis.gen.emit.verilog import emit, ports_of
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.lite import GfLite


def text_of(design) -> str:
    return design.files()[f"{TOP}.v"].decode()


def test_the_ports_are_those_of_the_component():
    component = Probe(3)
    core = read_core(emit(component, TOP), TOP)
    expected = {port.name: (port.is_input, port.width) for port in ports_of(component)}
    expected |= {"clk": (True, 1), "rst": (True, 1)}
    assert {name: (port.is_input, port.width) for name, port in core.ports.items()} == expected


def test_bits_as_verilog_declares_them():
    ports = read_core(text_of(probe()), TOP).ports
    assert ports["m_axi_weights_araddr"].range == "[39:0]"
    assert ports["irq"].range == ""


def test_every_port_of_the_header_is_found():
    text = emit(GfLite(GfConfig(m=16)), "gf_lite")
    header = text[text.index("module gf_lite(") :].partition("(")[2].partition(")")[0]
    assert set(read_core(text, "gf_lite").ports) == {name.strip() for name in header.split(",")}


def test_interfaces_and_their_widths():
    core = read_core(text_of(probe(3, address_bits=13)), TOP)
    assert core.subordinates == ("s_axi_ctrl",)
    assert core.managers == ("m_axi_data", "m_axi_data1", "m_axi_weights")
    assert core.address_bits("s_axi_ctrl") == 13
    assert core.address_bits("m_axi_weights") == 40


def test_primitives_are_cells_without_a_module():
    assert read_core(text_of(probe()), TOP).primitives == {"DSP48E2"}
    assert read_core(text_of(probe(dsp=False)), TOP).primitives == set()
    assert read_core(text_of(probe()) + "module DSP48E2;\nendmodule\n", TOP).primitives == set()


def test_kept_modules():
    assert read_core(text_of(probe()), TOP).kept == ()
    core = read_core(text_of(probe(kept=True)), TOP)
    assert core.kept == ("probe.inner",)
    assert core.modules == ("probe", "probe.inner")


def test_another_top():
    with pytest.raises(ValueError, match="there is no module other in the Verilog"):
        read_core(text_of(probe()), "other")
