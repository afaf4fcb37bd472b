"""The simulated machine as a host sees it: registers, memory, waiting, and what is told of a failure."""

import shutil
from pathlib import Path

import pytest

from pyralis.gen.errors import ToolError, UserError
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.program import DESCRIPTOR_BYTES, END, VERSION, Opcode
from pyralis.hw.snn.registers import IDENTIFICATION, register_map
from pyralis.sim.snn.machine import Machine, Script

TINY = PRESETS["tiny"]


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine(TINY)


def test_registers_after_reset(machine):
    script = Script(TINY)
    words = register_map(TINY).words
    for word in words:
        script.read(word.name)
    outcome = machine.run(b"", script)
    assert outcome.values.pop("memory_beats") == {"a": 0, "b": 0, "w": 0}
    assert outcome.values == {word.name: word.reset for word in words}
    assert outcome.values["ident"] == IDENTIFICATION
    assert outcome.dump == b"" and outcome.trace is None


def test_an_empty_program_from_memory(machine):
    """The machine fetches what lies in memory, brings back a part of it, and says what it has seen."""
    end = END.const({"opcode": Opcode.END, "version": VERSION, "index": 3}).as_bits()
    memory = bytes(range(256)) + end.to_bytes(DESCRIPTOR_BYTES, "little")
    script = Script(TINY)
    script.write_wide("program_address", 256)
    script.write("runs", 4)
    script.write("interrupt_enable", 1)
    script.write("control", 1)
    script.wait(10_000)
    script.read("status", "first look")
    script.idle(50)
    script.read("status")
    script.read("runs_done")
    outcome = machine.run(memory, script, dump=(16, 100), observe=True)
    assert outcome.dump == memory[16:116]
    assert outcome.values["first look"] == outcome.values["status"] == 2
    assert outcome.values["runs_done"] == 4
    assert outcome.values["memory_beats"] == {"a": 0, "b": 4 * DESCRIPTOR_BYTES * 8 // TINY.bus_bits, "w": 0}
    assert outcome.trace.read_text() == "", "nothing was computed"
    assert outcome.seconds > 0 and outcome.folder.is_dir()


def test_a_wait_without_an_interrupt_ends_by_itself(machine):
    script = Script(TINY)
    script.wait(300)
    script.read("total_cycles_lo", "cycles")
    assert machine.run(b"", script).values["cycles"] == 0


def test_a_failing_simulation_names_its_log(machine):
    script = Script(TINY)
    script.steps.append(["dance", 3])
    with pytest.raises(ToolError) as caught:
        machine.run(b"", script)
    assert caught.value.what == "the simulation of snn_bench failed"
    assert "ValueError: unknown step ['dance', 3]" in Path(caught.value.log).read_text()


def test_a_register_that_refuses_a_write_stops_the_run(machine):
    script = Script(TINY)
    script.steps.append(["write", 0xFC, 1])
    with pytest.raises(ToolError) as caught:
        machine.run(b"", script)
    assert "register 0xfc refused a write" in Path(caught.value.log).read_text()


def test_script_steps_are_plain_and_addressed():
    script = Script(TINY)
    script.write("runs", 5)
    script.write_wide("input_address", 0x12_3456_789A)
    script.read("status")
    script.read("error", "why")
    script.wait(9)
    script.idle(2)
    script.pulse("unhang")
    assert script.steps == [
        ["write", 0x3C, 5],
        ["write", 0x50, 0x3456_789A],
        ["write", 0x54, 0x12],
        ["read", "status", 0x24],
        ["read", "why", 0x28],
        ["wait", 9],
        ["idle", 2],
        ["pulse", "unhang"],
    ]
    with pytest.raises(KeyError, match="speed"):
        script.write("speed", 1)


def test_a_missing_simulator_is_told_before_the_work(monkeypatch):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "g++" else which(name))
    with pytest.raises(UserError) as caught:
        Machine(TINY)
    assert str(caught.value) == (
        "g++ is not installed; 'simulate' needs it (generated hardware under Verilator, golden models).\n"
        "this machine\n"
        "on Debian and Ubuntu: apt install g++ make perl"
    )
