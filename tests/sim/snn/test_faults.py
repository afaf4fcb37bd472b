"""What the core does with an illegal program and a failing bus: an error code, and a restart that works."""

import numpy as np
import pytest
from faultjobs import BUSY, DONE, SPARE, Job, assert_done, assert_failed, patched
from networks import two_layers

from pyralis.gen.snn.compile import compile_network
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.program import LAYER, LOAD, ErrorCode
from pyralis.sim.golden.snn.network import run as golden
from pyralis.sim.snn.machine import Machine, Script
from pyralis.sim.snn.run import lay_out

TINY = PRESETS["tiny"]


@pytest.fixture(scope="module")
def job():
    compiled = compile_network(two_layers(), TINY)
    inputs = np.random.default_rng(4).integers(-128, 128, (2, 1, 6, 6)).astype(np.int8)
    job = Job(
        compiled, lay_out(compiled, inputs), Machine(TINY), lambda: Script(TINY), resident=compiled.resident
    )
    job.scores = np.asarray(golden(compiled.network, inputs).scores)
    return job


def check_good(job, outcome, key: str) -> None:
    assert_done(outcome, key)
    assert (job.compiled.unpack_results(outcome.dump, len(job.scores)) == job.scores).all()


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
    assert_failed(outcome, "bad", code, number)
    check_good(job, outcome, "good")


def test_memory_without_a_program_is_an_error_not_a_hang(job):
    script = job.script()
    job.start(script, "bad", program=SPARE)
    job.start(script, "good")
    outcome = job.run(script, job.memory({}))
    assert_failed(outcome, "bad", ErrorCode.VERSION, 0)
    check_good(job, outcome, "good")


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
    assert_failed(outcome, "bad", code)
    check_good(job, outcome, "good")


@pytest.mark.parametrize("beats", [0, 3, 20, 100, 300])
def test_a_silent_bus_times_out_and_the_core_restarts_when_it_wakes(job, beats):
    """The memory stops answering after some beats: an error, then (asleep) another, then a good run."""
    script = job.script()
    job.start(script, "silent", timeout=500)
    job.start(script, "still silent", timeout=500)
    script.pulse("unhang")
    job.start(script, "good", timeout=5000)
    outcome = job.run(script, job.memory({}), hang_after=beats or 1)
    assert_failed(outcome, "silent", ErrorCode.TIMEOUT)
    assert_failed(outcome, "still silent", ErrorCode.TIMEOUT)
    check_good(job, outcome, "good")


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
    check_good(job, outcome, "good")


def test_jobs_follow_each_other(job):
    script = job.script()
    job.start(script, "first")
    job.start(script, "second")
    outcome = job.run(script, job.memory({}))
    assert outcome.values["first status"] & DONE
    check_good(job, outcome, "second")
