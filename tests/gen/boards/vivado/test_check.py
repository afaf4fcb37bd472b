"""The check of a project without Vivado finds what is missing: each test takes one thing away."""

from dataclasses import replace

import pytest
from zynqcores import TOP

from pyralis.boards.base import all_boards
from pyralis.gen.boards.vivado import check as checks
from pyralis.gen.boards.vivado.check import check
from pyralis.gen.errors import ToolError

pytestmark = pytest.mark.usefixtures("tclsh")


def problems(folder, name, clock_mhz=100.0):
    return check(folder, all_boards()[name], TOP, clock_mhz).problems


def change(folder, file, old, new, times=1):
    path = folder / file
    text = path.read_text()
    assert text.count(old) >= 1, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, times))


@pytest.mark.parametrize("name", ["kv260", "pynq_z2", "zcu104"])
def test_what_is_written_lacks_nothing(written, name):
    found = check(written[name], all_boards()[name], TOP, 100.0)
    assert found.problems == ()
    assert found.calls > 150


DESIGN, BUILD, PACKAGE = "tcl/design.tcl", "build.tcl", "tcl/package.tcl"

BROKEN = [
    # (board, file, old, new, sentences)
    (
        "zcu104",
        DESIGN,
        "connect_bd_intf_net [get_bd_intf_pins core/m_axi_data] [get_bd_intf_pins memory_data/S00_AXI]\n",
        "",
        [
            "core/m_axi_data is connected 0 times instead of once.",
            "memory_data/S00_AXI is connected 0 times instead of once.",
            "m_axi_data does not reach a memory port of AMD ZCU104.",
        ],
    ),
    (
        "zcu104",
        DESIGN,
        "[get_bd_intf_pins control/M00_AXI] [get_bd_intf_pins core/s_axi_ctrl]",
        "[get_bd_intf_pins control/M00_AXI] [get_bd_intf_pins core/m_axi_data]",
        [
            "core/m_axi_data is connected 2 times instead of once.",
            "core/s_axi_ctrl is connected 0 times instead of once.",
            "control/M00_AXI and core/m_axi_data are connected, and both are managers.",
            "M_AXI_HPM0_FPD does not reach the registers of the core.",
        ],
    ),
    (
        "zcu104",
        DESIGN,
        "CONFIG.PSU__USE__S_AXI_GP3 {1}",
        "CONFIG.PSU__USE__S_AXI_GP3 {0}",
        [
            "ps/S_AXI_HP1_FPD is connected and does not exist, or is not enabled.",
            "ps/saxihp1_fpd_aclk is connected and does not exist, or is not enabled.",
        ],
    ),
    (
        "kv260",
        DESIGN,
        "CONFIG.PSU__USE__S_AXI_GP4 {0}",
        "CONFIG.PSU__USE__S_AXI_GP4 {1}",
        ["ps/S_AXI_HP2_FPD is connected 0 times instead of once.", "ps/saxihp2_fpd_aclk has no clock."],
    ),
    (
        "pynq_z2",
        DESIGN,
        "    [get_bd_pins memory_weights/aclk]",
        "    [get_bd_pins control/aclk]",
        ["memory_weights/aclk has no clock."],
    ),
    ("pynq_z2", DESIGN, "[get_bd_pins core/rst]", "[get_bd_pins core/irq]", ["core/rst has no reset."]),
    (
        "pynq_z2",
        DESIGN,
        "[get_bd_pins reset/peripheral_reset]",
        "[get_bd_pins reset/peripheral_aresetn]",
        ["core/rst is active high and is reset by reset/peripheral_aresetn."],
    ),
    (
        "pynq_z2",
        DESIGN,
        "[get_bd_pins ps/FCLK_RESET0_N]",
        "[get_bd_pins ps/FCLK_RESET1_N]",
        [
            "ps/FCLK_RESET1_N is connected and does not exist, or is not enabled.",
            "reset does not follow the reset of the processor.",
        ],
    ),
    (
        "zcu104",
        DESIGN,
        "[get_bd_pins ps/pl_ps_irq0] ",
        "",
        ["The interrupt of the core does not reach the processor."],
    ),
    ("zcu104", DESIGN, " [get_bd_ports irq_led]", "", ["The port irq_led does not show the interrupt."]),
    (
        "zcu104",
        DESIGN,
        "    core/m_axi_weights ps/SAXIGP3/HP1_\n",
        "",
        [
            "m_axi_weights has no address for ps/SAXIGP3/HP1_DDR_LOW.",
            "m_axi_weights has no address for ps/SAXIGP3/HP1_DDR_HIGH.",
            "ps/SAXIGP3/HP1_LPS_OCM is neither assigned to m_axi_weights nor excluded.",
            "ps/SAXIGP3/HP1_QSPI is neither assigned to m_axi_weights nor excluded.",
        ],
    ),
    (
        "zcu104",
        DESIGN,
        "-offset 0xA0000000",
        "-offset 0xA0010000",
        ["The registers lie at 0xA0010000 in ps/Data instead of at 0xA0000000 in ps/Data."],
    ),
    (
        "zcu104",
        DESIGN,
        "-range 0x00001000",
        "-range 128",
        ["The registers have 128 bytes of addresses and need 4096."],
    ),
    (
        "zcu104",
        DESIGN,
        "PL0_REF_CTRL__FREQMHZ {100}",
        "PL0_REF_CTRL__FREQMHZ {125}",
        ["The processor is asked for a clock of 125 MHz instead of 100 MHz."],
    ),
    (
        "zcu104",
        BUILD,
        "set part xczu7ev-ffvc1156-2-e",
        "set part xczu7eg-ffvc1156-2-e",
        [
            (
                "The Tcl stops: PYRALIS-ERROR This Vivado does not know the device xczu7eg-ffvc1156-2-e: "
                "install the family with its installer."
            ),
        ],
    ),
    (
        "pynq_z2",
        BUILD,
        "create_project -force pynq_z2_probe [file join $work project] -part $part",
        "create_project -force pynq_z2_probe [file join $work project] -part xc7z010clg400-1",
        ["The project pynq_z2_probe is for xc7z010clg400-1 instead of xc7z020clg400-1."],
    ),
    (
        "pynq_z2",
        BUILD,
        "tul.com.tw:pynq-z2:part0:*",
        "tul.com.tw:pynq-z1:part0:*",
        ["The board part is not set instead of tul.com.tw:pynq-z2:part0."],
    ),
    (
        "zcu104",
        BUILD,
        "constraints zcu104.xdc",
        "constraints zcu102.xdc",
        ["constraints/zcu102.xdc is read and does not exist.", "constraints/zcu104.xdc is not read."],
    ),
    (
        "zcu104",
        "constraints/zcu104.xdc",
        "[get_ports irq_led]",
        "[get_ports led]",
        ["The constraints name the port led, which does not exist."],
    ),
    (
        "zcu104",
        "constraints/core.xdc",
        " =~ probe.*",
        " =~ prob.*",
        ["The constraints name cells prob.*, which do not exist."],
    ),
    (
        "zcu104",
        PACKAGE,
        "ASSOCIATED_BUSIF s_axi_ctrl:m_axi_data:m_axi_weights",
        "ASSOCIATED_BUSIF s_axi_ctrl:m_axi_data",
        ["The interface m_axi_weights of the IP has no clock."],
    ),
    (
        "zcu104",
        PACKAGE,
        "POLARITY ACTIVE_HIGH",
        "POLARITY ACTIVE_LOW",
        ["The reset of the IP is not declared active high, which it is."],
    ),
    (
        "zcu104",
        PACKAGE,
        "pyralis::interface $core irq ",
        "pyralis::interface $core clk ",
        ["Nobody looks whether the IP has the interface irq."],
    ),
    (
        "zcu104",
        PACKAGE,
        "-library cores",
        "-library user",
        ["The IP pyralis:user:probe:1.0 is packaged and not used."],
    ),
    (
        "zcu104",
        PACKAGE,
        "ipx::save_core $core\n",
        "",
        ["The packaged IP is not finished: there is no ipx::save_core."],
    ),
    (
        "zcu104",
        BUILD,
        "launch_runs synth_1",
        "launch_run synth_1",
        [
            "Vivado has no command launch_run that the recorder knows.",
            "The Tcl stops: there is no command launch_run",
        ],
    ),
    (
        "zcu104",
        BUILD,
        "report_power -file",
        "report_power -output",
        ["The command report_power has no option -output that the recorder knows."],
    ),
    ("zcu104", BUILD, "design.hwh]\npyralis", "other.hwh]\npyralis", ["design.hwh is not written."]),
    (
        "zcu104",
        BUILD,
        '"worst hold slack" STATS.WHS',
        "",
        ["There is no get_property STATS.WHS, or it comes too early."],
    ),
    (
        "zcu104",
        DESIGN,
        "validate_bd_design\n",
        "",
        ["There is no validate_bd_design, or it comes too early."],
    ),
    (
        "pynq_z2",
        DESIGN,
        "{FIXED_IO, DDR}",
        "{FIXED_IO}",
        ["DDR of the processor is not led out of the design."],
    ),
    (
        "kv260",
        DESIGN,
        "[list apply_board_preset 1]",
        "[list apply_board_preset 0]",
        ["The preset of the board is not applied to the processor."],
    ),
    (
        "kv260",
        DESIGN,
        "    CONFIG.PSU__USE__M_AXI_GP1 {0} \\\n",
        "",
        ["PSU__USE__M_AXI_GP1 of the processor is left to the preset of the board."],
    ),
    (
        "pynq_z2",
        DESIGN,
        "CONFIG.PCW_S_AXI_HP1_DATA_WIDTH {64}",
        "CONFIG.PCW_S_AXI_HP1_DATA_WIDTH {32}",
        ["PCW_S_AXI_HP1_DATA_WIDTH of the processor is not 64."],
    ),
    (
        "zcu104",
        PACKAGE,
        "ASSOCIATED_RESET rst",
        "ASSOCIATED_RESET irq",
        [
            "The clock of the IP does not name its reset.",
            "Where Vivado infers nothing: the clock of the IP does not name its reset.",
        ],
    ),
    (
        "zcu104",
        PACKAGE,
        "set_property range 4096 $block",
        "set_property range 256 $block",
        ["The registers of the IP do not take 4096 bytes of addresses."],
    ),
    (
        "zcu104",
        PACKAGE,
        "set_property slave_memory_map_ref s_axi_ctrl",
        "set_property slave_memory_map_ref other",
        ["Where Vivado infers nothing: s_axi_ctrl has no memory map."],
    ),
    (
        "zcu104",
        PACKAGE,
        "ipx::add_address_space m_axi_data $core",
        "ipx::add_address_space m_axi $core",
        ["Where Vivado infers nothing: m_axi_data has no address space."],
    ),
    (
        "zcu104",
        "constraints/core.xdc",
        "ORIG_REF_NAME =~ probe.* || REF_NAME =~ probe.*",
        "ORIG_REF_NAME =~ probe",
        ["The constraints do not keep the block probe.inner."],
    ),
    (
        "zcu104",
        BUILD,
        "KEEP_EQUIVALENT_REGISTERS true",
        "KEEP_EQUIVALENT_REGISTERS false",
        [
            (
                "Blocks of the core must be kept, and STEPS.SYNTH_DESIGN.ARGS.KEEP_EQUIVALENT_REGISTERS "
                "of synth_1 is not true."
            ),
        ],
    ),
    (
        "zcu104",
        "constraints/zcu104.xdc",
        "set_property IOSTANDARD LVCMOS33 [get_ports irq_led]\n",
        "",
        ["The port irq_led has no IOSTANDARD."],
    ),
    (
        "zcu104",
        BUILD,
        "wait_on_run impl_1\n",
        "",
        ["There is no wait_on_run impl_1, or it comes too early."],
    ),
    (
        "kv260",
        BUILD,
        "set_property top shell_wrapper [current_fileset]",
        "",
        ["The block design is not the top of the project."],
    ),
]


