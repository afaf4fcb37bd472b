"""RTL of pyralis.hw.serial.frame (pytest side)."""

from pyralis.hw.serial.frame import FrameReceiver
from pyralis.sim.bench.build import run_cocotb


def test_every_frame_is_judged():
    run_cocotb(FrameReceiver(), "cocotb_frame")
