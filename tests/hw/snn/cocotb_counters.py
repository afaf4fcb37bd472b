"""cocotb side of test_counters.py: runs inside the simulator."""

import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.hw.snn.counters import LAYERS, TOTALS
from pyralis.sim.bench.stream import start

APART = 3
"""Promised cycles between two additions."""


async def pulse(dut, name: str) -> None:
    dut[name].value = 1
    await RisingEdge(dut.clk)
    dut[name].value = 0


@cocotb.test(timeout_time=100, timeout_unit="us")
async def layersums(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    for name in ("clear", "add", "index", "amount", "select"):
        dut[name].value = 0
    await start(dut)
    await ClockCycles(dut.clk, 2)

    async def check(sums: list[int]) -> None:
        for index in rng.sample(range(LAYERS), LAYERS):
            dut.select.value = index
            await ClockCycles(dut.clk, 2)  # one cycle later, seen at its end
            assert int(dut.value.value) == sums[index], index

    await check([0] * LAYERS)
    for round_ in range(4):
        sums = [0] * LAYERS
        # Few layers in the first rounds, so that most sums stay at zero and some are added to at full speed.
        layers = range(LAYERS) if round_ == 3 else rng.sample(range(LAYERS), 5)
        for _ in range(300):
            index = rng.choice(layers)
            amount = rng.choice((0, 1, (1 << 32) - 1, rng.getrandbits(32)))
            dut.index.value, dut.amount.value = index, amount
            await pulse(dut, "add")
            dut.index.value, dut.amount.value = rng.randrange(LAYERS), rng.getrandbits(32)
            await ClockCycles(dut.clk, rng.choice((APART - 1, APART - 1, APART, 7)))
            sums[index] += amount
        assert max(sums) > 1 << 32, "no sum is wider than an amount"
        await ClockCycles(dut.clk, APART)
        await check(sums)
        # An addition that a clear catches on its way is gone too.
        dut.index.value, dut.amount.value = 7, 12345
        await pulse(dut, "add")
        for _ in range(round_):
            await RisingEdge(dut.clk)
        await pulse(dut, "clear")
        await ClockCycles(dut.clk, 5)
        await check([0] * LAYERS)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def counters(dut):
    """Random events in every cycle, layers that end on the issuing and on the leaving side on their own."""
    rng = random.Random(cocotb.RANDOM_SEED)
    inputs = ("clear", *TOTALS, "layer_index", "layer_end", "leaving_index", "layer_done", "spikes", "select")
    for name in inputs:
        dut[name].value = 0
    await start(dut)
    await RisingEdge(dut.clk)
    for job in range(3):
        dut.clear.value = 1
        for name in TOTALS:  # events of the clearing cycle do not count
            dut[name].value = 1
        await RisingEdge(dut.clk)
        dut.clear.value = 0
        totals, ends = dict.fromkeys(TOTALS, 0), 0
        now = dict.fromkeys(("cycles", "active", "stalls", "spikes"), 0)
        sums = {name: [0] * LAYERS for name in now}
        index, leaving = 0, 0
        since = {"end": 0, "done": 0}
        for cycle in range(3000):
            events = {name: int(rng.random() < 0.5) for name in TOTALS}
            spikes = rng.choice((0, rng.randrange(200), (1 << 16) - 1))
            # The job's first part has short layers, close to each other; the second part long ones.
            rate = 0.4 if cycle < 1500 else 0.02
            end = since["end"] >= APART - 1 and rng.random() < rate
            done = since["done"] >= APART - 1 and rng.random() < rate
            for name, value in events.items():
                dut[name].value = value
                totals[name] += value
            dut.spikes.value, dut.layer_end.value, dut.layer_done.value = spikes, end, done
            dut.layer_index.value, dut.leaving_index.value = index, leaving
            now["cycles"] += events["cycles"]
            now["active"] += events["active"]
            now["stalls"] += events["weight_stalls"]
            now["spikes"] += spikes
            since = {"end": 0 if end else since["end"] + 1, "done": 0 if done else since["done"] + 1}
            if end:
                for name in ("cycles", "active", "stalls"):
                    sums[name][index] += now[name]
                    now[name] = 0
                index, ends = (index + 1) % LAYERS, ends + 1
            if done:
                sums["spikes"][leaving] += now["spikes"]
                now["spikes"], leaving = 0, (leaving + 1) % LAYERS
            await RisingEdge(dut.clk)
        for name in (*TOTALS, "spikes", "layer_end", "layer_done"):
            dut[name].value = 0
        assert ends > 2 * LAYERS, "no index came back"
        await ClockCycles(dut.clk, 4)
        for name in TOTALS:
            assert int(dut[f"total_{name}"].value) == totals[name], (job, name)
        for layer in range(LAYERS):
            dut.select.value = layer
            await ClockCycles(dut.clk, 2)
            for name, expected in sums.items():
                assert int(dut[f"layer_{name}"].value) == expected[layer], (job, name, layer)
