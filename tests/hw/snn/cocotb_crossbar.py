"""cocotb side of test_crossbar.py: runs inside the simulator."""

import json
import os
import random

import cocotb
import torch
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from pyralis.hw.snn.crossbar import CrossbarConfig
from pyralis.sim.bench.stream import pack
from pyralis.sim.golden.snn.crossbar import crossbar


def signed_lanes(word, bits, count):
    return [
        (word >> n * bits & (1 << bits) - 1) - (word >> n * bits + bits - 1 & 1) * (1 << bits)
        for n in range(count)
    ]


async def run(dut, weights, spikes):
    """Feeds a set of operands a cycle, each stage a cycle after the one before; returns the sums."""
    stages, count, sums = weights.shape[1] // 2, len(weights), []
    idle = torch.randint(-128, 128, (8,)).tolist()
    Clock(dut.clk, 4, unit="ns").start()
    dut.rst.value = 0
    await FallingEdge(dut.clk)
    for cycle in range(count + stages + 1):
        if cycle > stages:
            sums.append(signed_lanes(int(dut.sums.value), 12, 4))
        word, gate = 0, 0
        for k in range(stages):
            t = cycle - k
            live = 0 <= t < count
            values = weights[t, 2 * k : 2 * k + 2].flatten().tolist() if live else idle
            word |= pack(values, 8) << 64 * k
            gate |= (pack(spikes[t, 2 * k : 2 * k + 2].tolist(), 1) if live else 3) << 2 * k
        dut.weights.value, dut.spikes.value = word, gate
        await FallingEdge(dut.clk)
    return torch.tensor(sums)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_operands_match_golden(dut):
    """A new set each cycle, its sums after exactly stages + 1 cycles: latency and initiation interval."""
    config = CrossbarConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
    torch.manual_seed(cocotb.RANDOM_SEED % (1 << 63))
    weights = torch.randint(-128, 128, (400, 2 * config.stages, 4))
    # Every rate of spikes, from none to all.
    spikes = (torch.rand(400, 2 * config.stages) < torch.rand(400, 1) * 1.4 - 0.2).long()
    expected = crossbar(weights, spikes)
    assert (spikes.sum(1) == 0).any() and (spikes.sum(1) == 2 * config.stages).any(), (
        "no empty or no full set"
    )
    assert torch.equal(await run(dut, weights, spikes), expected)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def extremes_do_not_overflow_a_lane(dut):
    """Tries to overflow: all inputs spike, all weights at an end of their range, neighbours at the other."""
    config = CrossbarConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
    rng = random.Random(cocotb.RANDOM_SEED)
    inputs = 2 * config.stages
    rows = [[-128] * 4, [127] * 4, [-128, 127] * 2, [127, -128] * 2, [-1, 0, -128, 1]]
    rows += [[rng.choice((-128, -127, -1, 0, 1, 127)) for _ in range(4)] for _ in range(95)]
    weights = torch.tensor(rows)[:, None, :].expand(-1, inputs, -1).contiguous()
    spikes = torch.ones(len(rows), inputs, dtype=torch.int64)
    expected = crossbar(weights, spikes)
    assert int(expected.min()) == -128 * inputs and int(expected.max()) == 127 * inputs
    if config.stages == 8:
        assert int(expected.min()) == -(1 << 11), "the longest cascade must reach the end of 12 bits"
    assert torch.equal(await run(dut, weights, spikes), expected)
