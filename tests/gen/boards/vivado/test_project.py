"""The texts of a project: the same every time, with what the core and the board need."""

from dataclasses import replace
from pathlib import Path

import pytest
from zynqcores import probe

from pyralis.boards.base import all_boards
from pyralis.gen.boards.vivado.project import DIRECTIVES, project_files
from pyralis.gen.errors import UserError
from pyralis.hw.axi.dma import DmaConfig

BOARDS = all_boards()


def test_the_files_of_a_project():
    files = project_files(BOARDS["zcu104"], probe(), clock_mhz=150.0)
    assert sorted(files) == [
        "build.tcl",
        "constraints/zcu104.xdc",
        "rtl/probe.v",
        "tcl/design.tcl",
        "tcl/package.tcl",
    ]
    assert files == project_files(BOARDS["zcu104"], probe(), clock_mhz=150.0)
    assert "module DSP48E2" not in "".join(files.values())
    assert "DSP48E2" in files["rtl/probe.v"]
    assert not any(str(Path(__file__).parents[4]) in text for text in files.values())


def test_blocks_to_keep_get_a_constraint_after_synthesis():
    files = project_files(BOARDS["zcu104"], probe(kept=True), clock_mhz=150.0)
    assert "DONT_TOUCH true [get_cells -hierarchical" in files["constraints/core.xdc"]
    assert "set_property used_in_synthesis false [get_files core.xdc]" in files["build.tcl"]
    assert "KEEP_EQUIVALENT_REGISTERS true" in files["build.tcl"]
    without = project_files(BOARDS["zcu104"], probe(), clock_mhz=150.0)
    assert "KEEP_EQUIVALENT_REGISTERS" not in without["build.tcl"]


def test_a_core_without_memory_interfaces_uses_no_memory_port():
    text = project_files(BOARDS["pynq_z2"], probe(0, dsp=False), clock_mhz=62.5)["tcl/design.tcl"]
    assert "CONFIG.PCW_USE_S_AXI_HP0 {0}" in text
    assert "CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ {62.5}" in text
    assert "exclude_bd_addr_seg" not in text


def test_large_maps_of_registers_get_their_addresses():
    files = project_files(BOARDS["zcu104"], probe(address_bits=14), clock_mhz=150.0)
    assert "-offset 0xA0000000 -range 0x00004000" in files["tcl/design.tcl"]
    assert "set_property range 16384 $block" in files["tcl/package.tcl"]


def test_managers_say_how_many_bursts_are_on_the_way():
    text = project_files(BOARDS["zcu104"], probe(), clock_mhz=150.0)["tcl/package.tcl"]
    said = [line.split("] ")[1] for line in text.splitlines() if "OUTSTANDING" in line]
    assert said == ["NUM_READ_OUTSTANDING 4", "NUM_WRITE_OUTSTANDING 4", "NUM_READ_OUTSTANDING 4"]
    many = replace(probe(), dma=DmaConfig(outstanding=8, bursts=32))
    text = project_files(BOARDS["zcu104"], many, clock_mhz=150.0)["tcl/package.tcl"]
    said = [line.split("] ")[1] for line in text.splitlines() if "OUTSTANDING" in line]
    assert said == ["NUM_READ_OUTSTANDING 32", "NUM_WRITE_OUTSTANDING 8", "NUM_READ_OUTSTANDING 32"]


def test_seeds_are_directives_of_the_placer():
    files = [project_files(BOARDS["kv260"], probe(), clock_mhz=100.0, seed=seed) for seed in range(1, 7)]
    texts = [each["build.tcl"] for each in files]
    assert "PLACE_DESIGN" not in texts[0]
    assert [name in text for name, text in zip(DIRECTIVES, texts, strict=False)] == [True] * 5
    assert texts[5] == texts[0]
    assert len(set(texts)) == 5


def test_more_interfaces_than_ports():
    with pytest.raises(UserError) as caught:
        project_files(BOARDS["zcu104"], probe(5), clock_mhz=150.0)
    assert caught.value.what == "probe-1 has 5 memory interfaces and AMD ZCU104 has 4 ports for them."


def test_a_device_without_the_primitive():
    with pytest.raises(UserError) as caught:
        project_files(BOARDS["pynq_z2"], probe(), clock_mhz=62.5)
    assert caught.value.what == "probe-1 is made of DSP48E2, and xc7z020clg400-1 has none."
    assert caught.value.hint == 'cell = "fabric" in its configuration makes it of look-up tables'
