"""Charts of a classified graph: bars as long as their numbers, a mark where all lanes would be busy."""

import re

import pytest

from pyralis.gen.report import gcn_demo


def phase(name: str, first: int, later: int, operations: int) -> dict:
    counts = {"first": {"cycles": first}, "later": {"cycles": later}}
    return {"name": name, "kind": "combination", "operations": operations, "lanes": 10, **counts}


def bars(text: str, style: str) -> list[float]:
    """Widths of the bars of a style, those of the legend left out."""
    found = re.findall(r'<rect x="[^"]+" y="[^"]+" width="([^"]+)" height="([^"]+)" class="(\w+)">', text)
    return [
        float(width) for width, height, name in found if name == style and (width, height) != ("10", "10")
    ]


def test_phases_have_bars_in_proportion_and_a_mark():
    phases = [phase("a", 4000, 2000, 10_000), phase("b", 1000, 1000, 1_000)]
    text = str(gcn_demo.phase_cycles(phases, 8000, 6000))
    cold, warm = bars(text, "c3"), bars(text, "c1")
    assert [width / cold[2] for width in cold] == pytest.approx([0.5, 0.125, 1], rel=1e-3)
    assert [width / cold[2] for width in warm] == pytest.approx([0.25, 0.125, 0.75], rel=1e-3)
    marks = [float(x) for x in re.findall(r'<line x1="([^"]+)" [^>]*class="mark"', text)][1:]
    left = float(re.search(r'<rect x="([^"]+)" [^>]*height="15"', text)[1])
    assert [(x - left) / cold[2] for x in marks] == pytest.approx([1000 / 8000, 100 / 8000], rel=1e-3)
    assert "a, combination, first run: 4\u202f000 cycles" in text


def test_traffic_is_stacked_by_kind():
    tables = {
        "first": {"edges": 3072, "weights": 1024, "outputs": 0},
        "later": {"edges": 0, "weights": 1024, "outputs": 0},
        "compulsory": {"edges": 2048, "weights": 1024, "outputs": 0},
    }
    text = str(gcn_demo.traffic(tables))
    edges, weights = bars(text, "c1"), bars(text, "c2")
    assert [width / edges[0] for width in edges] == pytest.approx([1, 0, 2 / 3], rel=1e-3)
    assert [width / edges[0] for width in weights] == pytest.approx([1 / 3] * 3, rel=1e-3)
    assert "outputs" not in text, "nothing was written"
    assert "first run, edges: 3\u202f072 bytes" in text
    assert ">4.0</text>" in text


def test_degrees_name_single_ones_and_ranges():
    text = str(gcn_demo.degrees({"degree_bounds": [0, 1, 2, 4], "degree_counts": [5, 0, 10]}))
    assert "degree 0: 5 nodes" in text
    assert "degree 1: 0 nodes" in text
    assert "degree 2\u20133: 10 nodes" in text


def test_logits_stand_beside_float():
    sample = {"logits": [-50, 100], "float_logits": [-48.0, 99.0], "class": 1, "label": 0}
    text = str(gcn_demo.logits(sample))
    assert "the core answers 1" in text
    assert ">0 ◂</text>" in text
    low, best = bars(text, "c3")[0], bars(text, "c1")[0]
    assert best == pytest.approx(2 * low, rel=1e-3)


def test_pictures_only_where_nodes_are_pictures():
    pixels = [[0] * 8] * 8
    sample = {"node": 4, "label": 2, "neighbours": [{"node": 9, "label": 3}], "pictures": [pixels, pixels]}
    common = {"logits": [1], "float_logits": [1.0], "class": 0}
    tables = {name: {"edges": 1} for name in ("first", "later", "compulsory")}
    result = {
        "sample": sample | common,
        "phases": [phase("a", 1, 1, 1)],
        "cycles_first": 1,
        "cycles_later": 1,
        "traffic": tables,
        "graph": {"degree_bounds": [0, 1], "degree_counts": [2]},
    }
    found = gcn_demo.charts(result)["pictures"]
    assert [(name, label) for name, label, _ in found] == [("node 4", 2), ("node 9", 3)]
    assert str(found[0][2]).count("<rect") == 64
    result["sample"]["pictures"] = []
    assert gcn_demo.charts(result)["pictures"] == []
