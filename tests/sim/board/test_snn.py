"""The driver of the spiking core against its RTL: results, refusals, failures, and work after each one."""

import json
import random
import warnings
from dataclasses import replace

import numpy as np
import pytest
from networks import random_inputs, random_network, two_layers

from pyralis.boards.runtime.errors import CoreError, SaturationWarning, TimeLimitError, WrongCoreError
from pyralis.boards.runtime.snn import SnnDriver
from pyralis.gen.emit.registers import to_json
from pyralis.gen.emit.verilog import emit
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron
from pyralis.gen.snn.compile import compile_network
from pyralis.gen.snn.generate import network_facts
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.lite import GfLite
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.program import DESCRIPTOR_BYTES, LOAD
from pyralis.hw.snn.registers import register_map
from pyralis.sim.bench.core import MemorySettings, build_core
from pyralis.sim.board.transport import SimulatedTransport
from pyralis.sim.golden.snn.network import run as golden
from pyralis.sim.snn.bench import build_bench

TINY = PRESETS["tiny"]


@pytest.fixture(scope="module")
def bench():
    return build_bench(TINY)


def registers(config=TINY) -> dict:
    return json.loads(to_json(register_map(config)))


def facts(compiled) -> dict:
    """As they come from manifest.json."""
    return json.loads(json.dumps(network_facts(compiled)))


class Job:
    """A network, images and what must come out."""

    def __init__(self, network, *, count: int = 4, seed: int = 4, images: int = 1) -> None:
        self.compiled = compile_network(network, TINY, images=images)
        self.images = random_inputs(random.Random(seed), network, count)
        self.golden = golden(network, self.images)
        self.scores = np.asarray(self.golden.scores).reshape(count, -1)

    def driver(self, transport) -> SnnDriver:
        return SnnDriver(transport, registers(), facts(self.compiled))

    def load(self, driver) -> None:
        driver.load(self.compiled.program, self.compiled.weights)

    def check(self, driver) -> None:
        assert (driver.run(self.images) == self.scores).all()


@pytest.fixture(scope="module")
def job():
    return Job(two_layers())


@pytest.fixture
def board(bench, job):
    """A driver with the network loaded."""
    with SimulatedTransport(bench) as transport, job.driver(transport) as driver:
        job.load(driver)
        yield driver


@pytest.mark.parametrize("seed", range(4))
def test_random_networks_give_the_scores_of_the_golden_model(bench, seed):
    """Two networks one after the other on the same board, with stalls, and images again in other numbers."""
    rng = random.Random(f"board {seed}")
    memory = MemorySettings(latency=rng.choice([1, 30]), stall_percent=20, stall_seed=seed + 1)
    with SimulatedTransport(bench, memory=memory) as transport:
        for _ in range(2):
            job = Job(random_network(rng, TINY), count=3, seed=seed)
            driver = job.driver(transport)
            job.load(driver)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SaturationWarning)
                job.check(driver)
                assert driver.saturated == any(job.golden.saturated)
                for part in (job.images[:1], job.images[::-1], job.images[:0]):
                    expected = {1: job.scores[:1], 3: job.scores[::-1], 0: job.scores[:0]}[len(part)]
                    assert (driver.run(part) == expected).all()


def test_the_random_networks_have_all_codings_and_outputs():
    seen = set()
    for seed in range(4):
        rng = random.Random(f"board {seed}")
        rng.choice([1, 30])
        for _ in range(2):
            made = random_network(rng, TINY)
            seen |= {made.coding, made.output}
    assert seen == {"direct", "events", "ternary", "counts", "potentials"}


def test_images_that_share_a_weight_load(bench):
    job = Job(two_layers(), count=5, images=2)
    with SimulatedTransport(bench) as transport, job.driver(transport) as driver:
        job.load(driver)
        job.check(driver)
        assert driver.counters()["images"] == 5
        assert driver.counters()["totals"]["write_beats"] == 3 * job.compiled.output_stride // 8


