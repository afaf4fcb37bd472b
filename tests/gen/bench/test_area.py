"""The count of a graph core by block: sums of its modules."""

import json

import pytest

from pyralis.gen.bench import area
from pyralis.gen.boards.vivado.bymodule import Counted

COUNTED = [
    Counted(name="gcn_top.core.aggregation.core_0_0", instances=4, cells={"LUT6": 10}, children={"q": 1}),
    Counted(name="gcn_top.core.aggregation.core_0_0.queue.fifo", instances=4, cells={"FDRE": 3}, children={}),
    Counted(name="gcn_top.core.combination.column_0.tasks_1", instances=2, cells={"LUT2": 7}, children={}),
    Counted(name="gcn_top.core.combination.column_1$7.tasks_0", instances=1, cells={"LUT2": 7}, children={}),
    Counted(name="gcn_top.core", instances=1, cells={"LUT3": 5, "RAMB18E2": 1}, children={}),
    Counted(name="gcn_top", instances=1, cells={"INV": 1}, children={}),
]


@pytest.fixture(autouse=True)
def mapped(monkeypatch):
    calls = []
    monkeypatch.setattr(area, "emit", lambda component, name: f"{name} of {component.config.columns} columns")
    monkeypatch.setattr(area, "count_modules", lambda *given: calls.append(given) or COUNTED)
    return calls


def test_blocks_are_sums_of_modules(command, tmp_path, mapped):
    path = tmp_path / "area.json"
    code, out, _ = command("bench", "area", "--preset", "z32", "-o", path)
    assert code == 0 and mapped == [("gcn_top of 16 columns", "gcn_top", "xcup")]
    result = json.loads(path.read_text())
    assert result["core"]["name"] == "z32"
    assert result["total"] == {"LUT": 67, "FF": 12, "BRAM": 0.5, "URAM": 0, "DSP": 0}
    assert {row["block"]: (row["LUT"], row["FF"]) for row in result["blocks"]} == {
        "aggregation.core": (40, 0),
        "combination.column.tasks": (21, 0),
        "top": (6, 0),
        "aggregation.core.queue": (0, 12),
    }
    lines = [line.split() for line in out.splitlines() if line]
    assert lines[0] == ["block", "LUT", "FF", "BRAM", "URAM", "DSP"]
    assert lines[2] == ["aggregation.core", "40", "0", "0", "0", "0"]
    assert lines[6] == ["together", "67", "12", "0.5", "0", "0"]


def test_what_is_not_shown_is_summed(command, tmp_path, monkeypatch):
    monkeypatch.setattr("pyralis.gen.verbs.bench.area.SHOWN", 2)
    _, out, _ = command("bench", "area", "-o", tmp_path / "area.json")
    assert [line.split() for line in out.splitlines() if "others" in line] == [
        ["2", "others", "6", "12", "0.5", "0", "0"]
    ]


def test_a_cell_that_no_device_has_is_no_success(command, tmp_path, monkeypatch):
    odd = Counted(name="gcn_top", instances=1, cells={"$mem_v2": 1}, children={})
    monkeypatch.setattr(area, "count_modules", lambda *_: [odd])
    code, out, _ = command("bench", "area", "-o", tmp_path / "area.json")
    assert code == 1 and "The device has no $mem_v2." in out
