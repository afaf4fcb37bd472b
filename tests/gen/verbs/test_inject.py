"""``pyralis inject gf`` through the command line, its chart, and what it refuses."""

import json
import xml.etree.ElementTree as ET

import pytest

from pyralis.gen.cli import main
from pyralis.gen.gf.outcomes import LABELS, chart, rows_of
from pyralis.sim.gf.campaign import OUTCOMES

ROW = {"cases": 4, "faults": dict.fromkeys(OUTCOMES, 0) | {"corrected": 3, "silent": 1}}
RESULT = {
    "singles": [{"group": "multiplier", "kind": "flip", **ROW}],
    "doubles": [{"where": "both in the multiplier", **ROW}],
    "operands": [{"seen_by": "multiplier", **ROW}],
}


def test_figures_and_chart_are_written(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["inject", "gf", "--m", "4", "--vectors", "64", "--doubles", "50", "--seed", "3"]
    words.append("--no-post-check")  # so that there is a gate to be named
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "multiplier, stuck at 1" in out and "two, one in the multiplier" in out
    assert "gates that do harm" in out
    assert "Figures: build/inject/gf.json  chart: build/inject/gf.svg" in out
    found = json.loads((tmp_path / "build/inject/gf.json").read_text())
    assert found["seed"] == 3 and found["vectors"] == 64
    assert ET.parse(tmp_path / "build/inject/gf.svg").getroot().tag.endswith("svg")
    assert main([*words, "--json", "-o", "again.json"]) == 0
    assert json.loads((tmp_path / "again.json").read_text()) == found


def test_every_outcome_has_a_label():
    assert tuple(LABELS) == OUTCOMES


def test_a_bar_for_each_row_and_a_legend_of_what_occurs():
    text = chart(RESULT, "a <title>")
    root = ET.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    tips = [element.text for element in root.iter(f"{space}title")]
    labels = [label for label, _, _ in rows_of(RESULT)]
    assert labels == ["multiplier, flip", "two, both in the multiplier", "operand bit of multiplier"]
    assert tips == [f"{label}: {what}" for label in labels for what in ("3 corrected", "1 silent")]
    words = [element.text for element in root.iter(f"{space}text")]
    assert "corrected" in words and "silent" in words and "miscorrected" not in words
    assert root.get("aria-label") == "a <title>"


def test_what_takes_many_cycles_is_refused(capsys):
    words = ["inject", "gf", "--m", "8", "--t", "2", "--corrector", "folded"]
    assert main(words) == 1
    err = capsys.readouterr().err
    assert "Gate by gate, only datapaths can be looked at" in err
    assert "corrector = 'folded'" in err


@pytest.mark.parametrize("option", ["--doubles", "--seed"])
def test_numbers_below_zero_are_refused(command, option):
    code, _, err = command("inject", "gf", "--m", "4", option, "-1")
    assert code == 1
    assert err.startswith(f"pyralis: Argument {option}: '-1' is no number of at least 0\n")
