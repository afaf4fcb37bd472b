"""RTL of pyralis.hw.serial.reply (pytest side)."""

from pyralis.hw.serial.reply import ReplySender
from pyralis.sim.bench.build import run_cocotb


def test_replies_become_frames():
    run_cocotb(ReplySender(), "cocotb_reply")
