"""A bitstream from a design: with the real tools once, and what becomes of a missed clock."""

import hashlib
import json
from pathlib import Path

import pytest

from pyralis.boards.base import all_boards
from pyralis.gen.boards.designs.gf import design
from pyralis.gen.boards.ecp5 import flow, tools
from pyralis.gen.boards.ecp5.nextpnr import RESOURCES
from pyralis.gen.errors import ToolError, UserError
from pyralis.gen.synthesis import yosys
from pyralis.hw.gf.config import GfConfig

BOARD = all_boards()["ulx3s"]
SMALL = GfConfig(m=4, correct=0, corrector="none")
MISSED = (
    "The clock of gf4-two_step-residue_bch-t1-c0 is not met: Asked for 100 MHz, reached 66.6 MHz: "
    "5.01 ns too slow from shell.core.b_0__value[6] to shell.core.core.result__payload."
)
"""Of the stored report."""

SAMPLE = Path(__file__).with_name("report.json").read_text()


def test_a_small_multiplier_becomes_a_bitstream(tmp_path):
    first = flow.build(BOARD, design(SMALL), tmp_path / "a", clock_mhz=50, cache=tmp_path / "cache")
    assert first["ok"] and first["clocks"][0]["reached_mhz"] > 50
    assert first["verdict"].startswith("Asked for 50 MHz, reached ")
    assert json.loads((tmp_path / "a" / "result.json").read_text())["files"] == first["files"]
    for name, digest in first["files"].items():
        assert hashlib.sha256((tmp_path / "a" / name).read_bytes()).hexdigest() == digest
    bits = (tmp_path / "a" / "gf.bit").read_bytes()
    assert bits[:2] == b"\xff\x00" and b"Part: LFE5U-85F-6CABGA381" in bits[:200]
    used = {row["name"]: row["used"] for row in first["resources"]}
    assert 500 < used["LUT"] < 4000 and used["BRAM"] >= 1 and set(used) == set(RESOURCES)
    log = (tmp_path / "a" / "nextpnr.log").read_text()
    assert "Derived frequency constraint of 50.0 MHz for net clk" in log

    # Redundancy has survived: blocks that check each other are there under their own names.
    netlist = next((tmp_path / "cache" / "synthesis").glob("*/top.json"))
    cells = json.loads(netlist.read_text())["modules"]["top"]["cells"]
    for block in ("multiplier_0", "predictor_0", "checker_0"):
        assert any(f"shell.core.core.front.datapath.{block}." in name for name in cells), block

    again = flow.build(BOARD, design(SMALL), tmp_path / "b", clock_mhz=50, cache=tmp_path / "cache")
    assert (tmp_path / "b" / "gf.bit").read_bytes() == bits
    assert [step["name"] for step in again["steps"]] == ["generate", "synthesise", "place and route", "pack"]
    assert all("kept from before" in step["result"] for step in again["steps"][1:])
    tools_first, tools_again = (
        result["build_seconds"] - result["steps"][0]["seconds"] for result in (first, again)
    )
    assert tools_again == pytest.approx(tools_first)  # what they took when they ran


def test_more_blocks_than_there_are_never_reach_the_placer(tmp_path, monkeypatch):
    cells = [{"type": "DP16KD"}] * 209 + [{"type": "MULT18X18D"}] * 156
    (tmp_path / "top.json").write_text(json.dumps(cells))
    monkeypatch.setattr(flow._Stages, "synthesise", lambda *_args, **_how: tmp_path / "top.json")
    with pytest.raises(UserError) as caught:
        flow.build(BOARD, design(SMALL), tmp_path / "a", clock_mhz=50, cache=tmp_path / "cache")
    name = "gf4-two_step-residue_bch-t1-c0"
    assert caught.value.what == f"{name} is larger than LFE5U-85F-6BG381C: BRAM 209 > 208."
    assert (caught.value.where, caught.value.hint) == (
        f"ulx3s, {name}",
        "a smaller core, or less memory for it",
    )


@pytest.mark.slow
def test_the_same_bytes_without_what_was_kept(tmp_path):
    digests = set()
    for name in "ab":
        result = flow.build(
            BOARD, design(SMALL), tmp_path / name, clock_mhz=50, cache=tmp_path / f"cache-{name}"
        )
        digests.add(result["files"]["gf.bit"])
    assert len(digests) == 1
    other = flow.build(BOARD, design(SMALL), tmp_path, clock_mhz=50, seed=2, cache=tmp_path / "cache-a")
    assert other["files"]["gf.bit"] not in digests


