"""The external memory model, through the DMAs: contents, rate, stalls, errors, hanging, protocol checks."""

import json
import resource
from pathlib import Path

import numpy as np
import pytest

from pyralis.gen.emit.verilog import emit
from pyralis.hw.axi.read import DmaConfig, ReadDma
from pyralis.hw.axi.write import WriteDma
from pyralis.sim.bench.build import MEMORY_MODEL, build
from pyralis.sim.bench.ddr4 import Ddr4Counts, Ddr4Settings

HERE = Path(__file__).parent
CONFIG = DmaConfig(address_bits=40, data_bits=128, burst_beats=16, outstanding=4)
BYTES = 1 << 18


@pytest.fixture(scope="module")
def bench():
    sources = {
        "readdma.v": emit(ReadDma(CONFIG), "readdma"),
        "writedma.v": emit(WriteDma(CONFIG), "writedma"),
    }
    return build(sources, "copy_bench", extra=[*MEMORY_MODEL, HERE / "copy_bench.v"])


def simulate(bench, top, testcase, tmp_path, settings, environment=None):
    """Runs one test of the cocotb half with *settings* as plusargs; the output lands in ``log.txt``."""
    runner, folder = bench
    runner.test(
        hdl_toplevel=top,
        test_module="cocotb_axi_memory",
        testcase=testcase,
        test_dir=folder,
        build_dir=folder,
        seed=1,
        plusargs=[f"+{name}={value}" for name, value in settings.items()],
        results_xml=str(tmp_path / "results.xml"),
        log_file=tmp_path / "log.txt",
        extra_env={"COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py", **(environment or {})},
    )


