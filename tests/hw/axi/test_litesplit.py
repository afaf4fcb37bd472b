"""RTL of pyralis.hw.axi.litesplit (pytest side)."""

import json

import pytest

from pyralis.hw.axi.litesplit import LiteSplit
from pyralis.sim.bench.build import run_cocotb

WINDOWS = (("memory", 0, 16), ("core", 0x8000_0000, 8), ("shell", 0xC000_0000, 4), ("next", 0xC000_0010, 4))


def test_each_access_reaches_its_subordinate():
    run_cocotb(LiteSplit(WINDOWS), "cocotb_litesplit", env={"WINDOWS": json.dumps(WINDOWS)})


@pytest.mark.parametrize(
    ("windows", "sentence"),
    [
        ([("a b", 0, 4)], "'a b' cannot be the name of a window, or is the name of two"),
        ([("bus", 0, 4)], "'bus' cannot be the name of a window, or is the name of two"),
        ([("a", 0, 4), ("a", 16, 4)], "'a' cannot be the name of a window, or is the name of two"),
        ([("a", 0, 1)], r"window 'a': address_bits must be in 2..32, not 1"),
        ([("a", 0, 33)], r"window 'a': address_bits must be in 2..32, not 33"),
        ([("a", 8, 4)], "window 'a': base 0x8 must be a multiple of its size, 0x10 bytes"),
        ([("a", 1 << 32, 4)], "window 'a': base 0x100000000 must lie below 0x100000000"),
        ([("a", 0x100, 8), ("b", 0x120, 5)], "windows 'a' and 'b' overlap at 0x120"),
        ([], "there must be at least one window"),
    ],
)
def test_windows_are_checked(windows, sentence):
    with pytest.raises(ValueError, match=rf"^{sentence}$"):
        LiteSplit(windows)
