"""Counters and the last syndrome."""

from amaranth.sim import Simulator

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.monitor import Monitor
from pyralis.hw.gf.registers import COUNTERS


def test_events_are_counted_once_a_transfer_and_never_wrap():
    monitor = Monitor(GfConfig(m=8, t=2, correct=2), bits=3)
    seen = []

    async def bench(ctx):
        def counts():
            return {name: ctx.get(getattr(monitor, f"count_{name}")) for name in COUNTERS}

        ctx.set(monitor.result.error, 1)
        ctx.set(monitor.result.corrected, 1)
        ctx.set(monitor.result.syndrome, 0x5A)
        await ctx.tick().repeat(3)
        seen.append(counts())  # nothing is handed over
        ctx.set(monitor.transfer, 1)
        await ctx.tick().repeat(2)
        ctx.set(monitor.result.error, 0)
        ctx.set(monitor.result.corrected, 0)
        ctx.set(monitor.result.syndrome, 0)
        ctx.set(monitor.result.alarm, 1)
        await ctx.tick().repeat(20)
        seen.append(counts() | {"syndrome": ctx.get(monitor.syndrome)})
        ctx.set(monitor.clear, 1)
        await ctx.tick()
        seen.append(counts())

    simulator = Simulator(monitor)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    zero = dict.fromkeys(COUNTERS, 0)
    wanted = {"products": 7, "errors": 2, "corrected": 2, "uncorrectable": 0, "alarms": 7, "syndrome": 0x5A}
    assert seen == [zero, wanted, zero]
