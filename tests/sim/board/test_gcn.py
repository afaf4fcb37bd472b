"""The driver of the graph core against its RTL: rows, refusals, failures, and work after each one."""

import json
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from intgraphs import binary, gcn, random_network, sampling
from scipy.sparse import csr_array

from pyralis.boards.base import all_boards
from pyralis.boards.runtime.deployment import Deployment, open_deployment
from pyralis.boards.runtime.errors import (
    CoreError,
    DriverError,
    SaturationWarning,
    TimeLimitError,
    WrongCoreError,
)
from pyralis.boards.runtime.gcn import GcnDriver
from pyralis.boards.runtime.throughput import throughput
from pyralis.boards.runtime.validate import validate
from pyralis.gen.boards.deploy import deploy
from pyralis.gen.boards.designs.gcn import design, samples
from pyralis.gen.emit.registers import to_json
from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.generate import network_facts
from pyralis.gen.gcn.intnetwork import (
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntGraphNetwork,
    IntInput,
    IntSample,
)
from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.program import LOAD, Opcode
from pyralis.hw.gcn.registers import register_map
from pyralis.sim.bench.core import MemorySettings
from pyralis.sim.board.transport import SimulatedTransport
from pyralis.sim.gcn.bench import build_bench
from pyralis.sim.golden.gcn import network as golden

pytestmark = pytest.mark.slow  # the simulator of a whole core is a long build

TINY = PRESETS["tiny"]


@pytest.fixture(scope="module")
def bench():
    return build_bench(TINY)


def registers(config=TINY) -> dict:
    return json.loads(to_json(register_map(config)))


class Job:
    """A network, matrices of features and what must come out."""

    def __init__(self, network, inputs) -> None:
        self.compiled = compile_network(network, TINY, features=inputs[0])
        self.inputs = inputs
        done = [golden.run(network, features) for features in inputs]
        self.rows = np.stack([each.scores.numpy() for each in done])
        self.saturated = any(any(each.saturated.values()) for each in done)

    def driver(self, transport, config=TINY) -> GcnDriver:
        facts = json.loads(json.dumps(network_facts(self.compiled)))  # as they come from manifest.json
        return GcnDriver(transport, registers(config), facts, self.compiled.layout.numbering_bytes())

    def load(self, driver) -> None:
        driver.load(self.compiled.program, self.compiled.constants)

    def check(self, driver) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SaturationWarning)
            assert np.array_equal(driver.run(self.inputs), self.rows)

    def index(self, opcode) -> int:
        """Of the first descriptor of this kind."""
        return next(n for n, each in enumerate(self.compiled.descriptors) if each["opcode"] is opcode)


@pytest.fixture(scope="module")
def job():
    rng = np.random.default_rng(1)
    network = gcn(rng)
    return Job(network, [csr_array(binary(rng, 20, 24, density)) for density in (0.3, 0.1, 0.2)])


@pytest.fixture
def board(bench, job):
    """A driver with the network loaded."""
    with SimulatedTransport(bench) as transport, job.driver(transport) as driver:
        job.load(driver)
        yield driver


@pytest.mark.parametrize("seed", range(4))
def test_random_networks_give_the_rows_of_the_golden_model(bench, seed):
    """Two networks one after the other on the same board, with stalls."""
    rng = np.random.default_rng(seed)
    memory = MemorySettings(latency=int(rng.integers(1, 60)), stall_percent=20, stall_seed=seed + 1)
    with SimulatedTransport(bench, memory=memory) as transport:
        for _ in range(2):
            network, features = random_network(rng, weighted=False)
            job = Job(network, [features])
            driver = job.driver(transport)
            job.load(driver)
            job.check(driver)
            assert driver.saturated == job.saturated
            driver.release()


def test_one_matrix_or_many_sparse_or_not(board, job):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SaturationWarning)
        whole = np.stack([each.toarray() for each in job.inputs])
        assert np.array_equal(board.run(whole), job.rows)
        assert np.array_equal(board.run(whole[1]), job.rows[1])
        assert np.array_equal(board.run(job.inputs[2]), job.rows[2])
        assert board.run(whole[:0]).shape == (0, 20, 3)


def test_what_lies_in_memory_is_used_and_mended(bench, job):
    contents = {"program": job.compiled.program, "weights": job.compiled.constants}
    with SimulatedTransport(bench, contents=contents) as transport, job.driver(transport) as driver:
        job.load(driver)
        assert driver.written == {"program": 0, "weights": 0}
        job.check(driver)
        transport.preloaded["weights"].write(b"\xff")
        job.load(driver)
        assert driver.written == {"program": 0, "weights": min(512, len(job.compiled.constants))}
        job.check(driver)


