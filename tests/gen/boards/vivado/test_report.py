"""Reports of Vivado become numbers.

The files in ``reports`` were written by hand in the form of Vivado 2023.2; no Vivado has made them. Reports
for 7 series, of older versions, and of clocks that are missed are made from them here.
"""

import shutil
from pathlib import Path

import pytest

from pyralis.gen.boards.vivado.report import (
    read_power,
    read_reports,
    read_timing,
    read_utilization,
    reread,
)
from pyralis.gen.report.page import render

REPORTS = Path(__file__).parent / "reports"

RESULT = {
    "job": "bitstream",
    "ok": False,
    "verdict": "The project is written and not built.",
    "board": {"name": "zcu104", "title": "AMD ZCU104", "part": "xczu7ev", "family": "xcup", "flow": "vivado"},
    "design": {"core": "snn", "name": "zcu104", "top": "snn_top", "config": {}},
    "resources": [],
    "clocks": [{"name": "core", "asked_mhz": 150.0, "reached_mhz": None, "met": None}],
    "critical_paths": [],
    "files": {"build.tcl": "0" * 64},
    "folder": "build/boards/zcu104/snn",
    "steps": [],
    "seconds": 1.0,
    "versions": {"pyralis": "0.1"},
    "reproduce": [],
    "ran_on_hardware": False,
}


def text(name):
    return (REPORTS / f"{name}.rpt").read_text()


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(REPORTS, tmp_path / "reports")
    return tmp_path


def test_utilization():
    assert read_utilization(text("utilization")) == [
        {"name": "LUT", "detail": "CLB LUTs", "used": 48213, "available": 230400},
        {"name": "FF", "detail": "CLB Registers", "used": 61254, "available": 460800},
        {"name": "BRAM", "detail": "Block RAM Tile (161.5)", "used": 162, "available": 312},
        {"name": "DSP", "detail": "DSPs", "used": 1056, "available": 1728},
        {"name": "URAM", "detail": "URAM", "used": 0, "available": 96},
    ]


def test_utilization_of_7_series_and_of_older_versions():
    series7 = """\
+-------------------------+-------+-------+-----------+-------+
|        Site Type        |  Used | Fixed | Available | Util% |
+-------------------------+-------+-------+-----------+-------+
| Slice LUTs*             | 22736 |     0 |     53200 | 42.74 |
| Slice Registers         | 19336 |     0 |    106400 | 18.17 |
+-------------------------+-------+-------+-----------+-------+
| Site Type | Used | Fixed | Available | Util% |
| DSPs      |   32 |     0 |       220 | 14.55 |
"""
    assert [(row["name"], row["used"], row["available"]) for row in read_utilization(series7)] == [
        ("LUT", 22736, 53200),
        ("FF", 19336, 106400),
        ("DSP", 32, 220),
    ]


def test_clocks():
    clocks, _ = read_timing(text("timing_summary"))
    # 6.667 ns less 0.217 ns of slack is 6.45 ns; the clock that drives nothing says nothing.
    assert clocks == [{"name": "clk_pl_0", "asked_mhz": 149.993, "reached_mhz": 155.039, "met": True}]


def test_the_worst_setup_path_step_by_step():
    _, (path,) = read_timing(text("timing_summary"))
    core = "shell_i/core/inst/core"
    assert {key: value for key, value in path.items() if key != "steps"} == {
        "clock": "clk_pl_0",
        "from": f"{core}/walk/count_reg[3]/C",
        "to": f"{core}/array/full_reg/D",
        "delay_ns": 6.237,
        "logic_ns": 1.237,
        "routing_ns": 5.0,
        "asked_ns": 6.667,
    }
    assert path["steps"] == [
        {"kind": "clk-to-q", "cell": f"{core}/walk/count_reg[3]/Q", "delay_ns": 0.079},
        {"kind": "routing", "cell": f"{core}/walk/count[3]", "delay_ns": 2.0},
        {"kind": "logic", "cell": f"{core}/walk/full_i_2/O", "delay_ns": 0.148},
        {"kind": "routing", "cell": f"{core}/walk/full_i_2_n_0", "delay_ns": 1.5},
        {"kind": "logic", "cell": f"{core}/array/full_reg_i_1/CO[7]", "delay_ns": 1.01},
        {"kind": "routing", "cell": f"{core}/array/full", "delay_ns": 1.5},
    ]
    assert sum(step["delay_ns"] for step in path["steps"]) == pytest.approx(path["delay_ns"])