def test_what_lies_in_memory_is_used_and_mended(bench, job):
    contents = {"program": job.compiled.program, "weights": job.compiled.weights}
    with SimulatedTransport(bench, contents=contents) as transport, job.driver(transport) as driver:
        job.load(driver)
        assert driver.written == {"program": 0, "weights": 0}
        job.check(driver)
        place = transport.preloaded["weights"]
        place.write(bytes(byte ^ 0xFF for byte in place.read(40)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SaturationWarning)
            assert not (driver.run(job.images) == job.scores).all(), "the weights did not matter"
        job.load(driver)
        assert driver.written == {"program": 0, "weights": min(512, len(job.compiled.weights))}
        job.check(driver)


def test_counters_are_those_of_the_hardware(board, job):
    job.check(board)
    counts = board.counters()
    observed = golden(job.compiled.network, job.images, observe=True)
    assert counts["images"] == len(job.images)
    assert [layer["name"] for layer in counts["layers"]] == ["conv", "fc"]
    assert counts["layers"][0]["spikes"] == observed.spike_counts[0] > 0
    totals = counts["totals"]
    assert totals["active"] == sum(layer["active"] for layer in counts["layers"]) > 0
    assert totals["cycles"] > totals["active"]
    assert totals["write_beats"] == len(job.images) * job.compiled.output_stride // (TINY.bus_bits // 8)
    before = totals["cycles"]
    board.run(job.images[:2])
    assert 0 < board.counters()["totals"]["cycles"] < before and board.counters()["images"] == 2


def test_another_core_is_refused(job):
    other = build_core(
        emit(GfLite(GfConfig(m=16, t=2, correct=2, inject=True, separate_operands=True)), "gflite"), "gflite"
    )
    with SimulatedTransport(other) as transport, pytest.raises(WrongCoreError) as caught:
        job.driver(transport)
    assert caught.value.what == (
        "the identification word is 0x50794746 ('PyGF'), and the driver is for 0x5079534e ('PySN')"
    )


def test_a_core_of_another_size_is_refused(bench, job):
    wanted = replace(TINY, pixel_lanes=4, map_words=1024)
    with SimulatedTransport(bench) as transport:
        with pytest.raises(WrongCoreError) as caught:
            SnnDriver(transport, registers(wanted), facts(job.compiled))
        assert caught.value.what == (
            "this core has 2 pixel lanes and 512 words of each feature map, "
            "the driver was made for 4 and 1024"
        )
        driver = job.driver(transport)
        job.load(driver)
        job.check(driver)


BUS = {
    "program": ("descriptor 0 (the input)", "the memory refused to hand out the program"),
    "weights": (
        "descriptor 0 (the input)",
        "the memory refused to hand out the weights",
    ),  # ahead of their layer
    "input": ("descriptor 0 (the input)", "the memory refused to hand out the input"),
    "output": ("descriptor 2 (layer 'fc')", "the memory refused to take the results"),
}


@pytest.mark.parametrize("part", BUS)
def test_bus_errors_are_sentences_and_the_next_run_is_good(board, job, part):
    job.check(board)
    transport = board.transport
    address = board.registers.read(f"{part}_address")
    transport.fail(address, 8)
    with pytest.raises(CoreError) as caught:
        board.run(job.images)
    where, what = BUS[part]
    assert caught.value.what == f"the core stopped at {where}: {what}"
    transport.fail(0, 0)
    job.check(board)


def test_an_illegal_program_is_told_and_the_right_one_runs(board, job):
    program = bytearray(job.compiled.program)
    program[2 * DESCRIPTOR_BYTES] = 77  # opcode of the last layer
    board.load(bytes(program), job.compiled.weights)
    with pytest.raises(CoreError) as caught:
        board.run(job.images)
    assert caught.value.what == (
        "the core stopped at descriptor 2 (layer 'fc'): it holds an opcode that this core does not know"
    )
    assert caught.value.hint == "compile the network for this core, and load program and weights again"
    job.load(board)
    job.check(board)


@pytest.mark.parametrize("beats", [0, 50])
def test_a_silent_memory_is_told_and_the_core_restarts_when_it_wakes(board, job, beats):
    board.idle_cycles = 500
    transport = board.transport
    transport.hang(beats)
    for _ in range(2):
        with pytest.raises(TimeLimitError) as caught:
            board.run(job.images)
        assert caught.value.what == ("the memory still owes the core answers, 0.05 s after it was stopped")
    transport.wake()
    job.check(board)


def test_a_core_that_waits_forever_is_stopped_in_time(board, job):
    """Pixels that never come: without a limit of its own the core waits, and the driver's limit counts."""
    board.idle_cycles = 0
    board.load(patch_load(job.compiled.program, beats=1), job.compiled.weights)
    before = board.transport.now()
    with pytest.raises(TimeLimitError) as caught:
        board.run(job.images, seconds=0.02)
    assert caught.value.what == "the core had ended 0 of 4 runs when the 0.02 s given to it were over"
    assert 0.02 <= board.transport.now() - before < 0.03
    board.idle_cycles = 2000
    with pytest.raises(CoreError, match="nothing moved any more, for as many cycles as idle_cycles says"):
        board.run(job.images)
    job.load(board)
    job.check(board)


def patch_load(program: bytes, **fields: int) -> bytes:
    """*program* with some fields of its first descriptor replaced."""
    word = int.from_bytes(program[:DESCRIPTOR_BYTES], "little")
    for name, value in fields.items():
        field = LOAD[name]
        mask = (1 << field.width) - 1
        word = word & ~(mask << field.offset) | (value & mask) << field.offset
    return word.to_bytes(DESCRIPTOR_BYTES, "little") + program[DESCRIPTOR_BYTES:]


def test_saturation_is_told(bench):
    saturating = saturating_network()
    job = Job(saturating)
    assert any(job.golden.saturated), "nothing saturates in this network"
    with SimulatedTransport(bench) as transport, job.driver(transport) as driver:
        job.load(driver)
        with pytest.warns(SaturationWarning, match="was clamped to its width"):
            job.check(driver)
        assert driver.saturated


def saturating_network() -> IntNetwork:
    """Outputs that grow by a million in every one of many steps, and never fire."""
    return IntNetwork(
        input_shape=(1, 2, 2),
        time_steps=20,
        output="potentials",
        potential_bits=TINY.potential_bits,
        layers=(
            IntLayer(
                name="fc",
                kind="linear",
                weight=np.arange(-6, 6, dtype=np.int8).reshape(3, 1, 2, 2),
                bias=np.full(3, 1_000_000),
                threshold=np.full(3, (1 << TINY.potential_bits - 1) - 1),
                neuron=IntNeuron(reset="none"),
            ),
        ),
    )
