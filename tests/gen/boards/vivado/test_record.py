"""What the scripts do when Vivado answers differently: they stop with a sentence, or do more themselves."""

import pytest
from zynqcores import TOP

from pyralis.boards.base import all_boards
from pyralis.gen.boards.vivado.record import answers_for, record
from pyralis.gen.emit.ports import read_core
from pyralis.gen.errors import ToolError

pytestmark = pytest.mark.usefixtures("tclsh")


@pytest.fixture
def run(written):
    """Runs the project of a board with answers that are changed: (exit code, output, calls, files)."""

    def run(name, properties=None, **changes):
        core = read_core((written[name] / "rtl" / f"{TOP}.v").read_text(), TOP)
        answers = answers_for(all_boards()[name], core) | changes
        answers["properties"] |= {"CONFIG.FREQ_HZ": "100000000", **(properties or {})}
        return record(written[name], answers)

    return run


def commands(recording):
    return [call.command for call in recording.calls]


@pytest.mark.parametrize("version", ["2022.2", "2022.2.1", "2023.1", "2025.2", "2024.1.2_AR1"])
def test_versions_that_are_new_enough(run, version):
    assert run("zcu104", version=version).code == 0


@pytest.mark.parametrize(("version", "said"), [("2022.1", "2022.1"), ("2019.2.1", "2019.2")])
def test_versions_that_are_too_old(run, version, said):
    recording = run("zcu104", version=version)
    assert recording.code == 1
    assert recording.output == f"PYRALIS-ERROR This is Vivado {said}; 2022.2 or newer is needed.\n"
    assert "create_project" not in commands(recording)


def test_a_version_of_another_form(run):
    said = run("zcu104", version="unknown").output
    assert said == "PYRALIS-ERROR This Vivado says that its version is unknown; 2022.2 or newer is needed.\n"


@pytest.mark.parametrize(
    ("name", "slack", "what"),
    [
        ("STATS.WNS", "-0.321", "worst setup slack"),
        ("STATS.WHS", "-0.004", "worst hold slack"),
        ("STATS.TPWS", "-1.5", "sum of violated pulse widths"),
    ],
)
def test_a_clock_that_is_not_met_gets_no_bitstream(run, name, slack, what):
    recording = run("zcu104", {name: slack})
    assert recording.code == 1
    said = f"The clock of 100 MHz is not met: the {what} is {slack} ns; see reports/timing_summary.rpt."
    assert recording.output.splitlines()[-1] == f"PYRALIS-ERROR {said}"
    assert "design.bit" not in recording.left
    assert "reports/timing_summary.rpt" in recording.left


def test_a_slack_that_is_not_known(run):
    recording = run("zcu104", {"STATS.WHS": ""})
    assert recording.code == 1
    said = "Vivado does not say what the worst hold slack is, so it is not known whether the clock is met."
    assert recording.output.splitlines()[-1] == f"PYRALIS-ERROR {said}"


@pytest.mark.parametrize(("step", "called"), [("Synthesis", "launch_runs"), ("Implementation", "open_run")])
def test_a_run_that_fails(run, step, called):
    recording = run("zcu104", {"PROGRESS": "37%", "STATUS": "synth_design ERROR"})
    assert recording.code == 1
    if step == "Synthesis":
        assert recording.output.splitlines()[-1] == "PYRALIS-ERROR Synthesis ended with: synth_design ERROR."
        assert commands(recording).count(called) == 1
    else:
        assert called not in commands(recording)


def test_a_frequency_that_the_processor_cannot_make(run):
    recording = run("zcu104", {"CONFIG.FREQ_HZ": "93748000"})
    assert recording.code == 1
    said = "The processor can only make 93.748 MHz for the 100 MHz that were asked for: ask for that."
    assert recording.output.splitlines()[-1] == f"PYRALIS-ERROR {said}"
    assert run("zcu104", {"CONFIG.FREQ_HZ": "99999001"}).code == 0


