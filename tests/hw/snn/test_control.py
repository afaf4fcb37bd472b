"""RTL of pyralis.hw.snn.control: runs, faults, timeouts, aborts, restarts (pytest side)."""

from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.control import FAULTS, Control
from pyralis.hw.snn.program import ErrorCode
from pyralis.sim.bench.build import run_cocotb


def test_control():
    run_cocotb(Control(PRESETS["tiny"]), "cocotb_control")


def test_every_error_has_a_source():
    """What the datapath raises, what the fetch unit finds in a descriptor, and what only this unit sees."""
    of_fetch = {ErrorCode.OPCODE, ErrorCode.VERSION, ErrorCode.FIELD}
    sources = [*FAULTS.values(), *of_fetch, ErrorCode.TIMEOUT, ErrorCode.NONE]
    assert len(sources) == len(set(sources)) and set(sources) == set(ErrorCode)
