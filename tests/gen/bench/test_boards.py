"""The bench of boards: a row a design, and no row that pretends."""

import json

import pytest

from pyralis.gen.bench import boards
from pyralis.gen.bench.boards import CASES, Case, bench
from pyralis.gen.boards.designs.gf import design
from pyralis.gen.errors import ToolError
from pyralis.hw.gf.config import GfConfig

CASE = Case(
    name="m4",
    title="m = 4",
    board="ulx3s",
    aim_mhz=100.0,
    design=lambda progress: design(GfConfig(m=4, protect="none")),
)


def built(reached, asked=100.0):
    return {
        "clocks": [{"name": "sync", "asked_mhz": asked, "reached_mhz": reached, "met": reached >= asked}],
        "resources": [{"name": "LUT", "detail": "TRELLIS_COMB", "used": 10, "available": 100}],
        "critical_paths": [],
        "build_seconds": 1.5,
        "steps": [{"name": "pack", "seconds": 1.5, "result": ""}],
        "versions": {"nextpnr": "1"},
        "verdict": "a sentence.",
    }


def test_figures_are_those_of_the_build(tmp_path, monkeypatch):
    monkeypatch.setattr(boards, "build", lambda *_, **__: built(120.0))
    result = bench(tmp_path / "b.json", cases=[CASE], folder=tmp_path)
    assert result == json.loads((tmp_path / "b.json").read_text())
    (row,) = result["designs"]
    assert row["lut"] == {"used": 10, "available": 100}
    assert (row["clock_asked_mhz"], row["clock_reached_mhz"], row["build_seconds"]) == (100.0, 120.0, 1.5)
    assert row["config"]["m"] == 4
    assert result["ok"]
    assert result["verdict"] == "1 of 1 designs reach the clock that is wanted of them."


def test_a_clock_that_is_missed_is_a_row_and_not_a_success(tmp_path, monkeypatch):
    def fail(board, design, folder, **_):
        folder.mkdir()
        (folder / "result.json").write_text(json.dumps(built(80.0)))
        raise ToolError("The clock is not met.")

    monkeypatch.setattr(boards, "build", fail)
    result = bench(tmp_path / "b.json", cases=[CASE], folder=tmp_path)
    assert not result["ok"]
    assert not result["designs"][0]["reached"]
    assert result["designs"][0]["clock_reached_mhz"] == 80.0


def test_a_clock_below_the_aim_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setattr(boards, "build", lambda *_, **__: built(90.0, asked=50.0))
    assert not bench(tmp_path / "b.json", cases=[CASE], folder=tmp_path)["ok"]


def test_a_tool_that_leaves_nothing_ends_the_bench(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ToolError("Yosys stopped.")

    monkeypatch.setattr(boards, "build", fail)
    with pytest.raises(ToolError, match=r"Yosys stopped\."):
        bench(tmp_path / "b.json", cases=[CASE], folder=tmp_path)
    assert not (tmp_path / "b.json").exists()


def test_names_are_chosen_and_a_wrong_one_is_answered(command, tmp_path, monkeypatch):
    monkeypatch.setattr(boards, "build", lambda *_, **__: built(120.0))
    code, out, _ = command("bench", "boards", "--only", "gf45_t1", "-o", tmp_path / "b.json")
    assert code == 0
    assert "multiplier m = 45, one error, hardened" in out
    code, _, err = command("bench", "boards", "--only", "gf45t1")
    assert code == 1
    names = "snn_tiny, gcn_tiny, gf45_t1, gf45_t3, gf163_plain"
    assert f"There is no design 'gf45t1' in this bench; there are {names}." in err
    assert "did you mean 'pyralis bench boards --only gf45_t1'?" in err


def test_the_designs_that_matter_are_in_it():
    aims = {case.name: case.aim_mhz for case in CASES}
    assert aims["snn_tiny"] >= 60
    assert aims["gcn_tiny"] >= 25
    assert aims["gf45_t1"] >= 100
    assert aims["gf163_plain"] >= 100
