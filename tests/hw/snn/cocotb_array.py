"""cocotb side of test_array.py: runs inside the simulator. One wake-up a cycle, at the falling edge."""

import json
import os
import random
from collections import deque
from dataclasses import dataclass, field

import cocotb
import torch
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from pyralis.hw.snn.config import SnnConfig
from pyralis.sim.bench.stream import pack
from pyralis.sim.golden.snn.array import slots, totals

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
ISSUE_LATENCY = int(os.environ["ISSUE_LATENCY"])
LATENCY = ISSUE_LATENCY + CONFIG.stages + 6
"""Promised cycles from the issue of a last step to its first slot."""


def random_pass(steps, rng):
    """Operands of one pass: weights (steps, V, M) and spikes (steps, N, S, V)."""
    c = CONFIG
    weights = torch.randint(-128, 128, (steps, c.in_lanes, c.out_lanes))
    rate = rng.choice((0, 0.1, 0.5, 0.9, 1))
    return weights, (torch.rand(steps, c.pixel_lanes, c.step_lanes, c.in_lanes) < rate).long()


@dataclass
class Bench:
    """Plays the sequencer, the weight store and the neuron row; checks the rules of the stream on the way."""

    dut: object
    stall: float = 0.0
    """Part of the cycles in which the consumer is not ready."""
    bubbles: float = 0.0
    """Part of the cycles in which the sequencer has nothing to issue."""
    seed: int = 0
    cycle: int = 0
    blocked: int = 0
    """Cycles in which a last step waited for room."""
    active: list[bool] = field(default_factory=list)
    issued: list[int] = field(default_factory=list)
    """Cycle of issue of each last step."""
    offered: list[int] = field(default_factory=list)
    """Cycle in which each slot was first offered."""
    received: list[int] = field(default_factory=list)

    async def start(self):
        self.rng = random.Random(self.seed)
        Clock(self.dut.clk, 4, unit="ns").start()
        await self.reset()

    async def reset(self):
        dut = self.dut
        dut.steps__valid.value = dut.issued_last.value = dut.currents__ready.value = 0
        dut.rst.value = 1
        for _ in range(2):
            await FallingEdge(dut.clk)
        dut.rst.value = 0
        self.pipe = deque([None] * (ISSUE_LATENCY + 1), maxlen=ISSUE_LATENCY + 1)
        self.words = deque([0] * CONFIG.stages, maxlen=CONFIG.stages)
        self.held = None

    async def run(self, passes, cycles=None):
        """Issues *passes*, then runs on until all slots are there, or for *cycles* cycles."""
        steps = deque()
        for weights, spikes in passes:
            words = [pack(row, 8) for row in weights.flatten(1).tolist()]
            gates = [pack(row, 1) for row in spikes.flatten(1).tolist()]
            for g, (word, gate) in enumerate(zip(words, gates, strict=True)):
                steps.append((word, gate, g == 0, g == len(words) - 1))
        wanted = len(self.received) + len(passes) * CONFIG.slots
        limit = 100 * (len(steps) + wanted) if cycles is None else cycles
        for _ in range(limit):
            if cycles is None and len(self.received) >= wanted:
                break
            await self._cycle(steps)
        assert cycles is not None or not steps, "the array never gave room for the remaining steps"

    async def _cycle(self, steps):
        dut, rng = self.dut, self.rng
        self._watch_currents()
        self.active.append(bool(int(dut.active.value)))
        # Sequencer: `room` is asked only for the last step of a pass.
        step = None
        if steps and rng.random() >= self.bubbles:
            if not steps[0][3] or int(dut.room.value):
                step = steps.popleft()
            else:
                self.blocked += 1
        dut.issued_last.value = last = int(step is not None and step[3])
        if last:
            self.issued.append(self.cycle)
        # What was issued ISSUE_LATENCY cycles ago arrives now.
        self.pipe.append(step)
        word, gate, first, last = arriving = self.pipe[0] or (
            rng.getrandbits(CONFIG.weight_word_bits),
            0,
            1,
            1,
        )
        dut.steps__valid.value = int(self.pipe[0] is not None)
        dut.steps__first.value, dut.steps__last.value, dut.steps__spikes.value = int(first), int(last), gate
        self.words.appendleft(word)
        bits, weights = CONFIG.stage_bits, 0
        for k in range(CONFIG.stages):
            weights |= (self.words[k] >> k * bits & (1 << bits) - 1) << k * bits
        dut.weights.value = weights
        assert len(arriving) == 4
        await FallingEdge(dut.clk)
        self.cycle += 1

    def _watch_currents(self):
        """The four rules: an offer stays, with its payload, until it is taken."""
        dut = self.dut
        valid, payload = int(dut.currents__valid.value), dut.currents__payload.value
        if self.held is not None:
            assert valid, f"cycle {self.cycle}: an offered slot was withdrawn"
            assert payload == self.held, f"cycle {self.cycle}: an offered slot changed"
        elif valid:
            self.offered.append(self.cycle)
        ready = int(self.rng.random() >= self.stall)
        dut.currents__ready.value = ready
        self.held = payload if valid and not ready else None
        if valid and ready:
            self.received.append(int(payload))

    def check(self, passes):
        """Compares all slots received so far with the golden model."""
        bits, lanes = CONFIG.current_bits, CONFIG.neuron_lanes * CONFIG.step_lanes
        expected = torch.cat([slots(totals(*operands), CONFIG.neuron_lanes) for operands in passes]).flatten(
            1
        )
        for index, (word, row) in enumerate(zip(self.received, expected.tolist(), strict=True)):
            assert word == pack(row, bits), (
                f"slot {index % CONFIG.slots} of pass {index // CONFIG.slots}, {lanes} lanes"
            )


