"""pyralis.hw.axi.dma: parameters, and the two shared pieces in Amaranth's own simulator."""

import random
from collections import deque

import pytest
from amaranth import Module, Signal
from amaranth.sim import Simulator

from pyralis.hw.axi.dma import BurstQueue, DmaConfig, DmaJob, NextBurst


def simulate(m: Module, bench) -> None:
    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address_bits": 31}, "address_bits must be in 32..64, not 31"),
        ({"data_bits": 48}, "data_bits must be a power of two in 8..1024, not 48"),
        ({"burst_beats": 12}, "burst_beats must be a power of two in 1..256, not 12"),
        ({"burst_beats": 512}, "burst_beats must be a power of two in 1..256, not 512"),
        (
            {"data_bits": 512, "burst_beats": 128},
            r"burst_beats \(128\) x 64 bytes must not exceed 4096 bytes",
        ),
        ({"outstanding": 0}, "outstanding must be in 1..64, not 0"),
        ({"outstanding": 8, "bursts": 7}, "bursts must be in 8..64, not 7"),
        ({"bursts": 65}, "bursts must be in 4..64, not 65"),
    ],
)
def test_config_says_what_is_wrong(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        DmaConfig(**wrong)


@pytest.mark.parametrize(
    "config",
    [
        DmaConfig(),
        DmaConfig(data_bits=8, burst_beats=1, address_bits=32),
        DmaConfig(data_bits=32, burst_beats=256, address_bits=64),
        DmaConfig(data_bits=1024, burst_beats=32),
    ],
)
def test_bursts_cover_a_job_and_cross_no_boundary(config):
    m = Module()
    step, load = Signal(), Signal()
    job = Signal(DmaJob(config))
    burst = NextBurst(m, config, step=step)
    burst.load(m, job, load)
    rng, unit = random.Random(1), config.beat_bytes
    seen = {"full": 0, "short": 0, "crossing": 0}

    async def bench(sim):
        for _ in range(60):
            beats = rng.choice([1, config.burst_beats, rng.randrange(1, 4 * config.burst_beats + 1)])
            address = unit * rng.randrange((1 << config.address_bits) // unit - beats)
            seen["crossing"] += address // 4096 != (address + beats * unit - 1) // 4096
            sim.set(job, {"address": address, "beats": beats})
            sim.set(load, 1)
            await sim.tick()
            sim.set(load, 0)
            sim.set(step, 1)
            moved = 0
            while moved < beats:
                assert sim.get(burst.active)
                length, at = sim.get(burst.beats), sim.get(burst.address)
                assert at == address + moved * unit and 1 <= length <= config.burst_beats
                assert at // 4096 == (at + length * unit - 1) // 4096
                moved += length
                assert sim.get(burst.last) == (moved == beats) and not sim.get(burst.free)
                seen["full" if length == config.burst_beats else "short"] += 1
                await sim.tick()
            assert moved == beats and not sim.get(burst.active) and sim.get(burst.free)
            sim.set(step, 0)

    simulate(m, bench)
    assert seen["full"] and (seen["short"] or config.burst_beats == 1)
    assert seen["crossing"] or config.burst_beats == 1


def test_a_job_of_no_beats_is_no_job():
    config = DmaConfig()
    m = Module()
    load, job = Signal(), Signal(DmaJob(config))
    burst = NextBurst(m, config, step=0)
    burst.load(m, job, load)

    async def bench(sim):
        for beats in (0, 3):
            sim.set(job, {"address": 64, "beats": beats})
            sim.set(load, 1)
            await sim.tick()
            assert sim.get(burst.active) == (beats > 0)

    simulate(m, bench)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_queue_is_first_in_first_out(depth):
    m = Module()
    push, pop, note = Signal(), Signal(), Signal(4)
    queue = BurstQueue(m, "notes", 4, depth, push=push, note=note, pop=pop)
    rng = random.Random(depth)
    states = set()

    async def bench(sim):
        model: deque[int] = deque()
        for _ in range(400):
            assert bool(sim.get(queue.some)) == bool(model) and bool(sim.get(queue.full)) == (
                len(model) == depth
            )
            if model:
                assert sim.get(queue.head) == model[0]
            states.add(len(model))
            take = len(model) > 0 and rng.random() < 0.5
            give = len(model) < depth and rng.random() < 0.6
            value = rng.randrange(16)
            sim.set(push, give)
            sim.set(pop, take)
            sim.set(note, value)
            if take:
                model.popleft()
            if give:
                model.append(value)
            await sim.tick()

    simulate(m, bench)
    assert states == set(range(depth + 1))
