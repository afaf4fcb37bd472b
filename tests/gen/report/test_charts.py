"""Charts: what they must show, and numbers that are easily wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyralis.gen.report import charts
from pyralis.gen.report.svg import Svg, ticks


@given(st.floats(1e-3, 1e9))
def test_ticks_are_round_and_reach_the_top(high):
    values = ticks(high)
    assert values[0] == 0
    assert values[-1] >= high * 0.999999
    assert values[-2] < high
    assert 3 <= len(values) <= 8


def test_ticks_of_nothing():
    assert ticks(0) == [0, 1]


@given(st.integers(-(1 << 40), 1 << 40), st.integers(0, 1 << 40))
def test_signed_bits_are_enough_and_not_too_many(low, more):
    high = low + more
    bits = charts.signed_bits(low, high)
    assert -(1 << bits - 1) <= low
    assert high < 1 << bits - 1
    if bits > 1:
        assert low < -(1 << bits - 2) or high >= 1 << bits - 2


def test_text_of_the_user_cannot_become_markup():
    svg = Svg(10, 10, 'a "title" <b>')
    svg.text(0, 0, "<script>")
    svg.rect(0, 0, 1, 1, "c1", "a < b")
    text = str(svg.markup())
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "a &lt; b" in text
    assert "<b>" not in text


@pytest.fixture
def layer():
    return {
        "name": "conv",
        "active_per_image": 60.0,
        "weight_stalls_per_image": 30.0,
        "cycles_per_image": 100.0,
        "estimated_cycles_per_image": 90.0,
    }


def test_the_parts_of_a_bar_are_the_cycles(layer):
    text = str(charts.cycles([layer], 0))
    assert "conv: 60.0 cycles with a step in the array" in text
    assert "conv: 30.0 cycles in which a step waited for its weights" in text
    assert "conv: 10.0 other cycles" in text
    assert "cycles per image" in text
    assert "outside" not in text
    assert "outside" in str(charts.cycles([layer], 12))


def test_a_raster_has_a_square_for_each_spike():
    shown = {
        "name": "conv",
        "shape": [2, 3, 2, 2],
        "channels_shown": 3,
        "spikes": [["1000", "0000"], ["0110", "0000"], ["0000", "1111"]],
    }
    text = str(charts.raster(shown, 2))
    assert text.count("M") == 7
    assert text.count('class="cell"') == 6


def test_the_answer_stands_out():
    text = str(charts.scores([3, -4, 3], 2, "potential"))
    assert "the core answers 0" in text
    assert text.count('class="c1"') == 1
    assert "2 ◂" in text
    assert str(charts.trajectories([[0, 1], [5, -2]], 1)).count("curve c1") == 1
