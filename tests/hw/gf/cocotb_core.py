"""cocotb side of test_core.py."""

import json
import os

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge
from multiplications import draw, expected, fields_of, payload

from pyralis.hw.gf.config import GfConfig
from pyralis.sim.bench.stream import between_streams, stalls

CONFIG = GfConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
CYCLES, CORRECTION, INTERVAL = json.loads(os.environ["PYRALIS_TIMES"])
COUNT = int(os.environ["PYRALIS_COUNT"])


def compare(words, jobs):
    seen = {"error": 0, "corrected": 0, "uncorrectable": 0, "alarm": 0}
    for word, job in zip(words, jobs, strict=True):
        found, wanted = fields_of(CONFIG, word), expected(CONFIG, job)
        assert {name: found[name] for name in wanted} == wanted, f"{job}"
        for name in seen:
            seen[name] += found[name]
    return seen


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def products(dut, stall):
    """Every product and flag, with errors injected; under stalls too."""
    source, sink, monitors, rng = await between_streams(dut, "operands", "result", stall)
    heaviest = 2 * CONFIG.t + 2
    jobs = [draw(rng, CONFIG, rng.choice([0, 0, *range(heaviest)])) for _ in range(COUNT)]
    for job in jobs:
        source.send_nowait(payload(CONFIG, job))
    seen = compare(await sink.recv_ints(len(jobs)), jobs)
    if CONFIG.inject and CONFIG.protect != "none":
        assert 0 < seen["error"] < COUNT, "the stimulus reaches both outcomes"
        assert seen["corrected"] + seen["uncorrectable"] == seen["error"]
        if CONFIG.correct and CONFIG.protect.endswith("bch"):
            assert seen["corrected"] and seen["uncorrectable"]
    if stall:
        assert monitors["operands"].waits > 5 and monitors["result"].waits > 5


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def timing(dut):
    """Latency and interval without errors; what an error adds; results wait for a consumer unchanged."""
    source, sink, monitors, rng = await between_streams(dut, "operands", "result", 0.0)
    jobs = [draw(rng, CONFIG, 0) for _ in range(20)]
    for job in jobs:
        source.send_nowait(payload(CONFIG, job))
    compare(await sink.recv_ints(20), jobs)
    entered, left = monitors["operands"].times, monitors["result"].times
    assert left[0] - entered[0] == CYCLES
    assert left[-1] - left[0] == 19 * INTERVAL
    if not CONFIG.inject:
        return
    sink.pause = True
    job = draw(rng, CONFIG, 0)
    job["inject"]["reduced"] = 1
    source.send_nowait(payload(CONFIG, job))
    await ClockCycles(dut.clk, CYCLES + CORRECTION + 10)
    assert int(dut.result__valid.value), "valid does not wait for ready"
    sink.pause = False
    compare([await sink.recv_int()], [job])
    jobs = [job, draw(rng, CONFIG, 0)]
    for job in jobs:
        source.send_nowait(payload(CONFIG, job))
    compare(await sink.recv_ints(2), jobs)
    entered, left = monitors["operands"].times, monitors["result"].times
    assert left[-2] - entered[-2] == CYCLES + (CORRECTION if expected(CONFIG, jobs[0])["error"] else 0)


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def early(dut):
    """The raw product of each operand transfer, in order, once."""
    source, sink, _, rng = await between_streams(dut, "operands", "result", 0.3)
    sink.set_pause_generator(stalls(rng, 0.3))
    seen = []

    async def watch():
        while True:
            await RisingEdge(dut.clk)
            if int(dut.early_valid.value) and not int(dut.rst.value):
                seen.append(int(dut.early.value))

    cocotb.start_soon(watch())
    jobs = [draw(rng, CONFIG, 0) for _ in range(40)]
    for job in jobs:
        source.send_nowait(payload(CONFIG, job))
    compare(await sink.recv_ints(40), jobs)
    assert seen == [expected(CONFIG, job)["product"] for job in jobs]


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def restart(dut):
    """A reset in the middle leaves nothing behind."""
    source, sink, _, rng = await between_streams(dut, "operands", "result", 0.2)
    for _ in range(10):
        source.send_nowait(payload(CONFIG, draw(rng, CONFIG, 1)))
    await ClockCycles(dut.clk, CYCLES + 7)
    source.clear()
    dut.rst.value = 1
    await ClockCycles(dut.clk, 2)
    dut.rst.value = 0
    await RisingEdge(dut.clk)
    sink.clear()
    jobs = [draw(rng, CONFIG, 0) for _ in range(5)]
    for job in jobs:
        source.send_nowait(payload(CONFIG, job))
    compare(await sink.recv_ints(5), jobs)
