"""The simulated board as a driver sees it: registers, buffers, time, faults, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pyralis.boards.runtime.errors import MemoryFullError, TimeLimitError, TransportError
from pyralis.gen.emit.verilog import emit
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.lite import GfLite
from pyralis.hw.gf.registers import register_map as gf_map
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.program import DESCRIPTOR_BYTES, END, VERSION, ErrorCode, Opcode
from pyralis.hw.snn.registers import IDENTIFICATION, register_map
from pyralis.sim.bench.core import MemorySettings, build_core
from pyralis.sim.board.transport import SimulatedTransport
from pyralis.sim.snn.bench import BENCH_TOP, build_bench

TINY = PRESETS["tiny"]
SMALL = GfConfig(m=16, t=2, correct=2, inject=True, separate_operands=True)  # the build of test_lite.py
OFFSETS = {word.name: word.offset for word in register_map(TINY).words}
DONE, FAILED, DRAINING = 2, 4, 8


@pytest.fixture(scope="module")
def bench():
    return build_bench(TINY)


@pytest.fixture(scope="module")
def small_bench():
    return build_core(emit(GfLite(SMALL), "gflite"), "gflite")


@pytest.fixture(scope="module")
def shared(bench):
    """One simulation for the tests that leave it as they found it."""
    with SimulatedTransport(bench) as transport:
        yield transport


def empty_program() -> bytes:
    end = END.const({"opcode": Opcode.END, "version": VERSION, "index": 3}).as_bits()
    return end.to_bytes(DESCRIPTOR_BYTES, "little")


def start(transport, program: int, *, runs: int = 1, timeout: int = 1000) -> None:
    for name, value in {
        "program_address_lo": program,
        "runs": runs,
        "timeout": timeout,
        "interrupt": 1,
        "interrupt_enable": 1,
        "control": 1,
    }.items():
        transport.write(OFFSETS[name], value)


def status(transport) -> int:
    return transport.read(OFFSETS["status"])


def test_registers_are_the_cores(shared):
    assert shared.read(0) == IDENTIFICATION
    shared.write(OFFSETS["input_stride"], 0x89ABCDEF)
    assert shared.read(OFFSETS["input_stride"]) == 0x89ABCDEF
    for call, kind in ((lambda: shared.write(0xFC, 1), "write"), (lambda: shared.read(0xFC), "read")):
        with pytest.raises(TransportError) as caught:
            call()
        assert caught.value.what == f"register 0xfc refused a {kind}"
    assert shared.read(0) == IDENTIFICATION, "a refusal ended the simulation"


def test_buffers_hold_what_is_written(shared):
    first, second = shared.allocate(5000), shared.allocate(1)
    assert (first.address % 4096, second.address) == (0, first.address + 8192)
    content = bytes(n * 7 % 256 for n in range(5000))
    first.write(content)
    second.write(b"\x5a")
    first.write(b"in the middle", 4090)
    expected = content[:4090] + b"in the middle" + content[4103:]
    assert first.read(5000) == expected and first.read(20, 4085) == expected[4085:4105]
    assert second.read(1) == b"\x5a" and first.read(0, 5000) == b""
    first.write(b"", 5000)
    first.free()
    first.free()
    again = shared.allocate(8192)
    assert again.address == first.address
    again.free()
    second.free()
    with pytest.raises(TransportError, match="this buffer was given back"):
        first.read(1)
    with pytest.raises(TransportError) as caught:
        shared.allocate(20).write(b"abc", 18)
    assert caught.value.what == "bytes 18 to 20 lie outside of this buffer of 20 bytes"


def test_a_full_memory_is_told(shared):
    with pytest.raises(MemoryFullError, match=f"the board's memory has {1 << 22}"):
        shared.allocate((1 << 22) + 1)


def test_contents_that_do_not_fit_leave_no_simulator_behind(bench):
    with pytest.raises(MemoryFullError):
        SimulatedTransport(bench, contents={"program": b"x", "weights": bytes(1 << 22)})


def test_time_is_counted_in_cycles_and_stands_still_between_calls(bench):
    with SimulatedTransport(bench, clock_hz=50e6) as transport:
        before = transport.now()
        time.sleep(0.05)
        assert transport.now() == before
        transport.wait(4e-6)
        assert 200 <= round((transport.now() - before) * 50e6) <= 202
        transport.wait(0.005)  # more than one look
        assert 250_200 <= round((transport.now() - before) * 50e6) <= 250_210
        transport.read(0)
        assert 0 < transport.now() - before - 0.005004 < 20 / 50e6
        assert transport.clock_hz == 50e6


def test_a_wait_ends_with_the_interrupt(bench):
    with SimulatedTransport(bench, contents={"program": empty_program()}) as transport:
        program = transport.preloaded["program"]
        assert program.read(program.size) == empty_program()
        start(transport, program.address, runs=20)
        began = transport.now()
        transport.wait(100.0)
        assert status(transport) == DONE and transport.now() - began < 0.005
        again = transport.now()
        transport.wait(1.0)
        assert 0 < transport.now() - again < 3e-6, "the interrupt was high already"


def test_a_wait_without_interrupt_ends_by_itself(shared):
    shared.write(OFFSETS["interrupt_enable"], 0)
    before = shared.now()
    shared.wait(0.002)
    cycles = round((shared.now() - before) * shared.clock_hz)
    assert 2000 <= cycles < 2010


def test_faults_of_the_memory_come_and_go(bench):
    """Error responses, a hung bus before and inside a job, each ended again, with stalls all the time."""
    memory = MemorySettings(stall_percent=30, stall_seed=4)
    with SimulatedTransport(bench, contents={"program": empty_program()}, memory=memory) as transport:
        address = transport.preloaded["program"].address

        def outcome() -> tuple[int, ErrorCode]:
            start(transport, address, runs=3)
            transport.wait(1.0)
            return status(transport) & (DONE | FAILED), ErrorCode(transport.read(OFFSETS["error"]) & 0xFF)

        good = (DONE, ErrorCode.NONE)
        assert outcome() == good
        transport.fail(address, 64)
        assert outcome() == (FAILED, ErrorCode.PROGRAM_BUS)
        transport.fail(0x10000, 64)
        assert outcome() == good
        for beats in (0, 5):
            transport.hang(beats)
            assert outcome() == (FAILED, ErrorCode.TIMEOUT)
            assert status(transport) & DRAINING
            transport.wake()
            transport.write(OFFSETS["interrupt"], 1)
            transport.wait(0.001)
            assert not status(transport) & DRAINING
            assert outcome() == good


def test_faults_from_the_start(bench):
    memory = MemorySettings(error_base=0x2000, error_bytes=0x100)
    with SimulatedTransport(bench, memory=memory) as transport:
        start(transport, 0x2000)
        transport.wait(1.0)
        assert ErrorCode(transport.read(OFFSETS["error"]) & 0xFF) == ErrorCode.PROGRAM_BUS


def test_a_core_without_memory(small_bench):
    offsets = {word.name: word.offset for word in gf_map(SMALL, operands=True).words}
    with SimulatedTransport(small_bench) as transport:
        for name, value in {"a_0": 3, "b_0": 5, "a_check_0": 3, "b_check_0": 5, "control": 1}.items():
            transport.write(offsets[name], value)
        transport.wait(1e-4)
        assert transport.read(offsets["status"]) == 2
        assert transport.read(offsets["product_0"]) == SMALL.field.multiply(3, 5)
        with pytest.raises(MemoryFullError, match="the board's memory has 0"):
            transport.allocate(1)


def test_after_the_end_everything_is_refused(small_bench):
    transport = SimulatedTransport(small_bench)
    folder, pid = transport.simulation.folder, transport.simulation.pid
    assert folder.is_dir()
    transport.close()
    transport.close()
    assert not folder.exists() and not alive(pid)
    with pytest.raises(TransportError, match="the simulation of gflite is closed"):
        transport.read(0)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda transport: transport.dump((1 << 22) - 4, 8), "dump beyond the memory of 4194304 bytes"),
        (lambda transport: transport.load(1 << 22, b"x"), "load beyond the memory of 4194304 bytes"),
        (
            lambda transport: transport.simulation.ask(do="command", number=7, base=0, count=0),
            "there is no command 7",
        ),
        (
            lambda transport: transport.simulation.ask(do="command", number=6, base=0, count=0),
            "command 6 without +ddr4",
        ),
    ],
)
def test_a_simulator_that_fails_names_its_log(bench, ask, sentence):
    transport = SimulatedTransport(bench)
    with pytest.raises(TransportError) as caught:
        ask(transport)
    assert caught.value.what == f"the simulation of {BENCH_TOP} has failed"
    log = Path(caught.value.hint.removeprefix("read "))
    assert f"axi_memory: {sentence}" in log.read_text()
    with pytest.raises(TransportError, match="is closed"):
        transport.read(0)
    transport.close()


def test_a_simulator_that_vanishes_is_told(small_bench):
    transport = SimulatedTransport(small_bench)
    os.kill(transport.simulation.pid, signal.SIGKILL)
    with pytest.raises(TransportError, match="the simulation of gflite has failed"):
        transport.read(0)
    transport.close()


def test_a_simulator_that_does_not_answer_is_ended(bench):
    transport = SimulatedTransport(bench, limit=0.02)
    pid = transport.simulation.pid
    with pytest.raises(TimeLimitError) as caught:
        transport.wait(0.1)  # 100,000 cycles take longer
    assert caught.value.what == f"the simulation of {BENCH_TOP} did not answer within 0.02 s"
    assert not alive(pid)
    transport.close()


def test_a_simulator_that_does_not_come_up_names_its_log(bench):
    with pytest.raises(TransportError) as caught:
        SimulatedTransport(bench, memory=MemorySettings(stall_percent=99))
    log = Path(caught.value.hint.removeprefix("read "))
    assert "+stall_percent must be in 0..95, not 99" in log.read_text()


PARENT = """\
import os, sys
from pathlib import Path
from pyralis.sim.bench.core import CoreBench
from pyralis.sim.bench.build import build
from pyralis.sim.board.transport import SimulatedTransport
top, source, root = sys.argv[1:]
runner, folder = build({top + ".v": Path(source).read_text()}, top, root=Path(root))
transport = SimulatedTransport(CoreBench(top=top, runner=runner, folder=folder, memory_bytes=0))
print(transport.simulation.pid, flush=True)
transport.wait(1e6)
"""


def test_a_simulator_does_not_outlive_its_parent(small_bench):
    """The parent is killed while the simulation runs; it has no chance to clean up."""
    arguments = [small_bench.folder / "gflite.v", small_bench.folder.parent]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, "gflite", *arguments], stdout=subprocess.PIPE, text=True
    ) as parent:
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    deadline = time.monotonic() + 20
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended (a zombie has)."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
