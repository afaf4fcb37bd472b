"""The top of the board: its pins, and the clock that everything runs on."""

import re

import pytest
from amaranth_boards.ulx3s import ULX3S_85F_Platform

from pyralis.boards.base import all_boards
from pyralis.boards.shell.serial_shell import SerialShell
from pyralis.boards.ulx3s.pll import settings_for
from pyralis.boards.ulx3s.top import Top
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.lite import GfLite


@pytest.fixture(scope="module")
def plan():
    board, settings = all_boards()["ulx3s"], settings_for(25, 62.5)
    shell = SerialShell(board, GfLite(GfConfig(m=4)), {}, settings.clock_mhz * 1_000_000)
    return ULX3S_85F_Platform().build(Top(shell, settings), do_build=False, emit_src=False)


def text(plan, name: str) -> str:
    content = plan.files[name]
    return content if isinstance(content, str) else content.decode()


def test_pins_are_those_of_the_board(plan):
    pins = dict(re.findall(r'LOCATE COMP "(\w+)" SITE "(\w+)"', text(plan, "top.lpf")))
    # Source: ulx3s_v20.lpf of the board's makers: ftdi_txd M1, ftdi_rxd L4, btn[1] R1, led[0..2] B2 C2 C1.
    assert pins == {
        "clk25_0__io": "G2",
        "button_fire_0__io": "R1",
        "uart_0__rx__io": "M1",
        "uart_0__tx__io": "L4",
        "led_0__io": "B2",
        "led_1__io": "C2",
        "led_2__io": "C1",
    }
    assert 'FREQUENCY PORT "clk25_0__io" 25000000.0 HZ;' in text(plan, "top.lpf")


def test_one_pll_makes_the_clock_and_holds_the_reset(plan):
    rtlil = text(plan, "top.il")
    (cell,) = re.findall(r"cell \\EHXPLLL .*?\n  end\n", rtlil, re.DOTALL)
    parameters = dict(re.findall(r"parameter \\(\w+) (\d+)\n", cell))
    vco = 25 / int(parameters["CLKI_DIV"]) * int(parameters["CLKFB_DIV"]) * int(parameters["CLKOP_DIV"])
    assert vco / int(parameters["CLKOS_DIV"]) == 62.5
    assert "connect \\LOCK" in cell


def test_the_text_is_the_same_every_time_and_names_no_files(plan):
    assert "attribute \\src" not in text(plan, "top.il")
    board, settings = all_boards()["ulx3s"], settings_for(25, 62.5)
    shell = SerialShell(board, GfLite(GfConfig(m=4)), {}, settings.clock_mhz * 1_000_000)
    again = ULX3S_85F_Platform().build(Top(shell, settings), do_build=False, emit_src=False)
    assert text(again, "top.il") == text(plan, "top.il")