def test_a_vivado_without_the_ip(run):
    recording = run("pynq_z2", segments=["core/s_axi_ctrl/reg0"])
    assert recording.output.splitlines()[-1] == (
        "PYRALIS-ERROR The processor has no memory behind ps/S_AXI_HP0/HP0_."
    )


def test_the_newest_board_files_are_taken(run):
    chosen = [call.words[1] for call in run("zcu104").calls if call.words[:1] == ("board_part",)]
    assert chosen == ["xilinx.com:zcu104:part0:1.1"]


def test_without_board_files_the_settings_of_the_board_count(run):
    recording = run("pynq_z2", board_parts=[])
    assert recording.code == 0
    assert "There are no board files of tul.com.tw:pynq-z2:part0" in recording.output
    (automation,) = (call for call in recording.calls if call.command == "apply_bd_automation")
    assert automation.options["-config"].endswith("apply_board_preset 0")
    assert automation.options["-config"].startswith("make_external {FIXED_IO, DDR}")
    parameters = {call.words[0]: call.words[1] for call in recording.calls if call.command == "set_property"}
    assert parameters["CONFIG.PCW_UIPARAM_DDR_PARTNO"] == "MT41J256M16 RE-125"
    assert "board_part" not in parameters
    without = run("zcu104", board_parts=[])
    assert without.code == 0
    assert "apply_bd_automation" not in commands(without)


def test_packaging_that_infers_nothing_by_itself(run):
    names = ["s_axi_ctrl", "m_axi_data", "m_axi_weights"]
    recording = run("zcu104", inferred=[], inferable=names, thorough=False)
    assert recording.code == 0
    made = {
        (call.command, call.words[0])
        for call in recording.calls
        if call.command.startswith(("ipx::add", "ipx::infer"))
    }
    assert made == {
        ("ipx::infer_bus_interfaces", "xilinx.com:interface:aximm_rtl:1.0"),
        ("ipx::infer_bus_interface", "clk"),
        ("ipx::infer_bus_interface", "rst"),
        ("ipx::infer_bus_interface", "irq"),
        ("ipx::add_bus_parameter", "ASSOCIATED_BUSIF"),
        ("ipx::add_bus_parameter", "ASSOCIATED_RESET"),
        ("ipx::add_bus_parameter", "POLARITY"),
        ("ipx::add_bus_parameter", "SENSITIVITY"),
        ("ipx::add_bus_parameter", "NUM_READ_OUTSTANDING"),
        ("ipx::add_bus_parameter", "NUM_WRITE_OUTSTANDING"),
        ("ipx::add_memory_map", "s_axi_ctrl"),
        ("ipx::add_address_block", "reg0"),
        ("ipx::add_address_space", "m_axi_data"),
        ("ipx::add_address_space", "m_axi_weights"),
    }
    properties = {call.words for call in recording.calls if call.command == "set_property"}
    assert ("range", str(1 << 40), "m_axi_data") in properties
    assert ("slave_memory_map_ref", "s_axi_ctrl", "s_axi_ctrl") in properties
    assert ("master_address_space_ref", "m_axi_weights", "m_axi_weights") in properties


def test_packaging_that_cannot_infer(run):
    recording = run("zcu104", inferred=[], inferable=[])
    assert recording.code == 1
    said = "Vivado sees 0 interfaces s_axi_ctrl in probe.v instead of one."
    assert recording.output.splitlines()[-1] == f"PYRALIS-ERROR {said}"


def test_scripts_that_hang_are_ended(written, tmp_path, monkeypatch):
    (tmp_path / "build.tcl").write_text("while 1 {}\n")
    monkeypatch.setattr("pyralis.gen.boards.vivado.record.TIMEOUT_S", 0.2)
    with pytest.raises(ToolError, match=r"The Tcl of the project did not end within 0\.2 s\."):
        record(tmp_path, {"version": "2022.2"})
