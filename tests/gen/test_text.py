"""Tables on a terminal."""

from pyralis.gen.text import percent, table


def test_numbers_stand_right_and_words_left():
    text = table(["layer", "cycles"], [["conv", "1,200"], ["fc", "7"]])
    assert text.splitlines() == ["layer  cycles", "-----  ------", "conv    1,200", "fc          7"]


def test_a_mixed_column_is_words():
    assert table(["x"], [["1"], ["exact"]]).splitlines()[2:] == ["1", "exact"]
    assert table(["x", "y"], []).splitlines() == ["x  y", "-  -"]


def test_percent():
    assert percent(0.97222) == "97.2 %"
    assert percent(1, 2) == "100.00 %"
