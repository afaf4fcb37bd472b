"""Simulator side of :mod:`pyralis.sim.gf.injection`: operands in, results out, both with stalls."""

import json
import os
import random
from pathlib import Path

import cocotb
from cocotb.triggers import with_timeout

from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start

CLOCK_NS = 4
LONGEST_CYCLES = 100_000
"""Without a result for so long the core hangs."""


@cocotb.test()
async def run_job(dut):
    """Sends the words of the job file and leaves the results in its answer file."""
    job = json.loads(Path(os.environ["PYRALIS_JOB"]).read_text())
    source, sink, monitors = StreamSource(dut, "operands"), StreamSink(dut, "result"), monitor_streams(dut)
    await start(dut, period_ns=CLOCK_NS)
    if job["stall"]:
        rng = random.Random(job["seed"])
        source.set_pause_generator(stalls(rng, job["stall"]))
        sink.set_pause_generator(stalls(rng, job["stall"]))
    for word in job["words"]:
        source.send_nowait(word)
    found = [await with_timeout(sink.recv_int(), LONGEST_CYCLES * CLOCK_NS, "ns") for _ in job["words"]]
    answer = {"words": found, "waits": monitors["result"].waits}
    Path(job["answer"]).write_text(json.dumps(answer))