def test_steps_that_stand_on_one_line():
    report = text("timing_summary").replace(
        "LUT6 (Prop_A6LUT_SLICEL_I0_O)\n" + 54 * " " + "0.148", "LUT6 (Prop_LUT6_I0_O)        0.148"
    )
    assert report != text("timing_summary")
    _, (path,) = read_timing(report)
    assert path["steps"][2] == {
        "kind": "logic",
        "cell": "shell_i/core/inst/core/walk/full_i_2/O",
        "delay_ns": 0.148,
    }


def violated(report):
    report = report.replace(
        "clk_pl_0            0.217        0.000", "clk_pl_0           -0.433      -12.500"
    )
    return report.replace("Slack (MET) :             0.217ns", "Slack (VIOLATED) :        -0.433ns")


def test_a_violated_clock():
    (clock,), (path,) = read_timing(violated(text("timing_summary")))
    assert (clock["met"], clock["reached_mhz"]) == (False, pytest.approx(1000 / 7.1, abs=1e-3))
    assert path["to"].endswith("full_reg/D")


def test_a_hold_time_that_is_violated_is_no_clock_that_is_met():
    report = text("timing_summary").replace(
        "185123        0.010        0.000", "185123       -0.010       -0.020"
    )
    (clock,), _ = read_timing(report)
    assert clock["met"] is False
    assert clock["reached_mhz"] > clock["asked_mhz"]


def test_power():
    assert read_power(text("power")) == {
        "total": 4.812,
        "dynamic": 4.105,
        "static": 0.707,
        "junction temperature": "29.7 °C",
        "confidence": "Medium",
    }
    hot = text("power").replace("| 4.812        |", "| 44.812 (Junction temp exceeded!) |")
    assert read_power(hot)["total"] == 44.812


def test_all_of_them_and_none(folder, tmp_path):
    found = read_reports(folder)
    assert set(found) == {"resources", "clocks", "critical_paths", "power", "versions"}
    assert found["versions"] == {"vivado": "2023.2"}
    assert read_reports(tmp_path / "nothing") == {}


@pytest.mark.parametrize("name", ["utilization", "timing_summary", "power"])
def test_each_may_be_missing_cut_off_or_something_else(folder, name):
    path = folder / "reports" / f"{name}.rpt"
    whole = path.read_bytes()
    others = set(read_reports(folder))
    for content in (whole[: len(whole) // 3], b"", b"\xff\xfe nothing that Vivado would write\n" * 9):
        path.write_bytes(content)
        assert set(read_reports(folder)) <= others
    path.unlink()
    keys = {"utilization": {"resources"}, "timing_summary": {"clocks", "critical_paths"}, "power": {"power"}}
    assert set(read_reports(folder)) == others - keys[name]


def test_a_project_that_was_built_elsewhere(folder):
    assert reread(RESULT, folder)["ok"] is False
    assert reread(RESULT, folder)["verdict"] == (
        "Asked for 149.993 MHz, reached 155.0 MHz. There is no bitstream in the folder."
    )
    (folder / "design.bit").write_bytes(b"bits")
    (folder / "design.hwh").write_bytes(b"text")
    result = reread(RESULT, folder)
    assert result["ok"] is True
    assert result["verdict"] == "Asked for 149.993 MHz, reached 155.0 MHz."
    assert list(result["files"]) == ["build.tcl", "design.bit", "design.hwh"]
    assert result["versions"] == {"pyralis": "0.1", "vivado": "2023.2"}
    page = render(result)
    for said in ("155.0 MHz", "full_reg/D", "4.812 W", "29.7 °C"):
        assert said in page


def test_a_project_whose_clock_was_missed_elsewhere(folder):
    path = folder / "reports" / "timing_summary.rpt"
    path.write_text(violated(path.read_text()))
    result = reread(RESULT, folder)
    assert result["ok"] is False
    assert result["verdict"] == (
        "Asked for 149.993 MHz, reached 140.8 MHz: 0.433 ns too slow from "
        "shell_i/core/inst/core/walk/count_reg[3]/C to shell_i/core/inst/core/array/full_reg/D."
    )


def test_without_reports_nothing_changes(tmp_path):
    assert reread(RESULT, tmp_path) == RESULT
