"""Charts of finite-field cores: points where they belong, labels that can be read."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyralis.gen.report.gf import _coverage
from pyralis.gen.report.gf_charts import APART, STYLES, _spread, bars, curves, points


def test_a_curve_has_its_points_at_equal_distances():
    text = str(curves("title", {"one": [(8, 1.0), (32, 2.0), (163, 4.0)]}, (8, 32, 163), "m", "percent"))
    (path,) = re.findall(r'<path d="([^"]+)" class="curve c1"', text)
    spots = [tuple(map(float, spot.split())) for spot in path[1:].split("L")]
    (x0, y0), (x1, y1), (x2, y2) = spots
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.02)
    assert y0 - y1 == pytest.approx((y1 - y2) / 2, abs=0.02)
    assert x0 < x1
    assert y0 > y1
    assert "one, 32: 2" in text


def test_series_have_different_colours_and_bounds_a_line():
    series = {f"series {index}": [(1, index)] for index in range(len(STYLES))}
    text = str(curves("title", series, (1, 2), "t", "percent", {"bound": 3.0}))
    for style in STYLES:
        assert text.count(f'class="name {style}"') == 1
    assert text.count('class="bound"') == 1
    assert ">bound<" in text


def test_a_series_without_points_is_left_out():
    assert "nothing" not in str(curves("title", {"nothing": [], "one": [(1, 1)]}, (1,), "t", "percent"))


@given(st.lists(st.floats(20, 270), max_size=12))
def test_labels_do_not_overlap(heights):
    placed = _spread([(y, str(y), "c1") for y in heights], 270.0)
    levels = [y for y, _, _ in placed]
    assert all(below - above >= APART - 1e-6 for above, below in pairwise(levels))
    assert all(y <= 270 for y in levels)


def test_points_and_bars_say_what_they_are():
    text = str(points("title", {"copies": [(206.0, 100.0, "three copies")]}, "area", "percent"))
    assert "three copies: 206.0 %, 100.00 %" in text
    text = str(bars("title", [("design <1>", 25, "c1")], "gates", {"aim": 14}))
    assert "design &lt;1&gt;: 25 gates" in text
    assert text.count('class="mark"') == 2  # in the legend, and at its place


def test_thousands_stand_apart_as_in_tables():
    text = str(bars("title", [("one", 1342.5, "c1"), ("two", 1_234_567, "c1")], "gates"))
    assert "1\u202f342.5</text>" in text
    assert "1\u202f234\u202f567</text>" in text


def test_without_faults_there_is_no_chart_of_them():
    assert _coverage([{"coverage": None}]) is None