async def bench_of(dut, **options):
    seed = cocotb.RANDOM_SEED % (1 << 63)
    torch.manual_seed(seed)
    bench = Bench(dut, seed=seed, **options)
    await bench.start()
    return bench


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def passes_follow_each_other_without_a_dead_cycle(dut):
    """Passes of `slots` steps or more, consumer ready: the array works in every cycle from first to last."""
    bench = await bench_of(dut)
    lengths = [CONFIG.slots] * 12 + [CONFIG.slots + bench.rng.randrange(20) for _ in range(12)]
    passes = [random_pass(steps, bench.rng) for steps in lengths]
    await bench.run(passes)
    bench.check(passes)
    assert bench.blocked == 0
    trace = bench.active
    begin = trace.index(True)
    assert trace[begin : begin + sum(lengths)] == [True] * sum(lengths), "dead cycle"
    assert not any(trace[begin + sum(lengths) :])
    # Latency: the first slot of every pass, then one a cycle.
    for issue, first in zip(bench.issued, range(0, len(bench.offered), CONFIG.slots), strict=True):
        offers = bench.offered[first : first + CONFIG.slots]
        assert offers == [issue + LATENCY + i for i in range(CONFIG.slots)]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def short_passes_leave_at_the_rate_of_the_slots(dut):
    """Passes of fewer steps than slots: lasts are exactly `slots` cycles apart, nothing slower."""
    bench = await bench_of(dut)
    passes = [random_pass(1 + bench.rng.randrange(CONFIG.slots), bench.rng) for _ in range(30)]
    await bench.run(passes)
    bench.check(passes)
    gaps = {after - before for before, after in zip(bench.issued, bench.issued[1:], strict=False)}
    assert gaps == {CONFIG.slots}
    assert (bench.blocked > 0) == any(len(spikes) < CONFIG.slots for _, spikes in passes)


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(stall=[0.3, 0.8], bubbles=[0.0, 0.4])
async def random_stalls_lose_nothing(dut, stall, bubbles):
    bench = await bench_of(dut, stall=stall, bubbles=bubbles)
    passes = [random_pass(1 + bench.rng.randrange(3 * CONFIG.slots), bench.rng) for _ in range(40)]
    await bench.run(passes)
    bench.check(passes)
    assert any(bench.active) and not all(bench.active)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_consumer_that_stops_fills_the_queue_and_spoils_nothing(dut):
    bench = await bench_of(dut, stall=1.0)
    passes = [random_pass(CONFIG.slots, bench.rng) for _ in range(60)]
    await bench.run(passes, cycles=60 * CONFIG.slots + 100)
    assert bench.blocked and not bench.received, "the sequencer was never held up"
    held = len(bench.issued)
    assert held >= 1, "not even one pass was let in"
    # The passes let in come out whole, in order; new ones only as places come free.
    bench.stall = 0.0
    bench.issued.clear()
    await bench.run([], cycles=(held + 2) * CONFIG.slots + LATENCY)
    bench.check(passes[:held])
    fresh = [random_pass(CONFIG.slots, bench.rng)]
    await bench.run(fresh)
    bench.check(passes[:held] + fresh)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def extremes_do_not_overflow(dut):
    """All inputs spike for many steps, all weights at an end of their range, neighbours at the other."""
    bench = await bench_of(dut)
    c, steps = CONFIG, CONFIG.slots + 40
    channel = torch.arange(c.out_lanes) % 4
    passes = []
    for ends in ((-128, -128, -128, -128), (127, 127, 127, 127), (-128, 127, -128, 127), (127, -128, 1, -1)):
        weights = torch.tensor(ends)[channel].expand(steps, c.in_lanes, -1).contiguous()
        passes.append((
            weights,
            torch.ones(steps, c.pixel_lanes, c.step_lanes, c.in_lanes, dtype=torch.int64),
        ))
    await bench.run(passes)
    bench.check(passes)
    low, high = (totals(*passes[i]) for i in (0, 1))
    assert int(low.max()) == -128 * c.in_lanes * steps and int(high.min()) == 127 * c.in_lanes * steps


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reset_in_mid_stream_forgets_everything(dut):
    bench = await bench_of(dut, stall=0.5, bubbles=0.2)
    for cycles in (7, 3 * CONFIG.slots + LATENCY, 200):
        await bench.run([random_pass(CONFIG.slots, bench.rng) for _ in range(80)], cycles=cycles)
        await bench.reset()
        bench.received.clear()
    assert len(bench.issued) > 3, "nothing was under way at the reset"
    passes = [random_pass(1 + bench.rng.randrange(2 * CONFIG.slots), bench.rng) for _ in range(10)]
    await bench.run(passes)
    bench.check(passes)