@pytest.mark.parametrize(("name", "file", "old", "new", "expected"), BROKEN)
def test_what_is_missing_is_said(project, name, file, old, new, expected):
    folder = project(name)
    change(folder, file, old, new)
    found = problems(folder, name)
    assert set(expected) <= set(found)


HARMLESS = (
    *("pyralis::stop", "pyralis::stage", "puts ", "flush ", "exit 1", "file ", "} else {", "the defaults of"),
    *(
        "regenerate_bd_layout",
        "update_compile_order",
        "set_property display_name",
        "set_property description",
    ),
    *("set_property usage", "set_property width", "set_property target_language", "set_property strategy"),
    *("pyralis::interface $core m_axi", "pyralis::parameter [ipx::get_bus_interfaces m_axi"),
)
"""What may be missing: words for people, the way out of errors (tests of the record), what decides on speed
only, and a look at an interface that another line takes too."""


@pytest.mark.parametrize(
    "file",
    [
        DESIGN,
        pytest.param(PACKAGE, marks=pytest.mark.slow),
        pytest.param(BUILD, marks=pytest.mark.slow),
        pytest.param("constraints/core.xdc", marks=pytest.mark.slow),
    ],
)
def test_no_line_can_be_left_out(project, file):
    folder = project("zcu104")
    lines = (folder / file).read_text().splitlines(keepends=True)
    unseen = []
    for number, line in enumerate(lines):
        text = line.strip()
        if not text or text.startswith("#") or text.startswith(HARMLESS):
            continue
        (folder / file).write_text("".join(lines[:number] + lines[number + 1 :]))
        if not problems(folder, "zcu104"):
            unseen.append(text)
    assert unseen == []


