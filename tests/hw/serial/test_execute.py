"""RTL of pyralis.hw.serial.execute (pytest side)."""

from pyralis.hw.serial.execute import Executor
from pyralis.sim.bench.build import run_cocotb


def test_requests_become_accesses_and_replies():
    run_cocotb(Executor(), "cocotb_execute")