def test_counters_are_those_of_the_hardware(board, job):
    job.check(board)
    counts, compiled = board.counters(), job.compiled
    assert counts["runs"] == 3
    beat = TINY.bus_bits // 8
    assert counts["totals"]["write_beats"] * beat == 3 * compiled.traffic.later["outputs"]
    assert [(each["kind"], each["name"]) for each in counts["descriptors"] if each["kind"] != "load"] == [
        ("combine", "xw1"),
        ("aggregate", "h1"),
        ("combine", "xw2"),
        ("aggregate", "h2"),
    ]
    assert all(0 < each["cycles"] <= counts["totals"]["cycles"] for each in counts["descriptors"])
    before = counts["totals"]["cycles"]
    board.run(job.inputs[0])
    assert 0 < board.counters()["totals"]["cycles"] < before and board.counters()["runs"] == 1


def test_the_order_of_reading_changes_no_row(board, job):
    board.by_priority = board.by_batch = board.by_need = False
    job.check(board)
    assert board.registers.read_fields("memory") == {"priority": 0, "batch": 0, "remap": 0, "need": 0}
    board.by_need = board.by_priority = True
    job.check(board)
    assert board.registers.read_fields("memory") == {"priority": 1, "batch": 0, "remap": 0, "need": 1}


def test_a_core_of_another_size_is_refused(bench, job):
    wanted = replace(TINY, contexts=8, store_rows=2048)
    with SimulatedTransport(bench) as transport:
        with pytest.raises(WrongCoreError) as caught:
            job.driver(transport, wanted)
        assert caught.value.what == (
            "this core has 4 rows in flight in a core and store_rows_log2 = 10, "
            "the driver was made for 8 and store_rows_log2 = 11"
        )
        driver = job.driver(transport)
        job.load(driver)
        job.check(driver)


def test_another_seed_draws_other_samples():
    rng = np.random.default_rng(4)
    network = sampling(rng, IntSample(count=4, seed=1))
    config, features = GcnConfig(sampler=True), rng.integers(-128, 128, (60, 8), dtype=np.int8)
    compiled = compile_network(network, config, features=features)
    facts = json.loads(json.dumps(design(config, "", compiled, sample_seed=0xBEEF).facts["network"]))
    numbering, found = compiled.layout.numbering_bytes(), []
    simulated = SimulatedTransport(build_bench(config))
    with simulated as transport, GcnDriver(transport, registers(config), facts, numbering) as driver:
        driver.load(compiled.program, compiled.constants)
        assert driver.sample_seed == 0xBEEF, "as the folder says"
        for seed in (0xBEEF, 0, 0xBEEF):
            driver.sample_seed = seed
            found.append(driver.run(features))
            want = golden.run(network, features, sample_seed=seed).scores.numpy()
            assert np.array_equal(found[-1], want)
        driver.sample_seed = 1 << 16
        with pytest.raises(DriverError, match=r"^sample_seed must be in 0\.\.65535, not 65536$"):
            driver.run(features)
    assert not np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


BUS = {
    "program": "the memory refused to hand out the program",
    "weights": "the memory refused to hand out weights, biases, scales, rows or bitmaps",
    "input": "the memory refused to hand out the features",
    "output": "the memory refused to take the results",
}


@pytest.mark.parametrize("part", BUS)
def test_bus_errors_are_sentences_and_the_next_run_is_good(board, job, part):
    job.check(board)
    transport = board.transport
    transport.fail(board.registers.read(f"{part}_address"), 8)
    with pytest.raises(CoreError) as caught:
        board.run(job.inputs)
    # Loads run ahead, so which descriptor had been begun last is a matter of cycles.
    assert re.fullmatch(
        rf"the core stopped at descriptor \d+ \([a-z' 0-9]+\): {BUS[part]}", caught.value.what
    )
    transport.fail(0, 0)
    job.check(board)


def test_an_illegal_program_is_told_and_the_right_one_runs(board, job):
    at = job.index(Opcode.AGGREGATE)
    program = bytearray(job.compiled.program)
    program[at * DESCRIPTOR_BYTES] = 77
    board.load(bytes(program), job.compiled.constants)
    with pytest.raises(CoreError) as caught:
        board.run(job.inputs)
    assert caught.value.what == (
        f"the core stopped at descriptor {at} (aggregation 'h1'): it holds an opcode that this core does not "
        "know"
    )
    assert caught.value.hint == "compile the network for this core, and load program and constants again"
    job.load(board)
    job.check(board)


