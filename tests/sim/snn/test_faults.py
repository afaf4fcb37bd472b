"""What the core does with an illegal program and a failing bus: an error code, and a restart that works."""

import numpy as np
import pytest
from networks import two_layers

from pyralis.gen.snn.compile import compile_network
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.program import DESCRIPTOR_BYTES, LAYER, LOAD, ErrorCode
from pyralis.sim.golden.snn.network import run as golden
from pyralis.sim.snn.machine import Machine, MemorySettings, Script
from pyralis.sim.snn.run import lay_out

TINY = PRESETS["tiny"]
SPARE = 1 << 20
"""Address of a second copy of what a fault makes unusable."""

BUSY, DONE, FAILED, DRAINING = 1, 2, 4, 8


@pytest.fixture(scope="module")
def job():
    compiled = compile_network(two_layers(), TINY)
    inputs = np.random.default_rng(4).integers(-128, 128, (2, 1, 6, 6)).astype(np.int8)
    return Job(compiled, inputs)


class Job:
    """One job in memory, with the copies that a restart uses."""

    def __init__(self, compiled, inputs) -> None:
        self.compiled, self.image = compiled, lay_out(compiled, inputs)
        self.machine = Machine(TINY)
        self.scores = np.asarray(golden(compiled.network, inputs).scores)

    def script(self) -> Script:
        return Script(TINY)

    def start(self, script: Script, key: str, *, timeout: int = 2000, **addresses: int) -> None:
        """Starts the job (parts at other *addresses* if given), waits, reads how it ended as *key*..."""
        for part, base in {**self.image.bases, **addresses}.items():
            script.write_wide(f"{part}_address", base)
        script.write("input_stride", self.compiled.input_stride)
        script.write("output_stride", self.compiled.output_stride)
        script.write("runs", self.image.runs)
        script.write("resident", int(self.compiled.resident))
        script.write("timeout", timeout)
        script.write("interrupt", 1)
        script.write("interrupt_enable", 1)
        script.write("control", 1)
        script.wait(200_000)
        self.look(script, key)

    def look(self, script: Script, key: str) -> None:
        for name in ("status", "error", "runs_done"):
            script.read(name, f"{key} {name}")

    def run(self, script: Script, memory: bytes, **settings):
        return self.machine.run(
            memory,
            script,
            dump=(self.image.bases["output"], self.image.output_bytes),
            settings=MemorySettings(**settings),
        )

    def memory(self, patches: dict[int, bytes]) -> bytes:
        end = max([len(self.image.data), *(base + len(content) for base, content in patches.items())])
        data = bytearray(self.image.data) + bytes(end - len(self.image.data))
        for base, content in patches.items():
            data[base : base + len(content)] = content
        return bytes(data)

    def check_good(self, outcome, key: str) -> None:
        assert outcome.values[f"{key} status"] & (BUSY | DONE | FAILED) == DONE
        assert outcome.values[f"{key} error"] == 0
        assert (self.compiled.unpack_results(outcome.dump, len(self.scores)) == self.scores).all()


def check_failed(outcome, key: str, code: ErrorCode, index: int | None = None) -> None:
    values = outcome.values
    assert ErrorCode(values[f"{key} error"] & 0xFF) == code
    assert values[f"{key} status"] & (BUSY | DONE | FAILED) == FAILED
    if index is not None:
        assert values[f"{key} error"] >> 16 == index


def patched(program: bytes, number: int, layout, **fields: int) -> bytes:
    """*program* with some fields of descriptor *number* replaced."""
    start = number * DESCRIPTOR_BYTES
    word = int.from_bytes(program[start : start + DESCRIPTOR_BYTES], "little")
    for name, value in fields.items():
        field = layout[name]
        mask = (1 << field.width) - 1
        word = word & ~(mask << field.offset) | (value & mask) << field.offset
    return program[:start] + word.to_bytes(DESCRIPTOR_BYTES, "little") + program[start + DESCRIPTOR_BYTES :]