def run(bench, tmp_path, case, *, testcase="straight", contents=None, **settings):
    """Returns (counters, contents before, contents after)."""
    if contents is None:
        contents = np.random.default_rng(1).integers(0, 256, BYTES // 2, dtype=np.uint8).tobytes()
    (tmp_path / "memory.bin").write_bytes(contents)
    settings = {"memory": tmp_path / "memory.bin", "dump": tmp_path / "dump.bin", **settings}
    result = tmp_path / "result.json"
    environment = {"PYRALIS_CASE": json.dumps(case), "PYRALIS_RESULT": str(result)}
    simulate(bench, "copy_bench", testcase, tmp_path, settings, environment)
    return json.loads(result.read_text()), contents, (tmp_path / "dump.bin").read_bytes()


def copied(before: bytes, case: dict) -> bytes:
    """What memory must hold after the copy."""
    after = bytearray(before.ljust(BYTES, b"\0"))
    size = case["beats"] * 16
    after[case["target"] : case["target"] + size] = after[case["source"] : case["source"] + size]
    return bytes(after)


CASE = {"source": 0x1230, "target": 0x20FF0, "beats": 2000}


def test_copy_at_full_rate(bench, tmp_path):
    counts, before, after = run(bench, tmp_path, CASE, latency=20)
    assert after == copied(before, CASE)
    # 2000 beats, one a cycle, and the latency of one read and one response.
    assert 2000 < counts["cycles"] < 2000 + 2 * 20 + 30
    assert counts["beats_a"] == counts["beats_w"] == counts["words"] == 2000
    assert counts["read_errors"] == counts["write_errors"] == counts["hung"] == 0
    words = np.frombuffer(before[0x1230 : 0x1230 + 32000], "<u4")
    assert counts["sums"] >= 1
    assert counts["sum"] == int(words.sum(dtype=np.uint64)) % 2**32


def test_stalls_change_nothing_but_the_time(bench, tmp_path):
    counts, before, after = run(bench, tmp_path, CASE, latency=7, stall_percent=40, stall_seed=5)
    assert after == copied(before, CASE)
    assert counts["cycles"] > 2000 * 1.3, "40 percent of stalls cost nothing"
    again, _, _ = run(bench, tmp_path, CASE, latency=7, stall_percent=40, stall_seed=5)
    other, _, _ = run(bench, tmp_path, CASE, latency=7, stall_percent=40, stall_seed=6)
    assert again == counts and other["cycles"] != counts["cycles"], (
        "stalls depend on the seed and on nothing else"
    )


def test_latency_beyond_what_is_outstanding_costs_rate(bench, tmp_path):
    # 4 bursts of 16 beats in each 200 + 16 cycles and a few.
    case = {"source": 0x1200, "target": 0x20F00, "beats": 2048}
    counts, before, after = run(bench, tmp_path, case, latency=200)
    assert after == copied(before, case)
    assert 2048 / 64 * 216 < counts["cycles"] < 2048 / 64 * 226 + 450


@pytest.mark.parametrize("rate", [4, 16, 24])
def test_bytes_per_cycle_is_shared_by_all_ports(bench, tmp_path, rate):
    counts, before, after = run(bench, tmp_path, CASE, latency=4, bytes_per_cycle=rate)
    assert after == copied(before, CASE)
    moved = 16 * (
        2 * counts["beats_a"] + counts["beats_w"]
    )  # the summing port gets its turn as often as the copy
    assert moved / rate * 0.9 < counts["cycles"] < moved / rate * 1.1 + 100


def test_the_timing_of_a_ddr4_channel_moves_the_same_bytes(bench, tmp_path):
    arguments = Ddr4Settings().plusargs(tmp_path / "counts.json")[1:]
    timing = dict(argument[1:].split("=", 1) for argument in arguments)
    counts, before, after = run(bench, tmp_path, CASE, latency=10, stall_percent=10, **timing)
    assert after == copied(before, CASE)
    # 2,000 words of 16 bytes, copied and summed: 500 lines each, and what bursts that begin within one add.
    lines = Ddr4Counts.read(tmp_path / "counts.json")
    assert counts["beats_w"] == 2000 and 500 <= lines.writes <= 501 + 2000 // 16
    assert lines.reads >= 1000 and lines.hits > lines.conflicts + lines.misses > 0


def test_error_range_answers_slverr_and_is_left_alone(bench, tmp_path):
    case = {"source": 0, "target": 0x20000, "beats": 128}
    before = bytes(range(256)) * 16
    counts, before, after = run(bench, tmp_path, case, contents=before, error_base=0x20100, error_bytes=0x40)
    expected = bytearray(copied(before, case))
    expected[0x20100:0x20140] = bytes(0x40)
    assert after == bytes(expected)
    assert counts["write_errors"] == 1 and counts["read_errors"] == 0
    counts, _, _ = run(bench, tmp_path, case, contents=before, error_base=0x100, error_bytes=0x40)
    assert counts["write_errors"] == 0 and counts["read_errors"] >= 4 and counts["done"] == 1


def test_beyond_the_memory_is_an_error_not_a_wrap(bench, tmp_path):
    case = {"source": 0, "target": BYTES - 0x100, "beats": 32}
    counts, before, after = run(bench, tmp_path, case)
    assert after[-0x100:] == before[:0x100] and after[: len(before)] == before
    assert counts["write_errors"] == 1


def test_hang_flush_and_second_run(bench, tmp_path):
    counts, before, after = run(bench, tmp_path, CASE, testcase="hang_then_flush", latency=9, hang_after=777)
    stuck, between = counts["stuck"], counts["between"]
    assert stuck["hung"] == 1 and stuck["busy"] == 1 and stuck["done"] == 0
    assert 775 <= stuck["beats_a"] + stuck["beats_b"] + stuck["beats_w"] <= 778
    assert between["done"] == 0 and between["words"] == stuck["words"], "a flushed beat reached the consumer"
    assert between["beats_a"] > stuck["beats_a"], "nothing was outstanding when the memory hung"
    assert after == copied(before, CASE) and counts["words"] == 2000 and counts["done"] == 1


def test_part_of_the_memory_can_be_dumped(bench, tmp_path):
    case = {"source": 16, "target": 0x3000, "beats": 3}
    _, before, part = run(bench, tmp_path, case, dump_base=0x3000, dump_bytes=50)
    assert part == before[16:64] + before[0x3030:0x3032]


def test_faster_than_a_hundred_thousand_cycles_a_second(bench, tmp_path):
    """Processor time of the simulator, start included, so that a busy machine does not matter."""
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    counts, _, _ = run(bench, tmp_path, CASE | {"beats": 8000, "source": 0}, bytes_per_cycle=1, latency=30)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
    assert counts["cycles"] > 350_000
    assert counts["cycles"] / seconds > 100_000, f"{counts['cycles']} cycles in {seconds:.1f} s"


@pytest.fixture(scope="module")
def bad_manager():
    return build({}, "bad_manager", extra=[*MEMORY_MODEL, HERE / "bad_manager.v"])


def test_a_manager_that_keeps_the_rules_passes(bad_manager, tmp_path):
    simulate(bad_manager, "bad_manager", "manager", tmp_path, {"stall_percent": 50})


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fault": "crossing"}, "a burst of 4 beats at 0000000000000fe0 crosses 4 KB"),
        ({"fault": "unaligned"}, "a address 0000000000000104 is not a multiple of 16"),
        ({"fault": "size"}, "a size 3 is not the bus width"),
        ({"fault": "wrap"}, "a burst type 2 is not INCR"),
        ({"fault": "id"}, "a ID 1 is not 0"),
        ({"fault": "moving"}, "AR of port 0 changed before it was accepted"),
        ({"fault": "dropped"}, "AR of port 0 changed before it was accepted"),
        ({"fault": "early"}, "w WLAST is 1 with 1 beats to come"),
        ({"fault": "word"}, "W changed before it was accepted"),
        ({"latency": 0}, "+latency must be at least 1, not 0"),
        ({"stall_percent": 99}, "+stall_percent must be in 0..95, not 99"),
        ({"memory": "/nowhere/memory.bin"}, "cannot open +memory=/nowhere/memory.bin"),
        ({"memory": __file__}, "is longer than the memory of 8192 bytes"),
    ],
)
def test_broken_rules_and_settings_stop_the_run(bad_manager, tmp_path, settings, sentence):
    with pytest.raises((SystemExit, RuntimeError)):
        simulate(
            bad_manager, "bad_manager", "manager", tmp_path, {"stall_percent": 90, "stall_seed": 3} | settings
        )
    assert f"axi_memory: {sentence}" in (tmp_path / "log.txt").read_text() or (
        "longer" in sentence and sentence in (tmp_path / "log.txt").read_text()
    )
