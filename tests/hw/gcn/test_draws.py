"""pyralis.hw.gcn.draws against the golden sampler's positions."""

import random

import pytest
import torch
from amaranth.sim import Simulator

from pyralis.gen.gcn.intnetwork import IntSample
from pyralis.hw.gcn.draws import RECIPROCALS, Draws, SampleKind
from pyralis.sim.golden.gcn.sampler import positions

SPREAD = 0x9E37


def settings(sample: IntSample) -> dict:
    fields = {"count": sample.count, "seed": sample.seed, "start": sample.start, "step": sample.step}
    return fields | {"kind": SampleKind[sample.kind.upper()]}


def expected(first: int, degree: int, node: int, sample: IntSample) -> list[int]:
    """Places that the sample of a row takes, in entries from the begin of line 0 on."""
    if sample.kind == "uniform" and degree <= sample.count:
        return [first + place for place in range(max(degree, 1))]
    found = positions(torch.tensor([node]), torch.tensor([max(degree, 1)]), sample)[0]
    return [first + place for place in found.tolist() if place >= 0]


def run(sample: IntSample, rows: list[tuple[int, int, int] | None], stall: float = 0.0) -> tuple[list, list]:
    """What comes of *rows*, (first, degree, node), or None for the end of a group; and when."""
    dut, rng = Draws(), random.Random(1)
    got, times = [], []

    async def feed(context):
        context.set(dut.settings, settings(sample))
        context.set(dut.reciprocal, RECIPROCALS[sample.count])
        for row in rows:
            while rng.random() < stall:
                context.set(dut.rows.valid, 0)
                await context.tick()
            first, degree, node = row or (7, 0, 0)
            payload = {"first": {"entry": first % 8, "line": first // 8 % 8192}, "length": max(degree, 1)}
            context.set(dut.rows.payload, payload | {"number": node * SPREAD % 32768, "end": row is None})
            context.set(dut.rows.valid, 1)
            await context.tick().until(dut.rows.ready)
        context.set(dut.rows.valid, 0)

    async def take(context):
        clock, idle, mine = 0, 0, []
        while idle < 40:
            ready = rng.random() >= stall
            context.set(dut.draws.ready, ready)
            _, _, valid, draw = await context.tick().sample(dut.draws.valid, dut.draws.payload)
            clock, idle = clock + 1, 0 if valid else idle + 1
            if not (valid and ready):
                continue
            times.append(clock)
            if draw.end:
                assert not draw.none and not draw.two and draw.first.entry == 7 and not draw.first.line
                got.append(None)
                continue
            if not draw.none:
                mine += [draw.first.line * 8 + draw.first.entry]
                mine += [draw.second.line * 8 + draw.second.entry] if draw.two else []
            if draw.final:
                got.append(mine)
                mine = []
        assert not mine

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(feed)
    simulator.add_testbench(take)
    simulator.run()
    return got, times


@pytest.mark.parametrize("stall", [0.0, 0.4])
@pytest.mark.parametrize(
    "sample",
    [
        IntSample(count=1, seed=3),
        IntSample(count=7, seed=65535),
        IntSample(count=255, seed=0x1234),
        IntSample(count=4, kind="predefined", start=2, step=3),
        IntSample(count=5, kind="predefined", start=32767, step=32767),
        IntSample(count=255, kind="predefined", start=0, step=1),
    ],
    ids=lambda sample: f"{sample.kind}-{sample.count}",
)
def test_against_golden(sample, stall):
    rng = random.Random(sample.count)
    near = [sample.count - 1, sample.count, sample.count + 1]
    degrees = [0, 1, 2, 32767, *near, *(rng.choice([*near, rng.randrange(40), 300]) for _ in range(12))]
    rows = [(rng.randrange(8, 32000), degree, rng.randrange(1 << 17)) for degree in degrees]
    ended = [each for row in rows for each in ([row, None] if rng.random() < 0.3 else [row])]
    wanted = [None if row is None else expected(*row, sample) for row in ended]
    assert run(sample, ended, stall)[0] == wanted


def test_lines_are_counted_round():
    """The greatest number of a line is followed by 0."""
    sample = IntSample(count=4)
    (found,) = run(sample, [(8 * 8191 + 6, 4, 1)])[0]
    assert found == [8 * 8191 + 6, 8 * 8191 + 7, 0, 1]


def test_two_a_cycle():
    rows = [(8, 40, node) for node in range(10)]
    _, times = run(IntSample(count=10), rows)
    assert len(times) == 50 and times[-1] - times[0] == 49


def test_reciprocals():
    assert len(RECIPROCALS) == 256
    for count in range(1, 256):
        assert count * RECIPROCALS[count] < 1 << 26 <= count * (RECIPROCALS[count] + 1)
