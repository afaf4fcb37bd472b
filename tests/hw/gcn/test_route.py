"""RTL of pyralis.hw.gcn.route: what goes where, unchanged."""

import random
from collections import deque

import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import AGGREGATE, COMBINE, Target
from pyralis.hw.gcn.route import Route, target_settings
from pyralis.hw.gcn.rowwriter import TARGET_SETTINGS
from tests.support.pysim import rubbish, send, simulate, take

CONFIG = GcnConfig()
LANES = CONFIG.lanes


def random_rows(rng, count):
    return [
        {
            "tag": rng.randrange(100),
            "slice": rng.randrange(8),
            "values": [rng.randint(-(1 << 31), (1 << 31) - 1) for _ in range(LANES)],
        }
        for _ in range(count)
    ]


def as_write(item):
    return item.address, item.data, item.splits


def as_group(item):
    return item.row, item.slice, item.data


def as_result(item):
    return item.tag, item.slice, [item["values"][j] for j in range(LANES)]


def expected(target, settings, column, row):
    """What *row* becomes on the way to *target*."""
    low = int.from_bytes(bytes(value & 255 for value in row["values"]), "little")
    if target is Target.ROWS:
        address = settings["base"] + row["slice"] * settings["stride"]
        return address + row["tag"] * CONFIG.columns + column, low, settings["splits"]
    if target is Target.CHAIN:
        return row["tag"], row["slice"], low
    return row["tag"], row["slice"], row["values"]


@pytest.mark.parametrize(("stall", "slow"), [(0.0, 0.0), (0.4, 0.1), (0.1, 0.6)])
def test_rows_go_to_their_target_alone(stall, slow):
    """Phase after phase with another target."""
    column, rng = 1, random.Random(round(10 * slow))
    dut, rows = Route(CONFIG, column), deque()
    sinks = {Target.ROWS: dut.writes, Target.CHAIN: dut.groups, Target.MEMORY: dut.results}
    shapes = {Target.ROWS: as_write, Target.CHAIN: as_group, Target.MEMORY: as_result}
    got, taken = {target: [] for target in Target}, []

    async def watch(ctx):
        """Only the row store's slices stay inside."""
        inside, cycle = 0, 0
        while True:
            _, _, valid, ready, *write, busy, target = await ctx.tick().sample(
                dut.rows.valid, dut.rows.ready, dut.writes.valid, dut.writes.ready, dut.busy, dut.target
            )
            assert busy == (inside > 0), cycle
            if valid and ready:
                taken.append(cycle)
            inside += (valid and ready and target is Target.ROWS) - all(write)
            cycle += 1

    async def phases(ctx):
        for target in [*Target, *reversed(Target), *rng.choices(list(Target), k=6)]:
            settings = {
                "base": CONFIG.columns * rng.randrange(64),
                "stride": CONFIG.columns * rng.randrange(128),
                "splits": rng.randrange(2),
            }
            batch = random_rows(rng, rng.choice((0, 1, 20)))
            ctx.set(dut.target, target)
            ctx.set(dut.settings, settings)
            taken.clear()
            for found in got.values():
                found.clear()
            rows.extend(batch)
            while len(got[target]) < len(batch):
                await ctx.tick()
            await ctx.tick().repeat(4)
            assert not ctx.get(dut.busy)
            found = [shapes[target](item) for _, item in got[target]]
            assert found == [expected(target, settings, column, row) for row in batch]
            assert not any(got[other] for other in Target if other is not target)
            latency = 2 if target is Target.ROWS else 0
            cycles = [cycle for cycle, _ in got[target]]
            if not slow:
                assert cycles == [cycle + latency for cycle in taken]
                assert len(batch) < 2 or taken == list(range(taken[0], taken[0] + len(batch)))

    sides = [take(sink, got[target], rng, slow) for target, sink in sinks.items()]
    simulate(dut, phases, background=[send(dut.rows, rows, rng, stall), *sides, watch])


class Settings(wiring.Component):
    """Settings of a descriptor."""

    def __init__(self, layout):
        super().__init__({"descriptor": In(layout), "settings": Out(TARGET_SETTINGS)})

    def elaborate(self, platform):
        m = Module()
        target_settings(m, self.settings, self.descriptor)
        return m


@pytest.mark.parametrize("layout", [AGGREGATE, COMBINE])
def test_settings_are_those_of_the_descriptor(layout):
    dut, rng = Settings(layout), random.Random(2)

    async def bench(ctx):
        for _ in range(20):
            ctx.set(dut.descriptor.as_value(), rubbish(rng, dut.descriptor))
            for name in TARGET_SETTINGS.members:
                assert ctx.get(dut.settings[name]) == ctx.get(dut.descriptor[f"target_{name}"])
            await ctx.delay(1e-9)

    simulator = Simulator(dut)
    simulator.add_testbench(bench)
    simulator.run()
