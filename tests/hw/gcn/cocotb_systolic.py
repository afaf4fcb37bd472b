"""cocotb side of test_systolic.py: runs inside the simulator. One wake-up a cycle, at the falling edge."""

import json
import os
import random

import cocotb
import numpy as np
import torch
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.pairs import ELEMENT_BITS, WordLayout
from pyralis.hw.gcn.systolic import CAPTURE, DENSE_LATENCY
from pyralis.sim.bench.stream import pack, unpack
from pyralis.sim.golden.gcn.pairs import word
from pyralis.sim.golden.gcn.systolic import leaving

CONFIG = GcnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
R, G, L, P = CONFIG.pe_rows, CONFIG.gather_ports, CONFIG.lanes, CONFIG.cluster_ports
WORD_BITS = WordLayout(CONFIG).size
FEED_BITS = 3 + ELEMENT_BITS
DRAIN_BITS = max((P - 1).bit_length(), 1)
SUM_BITS = CONFIG.product_bits * L


def sums_of(bits):
    return unpack(bits, CONFIG.product_bits, L, signed=True)


class Bench:
    """Plays a schedule: what the ports get in each cycle; keeps what they show in each cycle."""

    def __init__(self, dut, gather):
        self.dut, self.gather = dut, gather
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.words = {}  # cycle, port -> word
        self.steps, self.elements = {}, {}  # cycle -> bits; cycle, PE row -> byte
        self.feeds, self.drain = {}, {}  # cycle, port -> bits; cycle, cluster -> port

    async def run(self, cycles):
        dut, rng = self.dut, self.rng
        Clock(dut.clk, 4, unit="ns").start()
        dut.gather.value, dut.rst.value = self.gather, 1
        dut.step.value = dut.feeds.value = 0
        await FallingEdge(dut.clk)
        dut.rst.value = 0
        rows, gathered, below = {}, {}, {}
        for cycle in range(cycles):
            below[cycle] = int(dut.next_step.value), int(dut.next_word.value)
            if int(dut.row.value) & 1:
                rows[cycle] = sums_of(int(dut.row.value) >> 1)
            gathered[cycle] = int(dut.gathered.value)
            rubbish = rng.getrandbits
            dut.words.value = pack(
                [self.words.get((cycle, g), rubbish(WORD_BITS)) for g in range(G)], WORD_BITS
            )
            dut.step.value = self.steps.get(cycle, rubbish(3) << 1)
            dut.elements.value = pack([self.elements.get((cycle, i), rubbish(8)) for i in range(R)], 8)
            feeds = [self.feeds.get((cycle, g), rubbish(FEED_BITS - 1) << 1) for g in range(G)]
            dut.feeds.value = pack(feeds, FEED_BITS)
            drain = [self.drain.get((cycle, n), rng.randrange(P)) for n in range(CONFIG.clusters)]
            dut.drain.value = pack(drain, DRAIN_BITS)
            await FallingEdge(dut.clk)
        return rows, gathered, below


def elements_of(rng, shape, signed):
    low, high = (-128, 128) if signed else (0, 256)
    edge = rng.random() < 0.2
    values = (
        rng.choices((low, high - 1), k=int(np.prod(shape)))
        if edge
        else [rng.randrange(low, high) for _ in range(int(np.prod(shape)))]
    )
    return torch.tensor(values).reshape(shape)