@pytest.mark.parametrize("beats", [0, 50])
def test_a_silent_memory_is_told_and_the_core_restarts_when_it_wakes(board, job, beats):
    board.idle_cycles = 500
    transport = board.transport
    transport.hang(beats)
    for _ in range(2):
        with pytest.raises(TimeLimitError) as caught:
            board.run(job.inputs)
        assert caught.value.what == "the memory still owes the core answers, 0.05 s after it was stopped"
    transport.wake()
    job.check(board)


def test_a_core_that_waits_forever_is_stopped_in_time(board, job):
    """Waits for loads that never come: without a limit of its own the core waits, and the driver's counts."""
    board.idle_cycles = 0
    stuck = patched(job.compiled.program, job.index(Opcode.AGGREGATE), after_load=60_000)
    board.load(stuck, job.compiled.constants)
    before = board.transport.now()
    with pytest.raises(TimeLimitError) as caught:
        board.run(job.inputs, seconds=0.02)
    assert caught.value.what == "the core had ended 0 of 3 runs when the 0.02 s given to it were over"
    assert 0.02 <= board.transport.now() - before < 0.03
    board.idle_cycles = 2000
    with pytest.raises(CoreError, match="nothing moved any more, for as many cycles as idle_cycles says"):
        board.run(job.inputs)
    job.load(board)
    job.check(board)


def patched(program: bytes, index: int, **fields: int) -> bytes:
    """*program* with some fields of descriptor *index* replaced, which all kinds of them have."""
    begin, end = index * DESCRIPTOR_BYTES, (index + 1) * DESCRIPTOR_BYTES
    word = int.from_bytes(program[begin:end], "little")
    for name, value in fields.items():
        field = LOAD[name]
        mask = (1 << field.width) - 1
        word = word & ~(mask << field.offset) | (value & mask) << field.offset
    return program[:begin] + word.to_bytes(DESCRIPTOR_BYTES, "little") + program[end:]


def test_a_deploy_folder_is_opened_validated_and_measured(bench, tmp_path):
    """The writer in gen, the driver that lies in the folder, and the RTL agree."""
    rng = np.random.default_rng(6)
    network, features = gcn(rng), csr_array(binary(rng, 20, 24))
    compiled = compile_network(network, TINY, features=features)
    made = design(TINY, "tiny", compiled, samples(network, features, np.arange(20) % 3 - 1), network)
    deploy(all_boards()["ulx3s"], made, tmp_path / "deploy", tmp_path / "build")
    folder = Deployment(tmp_path / "deploy")
    assert intfile.load(tmp_path / "deploy" / "network.npz").nodes == 20
    contents = {name: folder.read(file) for name, file in folder.manifest["memory"].items()}
    with (
        SimulatedTransport(bench, contents=contents) as transport,
        open_deployment(tmp_path / "deploy", transport) as driver,
    ):
        assert driver.written == {"program": 0, "weights": 0}
        wanted = folder.samples()
        facts = validate(driver, wanted)
        assert (facts["ok"], facts["samples"], facts["different"]) == (True, 20, 0)
        right = (wanted["scores"][0].argmax(axis=1) == wanted["labels"][0])[wanted["labels"][0] >= 0]
        assert facts["accuracy"] == right.mean() and len(right) == 13
        wanted["scores"][0, 4, 1] += 1
        facts = validate(driver, wanted)
        value = int(wanted["scores"][0, 4, 1])
        assert facts["first_difference"] == f"node 4: score 1 is {value - 1} instead of {value}"
        speed = throughput(driver, wanted)
        assert speed["cycles_per_sample"] == driver.counters()["totals"]["cycles"]
        assert speed["bytes_per_sample"]["results"] == compiled.traffic.first["outputs"]
        assert speed["descriptors"][0]["name"] == "load weights"


def test_saturation_is_told(bench):
    """Sums of five rows of 127, of type int8."""
    ring = IntAdjacency(indptr=np.arange(0, 31, 5), indices=np.arange(30) % 6)
    network = IntGraphNetwork(
        nodes=6,
        input=IntInput(features=3),
        adjacencies={"ring": ring},
        operations=(IntAggregate(name="sum", source="x", adjacency="ring", epilogue=Epilogue()),),
    )
    job = Job(network, [np.full((6, 3), 127, np.int8)])
    assert job.saturated
    with SimulatedTransport(bench) as transport, job.driver(transport) as driver:
        job.load(driver)
        with pytest.warns(SaturationWarning, match="a value was clamped to the type of its row"):
            assert np.array_equal(driver.run(job.inputs), job.rows)
        assert driver.saturated
        small = np.ones((6, 3), np.int8)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert (driver.run(small) == 5).all()
        assert not driver.saturated
