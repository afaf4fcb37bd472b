"""What a user gets: the whole project without Vivado, and what Vivado makes of it with one.

Vivado is played by a script that prints what ``build.tcl`` would print and leaves what it would leave.
"""

import json
import shutil
import stat
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from zynqcores import probe

from pyralis.boards.base import all_boards
from pyralis.gen.boards import flows
from pyralis.gen.boards.capacity import Need, bases
from pyralis.gen.boards.vivado import build, report
from pyralis.gen.errors import ToolError
from pyralis.gen.progress import Progress
from pyralis.gen.report.page import render

REPORTS = Path(__file__).parent / "reports"

BOARD = all_boards()["zcu104"]

VIVADO = """\
#!/bin/sh
echo "$@" > arguments
echo "****** Vivado v2023.2 (64-bit)"
echo "PYRALIS-STAGE package"
echo "PYRALIS-STAGE synthesis"
{middle}
mkdir -p reports
cp {reports}/*.rpt reports
{end}
"""

GOOD = """\
echo PYRALIS-STAGE bitstream
printf bits > design.bit
printf text > design.hwh
echo PYRALIS-STAGE done
"""


@pytest.fixture
def vivado(tmp_path, monkeypatch):
    """Puts a Vivado on PATH that does what it is told; without a call there is none."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("tclsh", "sh", "cp", "mkdir"):
        if path := shutil.which(name):
            (folder / name).symlink_to(path)
    monkeypatch.setenv("PATH", str(folder))

    def make(middle="", end=GOOD):
        path = folder / "vivado"
        path.write_text(VIVADO.format(middle=middle, end=end, reports=REPORTS))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return make


def read(folder):
    return json.loads((folder / "result.json").read_text())


def test_without_vivado_all_is_written_and_the_command_is_said(tmp_path, vivado, tclsh):
    folder = tmp_path / "out"
    with pytest.raises(ToolError) as caught:
        build(BOARD, probe(), folder, reproduce=["make bitstream BOARD=zcu104"])
    assert caught.value.what == (
        f"Vivado is not on PATH, so there is no bitstream; the whole project for it is written to {folder}: "
        "rtl/probe.v, constraints/zcu104.xdc, tcl/package.tcl, tcl/design.tcl, build.tcl."
    )
    command = f"cd {folder} && vivado -mode batch -source build.tcl"
    assert caught.value.hint == f"on a machine with Vivado 2022.2 or newer: {command}"
    result = read(folder)
    assert result["ok"] is False
    assert result["verdict"].startswith(
        "The project is written and not built: Vivado is not on PATH. Its Tcl was run without the tool: "
    )
    assert result["verdict"].endswith(" calls, nothing missing.")
    assert result["clocks"] == [{"name": "core", "asked_mhz": 150.0, "reached_mhz": None, "met": None}]
    assert result["reproduce"] == ["make bitstream BOARD=zcu104", command]
    assert [step["name"] for step in result["steps"]] == ["generate", "check"]
    assert all((folder / name).is_file() for name in result["files"])
    assert "build_seconds" not in result
    assert "not built" in render(result)


def test_without_vivado_there_is_an_estimate(tmp_path, vivado, capsys):
    need = Need(luts=23_040, block_rams=39, dsps=0)
    design = replace(probe(core="snn"), need=lambda board: need if board is BOARD else None)
    with pytest.raises(ToolError):
        build(BOARD, design, tmp_path, progress=Progress(sys.stderr))
    said = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("estimate"))
    assert said.endswith("  about 23,040 LUT (10.0 %), 39 BRAM (12.5 %), 0 DSP (0.0 %), by estimate")
    result = read(tmp_path)
    assert result["resources"] == []
    assert result["estimate"]["resources"][0] == {"name": "LUT", "used": 23_040, "available": 230_400}
    assert result["estimate"]["basis"] == bases()["snn"]
    assert f"estimated before synthesis: {bases()['snn']}" in render(result)


def test_without_an_estimate_none_is_made_up(tmp_path, vivado):
    with pytest.raises(ToolError):
        build(BOARD, probe(), tmp_path)
    assert "estimate" not in read(tmp_path)


def test_what_vivado_counts_is_shown_instead_of_the_estimate(tmp_path, vivado):
    vivado()
    need = Need(luts=23_040, block_rams=39, dsps=0)
    result = build(BOARD, replace(probe(core="snn"), need=lambda _: need), tmp_path / "out")
    assert result["estimate"]["resources"][0]["used"] == 23_040
    assert result["resources"][0]["used"] == 48_213
    page = render(result)
    assert "counted by place and route" in page and "estimated before" not in page


def test_without_tclsh_the_check_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError, match="Vivado is not on PATH"):
        build(BOARD, probe(), tmp_path)
    assert read(tmp_path)["verdict"] == (
        "The project is written and not built: Vivado is not on PATH. "
        "Its Tcl was not tried, because there is no tclsh."
    )
    assert read(tmp_path)["steps"][1]["result"] == "left out: there is no tclsh"


def test_a_project_that_lacks_something_is_not_built(tmp_path, vivado, tclsh, monkeypatch):
    vivado()
    monkeypatch.setattr("pyralis.gen.boards.vivado.project.range_of", lambda core: 128)
    with pytest.raises(ToolError) as caught:
        build(BOARD, probe(), tmp_path / "out")
    assert caught.value.what == (
        "The project is not complete: "
        "The registers of the IP do not take 4096 bytes of addresses. (And 2 more.)"
    )
    assert not (tmp_path / "out" / "arguments").exists()


def test_with_vivado(tmp_path, vivado):
    vivado()
    folder = tmp_path / "out"
    result = build(BOARD, probe(), folder)
    assert result == read(folder)
    assert result["ok"] is True
    assert result["verdict"] == "Asked for 149.993 MHz, reached 155.0 MHz."
    assert result["power"]["total"] == 4.812
    assert {"design.bit", "design.hwh", "build.tcl"} <= set(result["files"])
    names = [step["name"] for step in result["steps"]]
    assert names == ["generate", "check", "vivado: package", "vivado: synthesis", "vivado: bitstream"]
    assert result["build_seconds"] == result["seconds"] >= sum(step["seconds"] for step in result["steps"])
    assert (folder / "arguments").read_text() == "-mode batch -source build.tcl -nojournal -nolog\n"
    assert "Vivado v2023.2" in (folder / "build.log").read_text()


@pytest.mark.parametrize("end", [GOOD, "echo 'PYRALIS-ERROR The clock is not met.'\nexit 1"])
def test_the_reports_are_read_once(tmp_path, vivado, monkeypatch, end):
    vivado(end=end)
    read_reports, folders = report.read_reports, []
    monkeypatch.setattr(report, "read_reports", lambda folder: folders.append(folder) or read_reports(folder))
    with nullcontext() if end == GOOD else pytest.raises(ToolError):
        flows.build(BOARD, probe(), tmp_path / "out")
    assert folders == [tmp_path / "out"]
    assert "155.0 MHz" in (tmp_path / "out" / "report.html").read_text()


def test_stages_are_said_while_they_run(tmp_path, vivado, capsys):
    vivado()
    build(BOARD, probe(), tmp_path / "out", progress=Progress(sys.stderr))
    said = [line.split("  ")[0] for line in capsys.readouterr().err.splitlines()]
    assert said == ["generate", "check", "vivado: package", "vivado: synthesis", "vivado: bitstream"]


def test_a_clock_that_is_missed(tmp_path, vivado):
    sentence = "The clock of 150 MHz is not met: the worst setup slack is -0.433 ns."
    vivado(end=f"echo 'PYRALIS-ERROR {sentence}'\nexit 1")
    with pytest.raises(ToolError) as caught:
        build(BOARD, probe(), tmp_path / "out")
    assert caught.value.what == sentence
    assert caught.value.log == str(tmp_path / "out" / "build.log")
    result = read(tmp_path / "out")
    assert result["ok"] is False
    assert result["resources"][0]["used"] == 48213
    assert "design.bit" not in result["files"]


@pytest.mark.parametrize(
    ("middle", "what"),
    [
        (
            "echo 'ERROR: [Synth 8-1] it will not do'\nexit 1",
            "Vivado stopped: ERROR: [Synth 8-1] it will not do",
        ),
        ("exit 3", "Vivado ended with exit code 3."),
        ("exit 0", "Vivado ended without an error and left no bitstream that meets its clock."),
    ],
)
def test_a_vivado_that_fails(tmp_path, vivado, middle, what):
    vivado(middle)
    with pytest.raises(ToolError) as caught:
        build(BOARD, probe(), tmp_path / "out")
    assert caught.value.what == what
    assert read(tmp_path / "out")["verdict"] == what


def test_an_earlier_build_does_not_pass_for_this_one(tmp_path, vivado):
    vivado()
    folder = tmp_path / "out"
    build(BOARD, probe(kept=True), folder)
    assert (folder / "constraints" / "core.xdc").exists()
    vivado("exit 3")
    with pytest.raises(ToolError):
        build(BOARD, probe(), folder)
    assert not (folder / "design.bit").exists()
    assert not (folder / "reports" / "power.rpt").exists()
    assert not (folder / "constraints" / "core.xdc").exists()
    assert read(folder)["resources"] == []