ILLEGAL = {
    "opcode": (1, LAYER, {"opcode": 77}, ErrorCode.OPCODE),
    "version": (2, LAYER, {"version": 9}, ErrorCode.VERSION),
    "no output rows": (2, LAYER, {"out_height": 0}, ErrorCode.FIELD),
    "no input words": (0, LOAD, {"words": 0}, ErrorCode.FIELD),
    "map address": (1, LAYER, {"out_pixel_words": 300}, ErrorCode.MAP_ADDRESS),
    "weights that never come": (2, LAYER, {"tile_words": 60}, ErrorCode.TIMEOUT),
    "pixels that never come": (0, LOAD, {"beats": 1}, ErrorCode.TIMEOUT),
}


@pytest.mark.parametrize("name", ILLEGAL)
def test_illegal_descriptors_stop_the_core_with_their_index(job, name):
    number, layout, fields, code = ILLEGAL[name]
    script = job.script()
    job.start(script, "bad", program=SPARE)
    job.start(script, "good")
    outcome = job.run(script, job.memory({SPARE: patched(job.compiled.program, number, layout, **fields)}))
    check_failed(outcome, "bad", code, number)
    job.check_good(outcome, "good")


def test_memory_without_a_program_is_an_error_not_a_hang(job):
    script = job.script()
    job.start(script, "bad", program=SPARE)
    job.start(script, "good")
    outcome = job.run(script, job.memory({}))
    check_failed(outcome, "bad", ErrorCode.VERSION, 0)
    job.check_good(outcome, "good")


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("program", ErrorCode.PROGRAM_BUS),
        ("weights", ErrorCode.WEIGHT_BUS),
        ("input", ErrorCode.DATA_BUS),
        ("output", ErrorCode.WRITE_BUS),
    ],
)
def test_bus_errors_have_their_code(job, part, code):
    """The bad job uses a range that answers SLVERR, the next one a good copy of it."""
    parts = {"program": job.compiled.program, "weights": job.compiled.weights}
    base = job.image.bases[part]
    content = parts.get(part, job.image.data[base : base + 4096])
    script = job.script()
    job.start(script, "bad", **{part: SPARE})
    job.start(script, "good")
    outcome = job.run(script, job.memory({SPARE: content}), error_base=SPARE, error_bytes=1 << 16)
    check_failed(outcome, "bad", code)
    job.check_good(outcome, "good")


@pytest.mark.parametrize("beats", [0, 3, 20, 100, 300])
def test_a_silent_bus_times_out_and_the_core_restarts_when_it_wakes(job, beats):
    """The memory stops answering after some beats: an error, then (asleep) another, then a good run."""
    script = job.script()
    job.start(script, "silent", timeout=500)
    job.start(script, "still silent", timeout=500)
    script.pulse("unhang")
    job.start(script, "good", timeout=5000)
    outcome = job.run(script, job.memory({}), hang_after=beats or 1)
    check_failed(outcome, "silent", ErrorCode.TIMEOUT)
    check_failed(outcome, "still silent", ErrorCode.TIMEOUT)
    job.check_good(outcome, "good")


def test_abort_stops_a_job_and_the_next_one_is_good(job):
    script = job.script()
    for part, base in job.image.bases.items():
        script.write_wide(f"{part}_address", base)
    script.write("input_stride", job.compiled.input_stride)
    script.write("runs", 1000)
    script.write("control", 1)
    script.idle(700)
    job.look(script, "running")
    script.write("control", 2)
    script.idle(200)
    job.look(script, "aborted")
    job.start(script, "good")
    outcome = job.run(script, job.memory({}))
    assert outcome.values["running status"] & BUSY
    assert outcome.values["aborted status"] & (BUSY | DONE) == 0
    job.check_good(outcome, "good")


def test_jobs_follow_each_other(job):
    script = job.script()
    job.start(script, "first")
    job.start(script, "second")
    outcome = job.run(script, job.memory({}))
    assert outcome.values["first status"] & DONE
    job.check_good(outcome, "second")
