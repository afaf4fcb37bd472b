"""RTL of pyralis.hw.gcn.counters against sums of the bench's own events."""

import random
from collections import deque

import pytest
from amaranth.sim import Simulator

from pyralis.hw.gcn.config import LINE, PRESETS, GcnConfig
from pyralis.hw.gcn.counters import EVENTS, PER_DESCRIPTOR, TOTALS, Counters
from pyralis.hw.gcn.execute import UNITS


def simulate(config, bench) -> None:
    counters = Counters(config)
    simulator = Simulator(counters)
    simulator.add_clock(1e-6)

    async def testbench(context):
        await bench(context, counters)

    simulator.add_testbench(testbench)
    simulator.run()


def quiet(context, counters) -> None:
    for name in EVENTS:
        context.set(getattr(counters, name), 0)
    if counters.config.occupancy_words:
        for name in ("rows_seen", "rows_loaded"):
            context.set(getattr(counters, name), 0)
    for name in ("entries", "issued", "stepping", "begin", "end"):
        context.set(getattr(counters, name).as_value() if name != "stepping" else counters.stepping, 0)


@pytest.mark.parametrize("preset", ["tiny", "z64"])
def test_totals(preset):
    config, rng = PRESETS[preset], random.Random(1)

    async def bench(context, counters):
        for job in range(3):
            expected = dict.fromkeys(TOTALS, 0)
            for cycle in range(200):
                clear = cycle == 0 and job > 0  # what happens in the cycle of the clear does not count
                context.set(counters.clear, clear)
                seen = {name: int(rng.random() < 0.5) for name in EVENTS}
                entries = [rng.choice((0, LINE, rng.randrange(LINE + 1))) for _ in range(config.columns)]
                issued = [rng.getrandbits(config.gather_ports) for _ in range(config.columns)]
                stepping = rng.getrandbits(config.columns)
                for name, value in seen.items():
                    context.set(getattr(counters, name), value)
                context.set(counters.entries, entries)
                context.set(counters.issued, issued)
                context.set(counters.stepping, stepping)
                if not clear:
                    seen["entries"] = sum(entries)
                    seen["products"] = sum(ports.bit_count() for ports in issued)
                    seen["products"] += config.pe_rows * stepping.bit_count()
                if config.occupancy_words:
                    for name in ("rows_seen", "rows_loaded"):
                        rows = rng.choice((0, rng.randrange(65537)))
                        context.set(getattr(counters, name), rows)
                        seen[name] = rows
                if not clear:
                    for name, value in seen.items():
                        expected[name] += value
                await context.tick()
            quiet(context, counters)
            await context.tick().repeat(8)
            assert {name: context.get(getattr(counters, f"total_{name}")) for name in TOTALS} == expected

    simulate(config, bench)


def test_cycles_of_descriptors_that_overlap():
    """Units begin and end at random, each in order, some in the same cycle; loads in bursts."""
    rng = random.Random(2)

    async def bench(context, counters):
        quiet(context, counters)
        for job in range(2):
            context.set(counters.clear, 1)
            await context.tick()
            context.set(counters.clear, 0)
            expected, together = [0] * PER_DESCRIPTOR, 0
            inside = {unit: deque() for unit in UNITS}
            index, burst, ended = 0, 0, 0
            for cycle in range(2500):
                begin, end, number = (dict.fromkeys(UNITS, 0) for _ in range(3))
                last = cycle > 2300
                # What is handed out: a run of loads that end at once, and now and then work of the engines.
                if not burst and rng.random() < 0.02:
                    burst = rng.randrange(1, 17)
                unit = "load" if burst else rng.choice(("aggregate", "combine"))
                most = 16 if unit == "load" else 3
                if not last and ((burst and cycle % 2) or rng.random() < 0.03) and len(inside[unit]) < most:
                    burst = max(burst - 1, 0)
                    begin[unit], number[unit] = 1, index % PER_DESCRIPTOR
                for each in UNITS:
                    rate = 0.9 if each == "load" else 0.02
                    if inside[each] and (last or rng.random() < rate):
                        first, since = inside[each].popleft()
                        expected[first] += cycle - since
                        end[each], ended = 1, ended + 1
                together += sum(end.values()) > 1
                if begin[unit]:
                    inside[unit].append((index % PER_DESCRIPTOR, cycle))
                    index += 1
                context.set(counters.begin, begin)
                context.set(counters.end, end)
                context.set(counters.index, number)
                await context.tick()
            quiet(context, counters)
            await context.tick().repeat(20)
            assert ended > 4 * PER_DESCRIPTOR and together > 3
            for select, cycles in enumerate(expected):
                context.set(counters.select, select)
                await context.tick()
                assert context.get(counters.descriptor_cycles) == cycles, (job, select)

    simulate(GcnConfig(), bench)
