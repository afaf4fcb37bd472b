"""RTL of pyralis.hw.serial.bridge (pytest side)."""

import pytest

from pyralis.hw.serial.bridge import SerialBridge
from pyralis.sim.bench.build import run_cocotb

TIMEOUT = 100


def test_host_and_bus_through_a_serial_line():
    run_cocotb(SerialBridge(4, timeout=TIMEOUT), "cocotb_bridge")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"divisor": 3}, "divisor must be at least 4, not 3"),
        ({"divisor": 4, "timeout": 1}, "timeout must be at least 2, not 1"),
    ],
)
def test_parameters_are_checked(wrong, sentence):
    with pytest.raises(ValueError, match=rf"^{sentence}$"):
        SerialBridge(**wrong)
