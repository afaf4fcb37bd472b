"""cocotb side of test_read.py: jobs that are bursts already."""

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge
from readbench import CONFIG, SIZE, UNIT, Bench

from pyralis.sim.bench.stream import start

SPAN = CONFIG.burst_beats


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def random_bursts(dut, stall):
    bench, bursts = Bench(dut, stall), []
    await start(dut)
    bench.stall(stall, stall)
    for _ in range(200):
        beats = bench.rng.choice([1, 1, 1, 2, SPAN, bench.rng.randrange(1, SPAN + 1)])
        first = bench.rng.randrange(SIZE // UNIT // SPAN) * SPAN
        bursts.append(((first + bench.rng.randrange(SPAN - beats + 1)) * UNIT, beats))
        bench.job(*bursts[-1])
    await bench.check()
    assert bench.bus.reads == bursts, "on the bus as they were given"


@cocotb.test(timeout_time=200, timeout_unit="us")
async def a_beat_a_cycle_in_bursts_of_one(dut):
    bench = Bench(dut)
    await start(dut)
    for n in range(100):
        bench.job(n * 3 % 64 * UNIT, 1)
    await bench.check()
    taken, asked = bench.streams["jobs"].times, bench.bus.channels["ar"].times
    assert asked[0] - taken[0] == 1
    given = bench.streams["data"].times
    assert given[-1] - given[0] == 99


@cocotb.test(timeout_time=200, timeout_unit="us")
async def never_more_bursts_or_beats_than_there_are_places(dut):
    bench = Bench(dut)
    await start(dut)
    bench.ram.pause(True, answers=True)
    for n in range(CONFIG.bursts + 10):
        bench.job(n * UNIT, 1)
    await ClockCycles(dut.clk, 2 * CONFIG.bursts)
    bench.ram.pause(False, answers=True)
    await bench.check()
    assert bench.bus.most_reads == CONFIG.bursts > CONFIG.outstanding
    bench.data.pause = True
    before = sum(beats for _, beats in bench.bus.reads)
    for n in range(CONFIG.outstanding + 3):
        bench.job(n * SPAN * UNIT, SPAN)
    await ClockCycles(dut.clk, 4 * CONFIG.depth + 100)
    assert sum(beats for _, beats in bench.bus.reads) - before == CONFIG.depth
    bench.data.pause = False
    await bench.check()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def flush_drops_what_is_offered(dut):
    bench = Bench(dut, stall=0.3)
    await start(dut)
    bench.stall(0.3, 0.3)
    for _ in range(20):
        for n in range(12):
            bench.job(n * UNIT, bench.rng.choice([1, 1, 4]))
        await ClockCycles(dut.clk, bench.rng.randrange(3, 40))
        dut.flush.value = 1
        bench.jobs.clear()
        await ClockCycles(dut.clk, 3)
        while not bench.jobs.empty():
            await RisingEdge(dut.clk)
        dut.flush.value = 0
        while int(dut.busy.value):
            await RisingEdge(dut.clk)
        bench.data.clear()
        bench.expected.clear()
        bench.job(64, 2)
        await bench.check()
