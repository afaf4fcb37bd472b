"""A build, whatever its tools, leaves a page that can be read."""

import json

import pytest

from pyralis.boards.base import all_boards
from pyralis.gen.boards import ecp5, flows, vivado
from pyralis.gen.errors import ToolError


def write_result(folder, name, ok):
    """The least that a flow leaves."""
    board = all_boards()[name]
    result = {
        "job": "bitstream",
        "ok": ok,
        "verdict": "A sentence.",
        "board": {key: getattr(board, key) for key in ("name", "title", "part", "family", "flow")},
        "design": {"core": "gf", "name": "m8", "top": "gf_lite", "config": {}},
        "resources": [],
        "clocks": [],
        "critical_paths": [],
        "files": {},
        "versions": {},
        "steps": [],
        "reproduce": [],
        "ran_on_hardware": False,
    }
    folder.mkdir(exist_ok=True)
    (folder / "result.json").write_text(json.dumps(result))
    return result


def test_the_flow_of_the_board_is_taken(tmp_path, monkeypatch):
    for flow, name in ((ecp5, "ulx3s"), (vivado, "kv260")):
        asked = {}

        def build(board, design, folder, name=name, asked=asked, **settings):
            asked.update(settings, board=board, design=design)
            return write_result(folder, name, ok=True)

        monkeypatch.setattr(flow, "build", build)
        result = flows.build(all_boards()[name], "design", tmp_path / name, clock_mhz=70.0, seed=3)
        assert result["ok"]
        assert (asked["board"].name, asked["design"], asked["clock_mhz"], asked["seed"]) == (
            name,
            "design",
            70.0,
            3,
        )
        assert "A sentence." in (tmp_path / name / "report.html").read_text()


def test_a_build_that_fails_has_its_page_too(tmp_path, monkeypatch):
    def build(board, design, folder, **_):
        write_result(folder, "ulx3s", ok=False)
        raise ToolError("The clock is not met.")

    monkeypatch.setattr(ecp5, "build", build)
    with pytest.raises(ToolError, match="not met"):
        flows.build(all_boards()["ulx3s"], "design", tmp_path / "x")
    assert 'class="verdict bad"' in (tmp_path / "x" / "report.html").read_text()


def test_a_tool_that_fails_early_leaves_no_page(tmp_path, monkeypatch):
    def build(*_, **__):
        raise ToolError("Yosys stopped.")

    monkeypatch.setattr(ecp5, "build", build)
    with pytest.raises(ToolError, match="Yosys"):
        flows.build(all_boards()["ulx3s"], "design", tmp_path)
    assert not (tmp_path / "report.html").exists()