@pytest.mark.slow
def test_an_absurd_clock_is_not_met(command, tmp_path):
    words = ("--m", 4, "--correct", 0, "--corrector", "none", "--clock", 400, "-o", tmp_path)
    code, out, err = command("bitstream", "gf", "--board", "ulx3s", *words)
    assert code == 2 and "pack" not in out
    assert "is not met: Asked for 400 MHz, reached " in err and " ns too slow from shell." in err
    assert not (tmp_path / "gf.bit").exists()


def program(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\nif [ $1 = --version ]; then echo 1; exit; fi\n{text}\n")
    file.chmod(0o755)


@pytest.fixture
def pretended(tmp_path, monkeypatch):
    """Tools that cost nothing: synthesis gives an empty netlist, place and route the stored report."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "report").write_text(SAMPLE)
    program(folder, "nextpnr-ecp5", f"cp {folder}/report report.json; echo $* >top.config")
    program(folder, "ecppack", 'cp "$3" "$5"')
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    (tmp_path / "top.json").write_text("{}")
    (tmp_path / "done").write_text("1.5")
    monkeypatch.setattr(yosys, "run_in", lambda *_, **__: (tmp_path, False))
    tools.find.cache_clear()
    yield folder
    tools.find.cache_clear()


def build(tmp_path: Path, **options):
    return flow.build(BOARD, design(SMALL), tmp_path / "out", cache=tmp_path / "cache", **options)


def test_a_missed_clock_fails_and_leaves_no_bitstream(pretended, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "gf.bit").write_text("of an earlier build")
    with pytest.raises(ToolError) as caught:
        build(tmp_path)
    assert caught.value.what == MISSED
    assert caught.value.hint == "--clock 66 or less, or another --seed"
    assert caught.value.log == str(tmp_path / "out" / "nextpnr.log")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "nextpnr.json",
        "nextpnr.log",
        "result.json",
        "top.lpf",
    ]
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["ok"] is False and result["clocks"][0]["met"] is False
    assert result["verdict"].startswith("Asked for 100 MHz, reached 66.6 MHz: 5.01 ns too slow from ")
    assert result["ran_on_hardware"] is False


def test_the_command_line_ends_with_2_and_three_lines(pretended, tmp_path, command, monkeypatch):
    monkeypatch.setattr(flow, "CACHE", tmp_path / "cache")
    words = ("--m", 4, "--correct", 0, "--corrector", "none", "-o", tmp_path / "out")
    code, _, err = command("bitstream", "gf", "--board", "ulx3s", *words)
    assert code == 2
    assert err.splitlines() == [
        f"pyralis: {MISSED}",
        f"  log:   {tmp_path / 'out' / 'nextpnr.log'}",
        "  next:  --clock 66 or less, or another --seed",
    ]


@pytest.mark.parametrize(
    ("clocks", "taken", "said"),
    [({14: 101.5}, 14, "101.5 MHz"), ({14: 99.5, 13: 101}, 13, "99.5 and 101.0 MHz")],
)
def test_device_and_seeds_go_to_place_and_route(pretended, tmp_path, clocks, taken, said):
    for seed, mhz in clocks.items():
        content = json.loads(SAMPLE)
        content["fmax"]["$glbnet$clk"]["achieved"] = mhz
        (pretended / f"report-{seed}").write_text(json.dumps(content))
    place = f"cp {pretended}/report-$7 report.json; echo $* >top.config"
    program(pretended, "nextpnr-ecp5", place)
    result = build(tmp_path, seed=7, reproduce=["make it so"])
    words = (tmp_path / "out" / "gf.bit").read_text().split()
    assert words[:7] == ["--85k", "--package", "CABGA381", "--speed", "6", "--seed", str(taken)]
    assert result["reproduce"] == ["make it so"] and result["seed"] == 7
    assert result["clocks"][0]["reached_mhz"] == clocks[taken]
    assert result["steps"][2]["result"] == said


def test_a_tool_that_fails_leaves_neither_bitstream_nor_result(pretended, tmp_path):
    program(pretended, "nextpnr-ecp5", "echo 'ERROR: cannot fit'; exit 1")
    (tmp_path / "out").mkdir()
    for name in ("gf.bit", "result.json"):
        (tmp_path / "out" / name).write_text("of an earlier build")
    with pytest.raises(ToolError, match=r"nextpnr-ecp5 stopped: ERROR: cannot fit"):
        build(tmp_path)
    assert list((tmp_path / "out").iterdir()) == []


def test_what_the_user_can_mend(tmp_path):
    with pytest.raises(UserError) as caught:
        build(tmp_path, clock_mhz=61.3)
    assert caught.value.what == (
        "clock_mhz must be one that the PLL can make from 25 MHz, not 61.3; nearest: 61.25 and 61.3636."
    )
    assert caught.value.hint == "another --clock"
