"""The page of a bitstream: whole, with every number where a reader looks for it."""

import re

import pytest
from page import Page

from pyralis.gen.report.board import fill, paths
from pyralis.gen.report.page import render

STEPS = [
    {"kind": "clk-to-q", "cell": "core.a", "delay_ns": 0.5},
    {"kind": "routing", "cell": "core.a", "delay_ns": 6.0},
    {"kind": "logic", "cell": "core.b", "delay_ns": 3.0},
]
PATH = {
    "clock": "sync",
    "from": "core.a",
    "to": "core.<b>",
    "delay_ns": 9.5,
    "logic_ns": 3.5,
    "routing_ns": 6.0,
    "asked_ns": 10.0,
    "steps": STEPS,
}
RESULT = {
    "job": "bitstream",
    "ok": True,
    "verdict": "All clocks are met.",
    "board": {
        "name": "ulx3s",
        "title": "Radiona ULX3S 85F",
        "part": "LFE5U",
        "family": "ecp5",
        "flow": "ecp5",
    },
    "design": {"core": "gf", "name": "m8", "top": "gf_lite", "config": {"m": 8}},
    "resources": [
        {"name": "LUT", "used": 1200, "available": 83640},
        {"name": "DSP", "used": 150, "available": 156},
    ],
    "clocks": [{"name": "sync", "asked_mhz": 100.0, "reached_mhz": 105.26, "met": True}],
    "critical_paths": [PATH],
    "files": {"gf.bit": "0" * 64},
    "folder": "build/boards/ulx3s/gf",
    "steps": [{"name": "pack", "seconds": 1.0, "result": "0.2 MB"}],
    "seconds": 1.0,
    "versions": {"nextpnr": "0.11.1"},
    "reproduce": ["make bitstream BOARD=ulx3s DESIGN=gf"],
    "ran_on_hardware": False,
}


def test_the_page_is_whole_and_says_what_was_reached():
    page = Page(render(RESULT))
    page.check()
    for text in (
        "All clocks are met.",
        "105.3 MHz",
        "asked for 100.0 MHz",
        "of 83\u202f640",
        "5.3 %",
        "m8 on Radiona",
    ):
        assert text in page.text, text
    assert "Nothing on this page was measured on a board." in page.text
    assert "core.&lt;b&gt;" in page.text


def test_a_device_without_a_resource_or_of_unknown_size():
    rows = [{"name": "URAM", "used": 0, "available": 0}, {"name": "LUT", "used": 1200}]
    page = Page(render({**RESULT, "resources": rows}))
    page.check()
    assert "<b>0</b><span>URAM of 0</span>" in page.text
    assert "<b>1\u202f200</b><span>LUT</span>" in page.text
    assert "0 of 0" in page.text and "LUT: 0.0 %" in page.text


def test_a_build_without_tools_has_a_page_too():
    clock = {"name": "clk", "asked_mhz": 300.0, "reached_mhz": None, "met": None}
    lacking = {
        "ok": False,
        "verdict": "Vivado is not here.",
        "clocks": [clock],
        "critical_paths": [],
        "resources": [],
    }
    page = Page(render({**RESULT, **lacking}))
    page.check()
    assert 'class="verdict bad"' in page.text
    assert "not known" in page.text
    assert "Critical paths" not in page.text


def test_power_appears_where_it_was_estimated():
    text = render({**RESULT, "power": {"total": 3.25, "confidence": "Medium"}})
    assert "3.250 W" in text
    assert "not measured" in text


def test_bars_are_as_long_as_the_share_and_warn_when_full():
    text = str(fill(RESULT["resources"]))
    assert "LUT: 1.4 %" in text
    assert re.search(r'class="c2"><title>DSP: 96.2 %', text)
    assert re.search(r'class="c1"><title>LUT', text)


def test_a_path_is_drawn_piece_by_piece_up_to_its_delay():
    text = str(paths([PATH]))
    assert text.count("<title>") == 3
    widths = [float(width) for width in re.findall(r'width="([\d.]+)" height="18"', text)]
    assert widths[1] == pytest.approx(2 * widths[2], rel=0.01)
    assert str(paths([{**PATH, "steps": []}])).count("<title>") == 2
    unasked = {**PATH, "asked_ns": None}
    assert str(paths([PATH])).count('class="mark"') == 1 + str(paths([unasked])).count('class="mark"')
