"""RTL of pyralis.hw.serial.access (pytest side)."""

import pytest

from pyralis.hw.serial.access import LiteAccess
from pyralis.sim.bench.build import run_cocotb

TIMEOUT = 40


def test_accesses_end_with_an_answer_or_in_time():
    run_cocotb(LiteAccess(TIMEOUT), "cocotb_access", env={"TIMEOUT": str(TIMEOUT)})


def test_timeout_is_checked():
    LiteAccess(2)
    with pytest.raises(ValueError, match=r"^timeout must be at least 2, not 1$"):
        LiteAccess(1)
