"""What the graph core does with an illegal program and a failing bus: an error code, and a good restart."""

import numpy as np
import pytest
from faultjobs import BUSY, DONE, SPARE, Job, assert_done, assert_failed, patched
from intgraphs import binary, gcn

from pyralis.gen.gcn.compile import compile_network
from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.config import PRESETS
from pyralis.hw.gcn.program import AGGREGATE, COMBINE, LOAD, Content, ErrorCode, Opcode
from pyralis.hw.gcn.registers import register_map
from pyralis.sim.bench.machine import Machine, Script
from pyralis.sim.gcn.bench import build_bench
from pyralis.sim.gcn.run import lay_out
from pyralis.sim.golden.gcn import network as golden

TINY = PRESETS["tiny"]


@pytest.fixture(scope="module")
def job():
    rng = np.random.default_rng(4)
    network, inputs = gcn(rng), [binary(rng, 20, 24), binary(rng, 20, 24, 0.1)]
    compiled = compile_network(network, TINY, features=inputs[0])
    registers = register_map(TINY)
    job = Job(
        compiled,
        lay_out(compiled, inputs),
        Machine(build_bench(TINY)),
        lambda: Script(registers),
        resident=True,
    )
    job.scores = [golden.run(network, each).scores.numpy() for each in inputs]
    return job


def check_good(job, outcome, key: str) -> None:
    assert_done(outcome, key)
    stride = job.compiled.output_stride
    for n, scores in enumerate(job.scores):
        found = job.compiled.unpack_results(outcome.dump[n * stride :][:stride])
        assert np.array_equal(found, scores)


def number_of(job, opcode, **fields) -> int:
    """Number of the first descriptor with *opcode* and *fields*."""
    return next(
        n
        for n, each in enumerate(job.compiled.descriptors)
        if each["opcode"] is opcode and all(each.get(name) == value for name, value in fields.items())
    )


ILLEGAL = {
    "opcode": (Opcode.AGGREGATE, {}, AGGREGATE, {"opcode": 77}, ErrorCode.OPCODE),
    "version": (Opcode.COMBINE, {}, COMBINE, {"version": 9}, ErrorCode.VERSION),
    "no slices": (Opcode.COMBINE, {}, COMBINE, {"slices": 0}, ErrorCode.FIELD),
    "rows beyond the store": (Opcode.AGGREGATE, {}, AGGREGATE, {"base": 30_000}, ErrorCode.FIELD),
    "a wait for more than there is": (
        Opcode.COMBINE,
        {},
        COMBINE,
        {"after_load": 90, "follows": 0},
        ErrorCode.TIMEOUT,
    ),
    "fewer beats than lines": (Opcode.LOAD, {"content": Content.EDGES}, LOAD, {"beats": 1}, ErrorCode.FIELD),
}


@pytest.mark.parametrize("name", ILLEGAL)
def test_illegal_descriptors_stop_the_core_with_their_code(job, name):
    opcode, wanted, layout, fields, code = ILLEGAL[name]
    number = number_of(job, opcode, **wanted)
    script = job.script()
    job.start(script, "bad", program=SPARE)
    job.start(script, "good")
    outcome = job.run(script, job.memory({SPARE: patched(job.compiled.program, number, layout, **fields)}))
    assert_failed(outcome, "bad", code, None if code == ErrorCode.TIMEOUT else number)
    check_good(job, outcome, "good")


def test_a_truncated_program_is_an_error_not_a_hang(job):
    """Behind its end there is nothing that is a descriptor of this version."""
    count = len(job.compiled.descriptors) - 3
    script = job.script()
    job.start(script, "bad", program=SPARE)
    job.start(script, "good")
    outcome = job.run(script, job.memory({SPARE: job.compiled.program[: count * DESCRIPTOR_BYTES]}))
    assert_failed(outcome, "bad", ErrorCode.VERSION, count)
    check_good(job, outcome, "good")


@pytest.mark.parametrize(
    ("part", "codes"),
    [
        ("program", {ErrorCode.PROGRAM_BUS}),
        ("weights", {ErrorCode.WEIGHTS_BUS, ErrorCode.EDGES_BUS}),
        ("input", {ErrorCode.FEATURES_BUS}),
        ("output", {ErrorCode.OUTPUTS_BUS}),
    ],
)
def test_bus_errors_have_their_code(job, part, codes):
    """The bad job uses a range that answers SLVERR, the next one a good copy of it."""
    parts = {"program": job.compiled.program, "weights": job.compiled.constants}
    base = job.image.bases[part]
    content = parts.get(part, job.image.data[base : base + 4096])
    script = job.script()
    job.start(script, "bad", **{part: SPARE})
    job.start(script, "good")
    outcome = job.run(script, job.memory({SPARE: content}), error_base=SPARE, error_bytes=1 << 16)
    code = ErrorCode(outcome.values["bad error"] & 0xFF)
    assert code in codes
    assert_failed(outcome, "bad", code)
    check_good(job, outcome, "good")


@pytest.mark.parametrize("beats", [1, 20, 100, 300])
def test_a_silent_bus_times_out_and_the_core_restarts_when_it_wakes(job, beats):
    """The memory stops answering after some beats: an error, then (asleep) another, then a good run."""
    script = job.script()
    job.start(script, "silent", timeout=500)
    job.start(script, "still silent", timeout=500)
    script.pulse("unhang")
    job.start(script, "good", timeout=5000)
    outcome = job.run(script, job.memory({}), hang_after=beats)
    assert_failed(outcome, "silent", ErrorCode.TIMEOUT)
    assert_failed(outcome, "still silent", ErrorCode.TIMEOUT)
    check_good(job, outcome, "good")


@pytest.mark.parametrize("cycles", [100, 400, 900])
def test_abort_stops_a_job_and_the_next_one_is_good(job, cycles):
    script = job.script()
    for part, base in job.image.bases.items():
        script.write_wide(f"{part}_address", base)
    script.write("input_stride", 0)
    script.write("output_stride", 0)
    script.write("resident", 1)
    script.write("runs", 1000)
    script.write("control", 1)
    script.idle(cycles)
    job.look(script, "running")
    script.write("control", 2)
    script.idle(200)
    job.look(script, "aborted")
    job.start(script, "good")
    outcome = job.run(script, job.memory({}))
    assert outcome.values["running status"] & BUSY
    assert outcome.values["aborted status"] & (BUSY | DONE) == 0
    check_good(job, outcome, "good")