def test_a_wrong_clock_is_seen_from_outside(written):
    assert problems(written["kv260"], "kv260", 150.0) == (
        "The processor is asked for a clock of 100 MHz instead of 150 MHz.",
    )


def test_registers_that_the_port_does_not_reach(written):
    board = replace(all_boards()["zcu104"], control_base=0x8000_0000)
    found = check(written["zcu104"], board, TOP, 100.0).problems
    assert found == (
        "The registers lie at 0xA0000000 in ps/Data instead of at 0x80000000 in ps/Data.",
        "0x80000000 does not go out of M_AXI_HPM0_FPD.",
    )


def test_a_simulation_model_must_not_be_synthesised(project):
    folder = project("zcu104")
    with (folder / "rtl" / f"{TOP}.v").open("a") as file:
        file.write("module DSP48E2;\nendmodule\n")
    assert problems(folder, "zcu104") == (
        "The simulation model of DSP48E2 would be synthesised in the place of the primitive.",
    )


def test_a_file_beside_the_core_is_not_forgotten(project):
    folder = project("zcu104")
    (folder / "rtl" / "more.v").write_text("module more;\nendmodule\n")
    assert problems(folder, "zcu104") == ("rtl/more.v is not read.",)


def test_blocks_to_keep_without_a_constraint(project):
    folder = project("zcu104")
    (folder / "constraints" / "core.xdc").write_text("")
    assert problems(folder, "zcu104") == ("Blocks of the core must be kept and no constraint says so.",)


def test_without_tclsh(written, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not checks.possible()
    with pytest.raises(
        ToolError, match=r"There is no tclsh on PATH, so the Tcl of the project was not tried\."
    ):
        problems(written["zcu104"], "zcu104")