def play_dense(bench, lengths, bubbles):
    """Schedules dense sums of *lengths* elements; returns the cycle of each row's result, and the result."""
    rng, cycle, expected, last = bench.rng, 0, {}, -R
    for length in lengths:
        signed = rng.getrandbits(1)
        source = elements_of(rng, (R, length), signed)
        weight = elements_of(rng, (length, L), signed=True)
        for k in range(length):
            while rng.random() < bubbles or (k == length - 1 and cycle < last + R):
                cycle += 1
            bench.words[cycle, 0] = word(weight[k].numpy())
            bench.steps[cycle] = 1 | (k == 0) << 1 | (k == length - 1) << 2 | signed << 3
            for i in range(R):
                bench.elements[cycle + i, i] = int(source[i, k])
            cycle += 1
        last = cycle - 1
        for i, (_, _, sums) in enumerate(leaving(source, weight, R, L)):
            expected[last + DENSE_LATENCY + i] = sums.tolist()
    return expected


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(bubbles=[0.0, 0.3])
async def dense_sums_leave_one_row_a_cycle(dut, bubbles):
    bench = Bench(dut, gather=0)
    lengths = [R] * 6 + [bench.rng.randrange(1, 3 * R) for _ in range(20)]
    expected = play_dense(bench, lengths, bubbles)
    rows, _, below = await bench.run(max(expected) + 10)
    assert rows == expected
    if not bubbles:
        first = min(expected)
        assert all(first + n in rows for n in range(6 * R)), "not a row a cycle"
    for cycle, bits in bench.steps.items():
        assert below[cycle + R] == (bits, bench.words[cycle, 0]), "what leaves below"


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def sums_may_be_as_large_as_they_can(dut):
    bench = Bench(dut, gather=0)
    length, cycle, expected = min(200, (1 << CONFIG.product_bits - 1) // (128 * 255)), 0, {}
    for weights, byte, signed in (((-128, 127), 255, 0), ((127, -128), 255, 0), ((-128, -128), 128, 1)):
        row = np.array(weights * (L // 2), dtype=np.int8)
        for k in range(length):
            bench.words[cycle, 0] = word(row)
            bench.steps[cycle] = 1 | (k == 0) << 1 | (k == length - 1) << 2 | signed << 3
            for i in range(R):
                bench.elements[cycle + i, i] = byte
            cycle += 1
        element = byte - 256 * signed
        for i in range(R):
            expected[cycle - 1 + DENSE_LATENCY + i] = [int(w) * element * length for w in row]
    rows, _, _ = await bench.run(cycle + R + 20)
    assert rows == expected


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(longest=[1, 3, 9])
async def gathered_sums_wait_in_their_registers(dut, longest):
    """Each port works alone; a result register is read in any cycle before the next sum goes into it."""
    bench = Bench(dut, gather=1)
    rng, expected, waits = bench.rng, {}, set()
    state = [{"left": 0, "sums": None, "ready": None, "since": 0} for _ in range(G)]
    for cycle in range(400):
        drained = set()
        for cluster in range(CONFIG.clusters):
            ports = range(cluster * P, cluster * P + P)
            waiting = [g for g in ports if state[g]["ready"] is not None]
            if waiting and rng.random() < 0.9:
                g = rng.choice(waiting)
                # The cycle of the last step and those after it, moved to the register's output.
                bench.drain[cycle + CAPTURE - 1, cluster] = g % P
                expected[cycle + CAPTURE, cluster] = state[g]["ready"]
                waits.add(cycle - state[g]["since"])
                state[g]["ready"] = None
                drained.add(g)
        for g, port in enumerate(state):
            if rng.random() < 0.2:
                continue
            first = port["left"] == 0
            if first:
                port["left"], port["sums"] = rng.randrange(1, longest + 1), np.zeros(L, dtype=np.int64)
            if port["left"] == 1 and port["ready"] is not None:
                if first:
                    port["left"] = 0
                continue
            weights = np.array([rng.randrange(-128, 128) for _ in range(L)], dtype=np.int8)
            element = rng.choice((0, 1, -128, 255, rng.randrange(-128, 256)))
            port["sums"] = port["sums"] + weights.astype(np.int64) * element
            port["left"] -= 1
            last = port["left"] == 0
            bench.words[cycle, g] = word(weights)
            bench.feeds[cycle, g] = 1 | first << 1 | last << 2 | (element & (1 << ELEMENT_BITS) - 1) << 3
            if last:
                port["ready"], port["since"] = port["sums"].tolist(), cycle
    rows, gathered, below = await bench.run(400 + CAPTURE + 4)
    assert not rows and not any(step & 1 for step, _ in below.values()), "gathered sums in the dense path"
    assert len(expected) > 40
    for (cycle, cluster), sums in expected.items():
        assert sums_of(gathered[cycle] >> cluster * SUM_BITS & (1 << SUM_BITS) - 1) == sums, f"cycle {cycle}"
    assert 1 in waits and max(waits) > 1
