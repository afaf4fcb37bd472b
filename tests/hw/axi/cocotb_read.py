"""cocotb side of test_read.py: random jobs against the bytes of a RAM."""

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge
from readbench import CONFIG, SIZE, UNIT, Bench

from pyralis.sim.bench.stream import start

MOST = min(3 * CONFIG.depth, SIZE // UNIT // 8)


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def random_jobs(dut, stall):
    bench = Bench(dut, stall)
    await start(dut)
    bench.stall(stall, stall)
    for _ in range(25):
        bench.random_job(MOST)
    bench.jobs.send_nowait(5 * UNIT)  # a job of no beats gives nothing
    for _ in range(5):
        bench.random_job(MOST)
    await bench.check()
    assert len(bench.bus.reads) > 30 or CONFIG.burst_beats > 16
    assert max(beats for _, beats in bench.bus.reads) == CONFIG.burst_beats, "no full burst"
    assert bench.bus.most_reads == CONFIG.outstanding, "never as many outstanding as allowed"
    if stall:
        assert (
            min(bench.bus.channels["ar"].waits, bench.streams["data"].waits, bench.streams["jobs"].waits) > 5
        )


@cocotb.test(timeout_time=400, timeout_unit="us")
async def full_rate_and_latency(dut):
    bench = Bench(dut)
    await start(dut)
    beats = min(20 * CONFIG.burst_beats, SIZE // UNIT // 4)
    bench.job(0, beats)
    bench.job(beats * UNIT, beats)
    await bench.check()
    asked, answered = bench.bus.channels["ar"].times, bench.bus.channels["r"].times
    taken, given = bench.streams["jobs"].times, bench.streams["data"].times
    assert asked[0] - taken[0] == 2, "job to ARVALID"
    assert given[0] - answered[0] == 2, "RVALID to data"
    if CONFIG.depth >= 64:
        assert given[-1] - given[0] == 2 * beats - 1, "a gap between beats of two jobs"


@cocotb.test(timeout_time=400, timeout_unit="us")
async def never_asks_for_more_than_it_can_hold(dut):
    bench = Bench(dut)
    await start(dut)
    bench.data.pause = True
    bench.job(0, min(4 * CONFIG.depth, SIZE // UNIT))
    await ClockCycles(dut.clk, 4 * CONFIG.depth + 100)
    asked = sum(beats for _, beats in bench.bus.reads)
    assert asked == CONFIG.depth and bench.bus.outstanding_reads == 0
    assert bench.bus.channels["r"].waits == 0, "RREADY was low"
    assert int(dut.data__valid.value), "valid waits for ready"
    bench.data.pause = False
    await bench.check()
    asked_in_all = sum(beats for _, beats in bench.bus.reads)
    bench.data.pause = True  # beat by beat, it fills up to the last place
    for n in range(CONFIG.depth + 5):
        bench.job(n % 16 * UNIT, 1)
    await ClockCycles(dut.clk, 6 * CONFIG.depth + 100)
    assert sum(beats for _, beats in bench.bus.reads) == asked_in_all + CONFIG.depth
    bench.data.pause = False
    await bench.check()


@cocotb.test(timeout_time=400, timeout_unit="us")
async def bus_errors_are_reported_and_the_beats_still_come(dut):
    bench = Bench(dut, stall=0.2)
    cocotb.start_soon(bench.count_errors())
    await start(dut)
    bench.job(1024, 1024 // UNIT)
    await bench.check()
    assert bench.errors == 0
    bench.refused = range(1024 + 2 * UNIT, 1024 + 5 * UNIT)
    bench.ram.refuse(bench.refused)
    bench.job(1024, 1024 // UNIT)
    await bench.check()
    assert bench.errors == 3


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.3])
async def flush_at_any_moment(dut, stall):
    bench = Bench(dut, stall)
    cocotb.start_soon(bench.count_errors())
    await start(dut)
    bench.stall(stall, stall)
    cocotb.start_soon(bench.no_burst_after_flush())
    rounds, cut, pending = 30, 0, 0
    for n in range(rounds):
        if n % 3 == 0:
            bench.ram.pause(True)  # the flush meets an address that nobody takes
        bench.random_job(MOST)
        bench.job(0, MOST)
        bench.random_job(MOST)
        await ClockCycles(dut.clk, bench.rng.randrange(1, 60))
        bench.ram.refuse(range(SIZE))  # beats dropped by a flush raise no error
        length = bench.rng.choice([1, 1, 5, 200])
        cut += int(dut.busy.value)
        dut.flush.value = 1
        pending += int(dut.bus__arvalid.value) and not int(dut.bus__arready.value)
        before = bench.data.transfers
        errors = bench.errors
        bench.jobs.clear()
        await RisingEdge(dut.clk)  # the bench sees the flush at this edge ...
        seen = bench.data.transfers - before
        await ClockCycles(dut.clk, length)
        errors_after = bench.errors
        dut.flush.value = 0
        if n % 3 == 0:
            bench.ram.pause(False)
            bench.ram.stall(bench.rng, stall)
        assert bench.data.transfers - before <= seen + 1 and errors_after - errors <= 2
        if n % 4 == 1:  # beats are dropped even if nobody is ready for them
            bench.data.set_pause_generator(None)
            bench.data.pause = True
        while int(dut.busy.value) or not bench.jobs.empty():
            await RisingEdge(dut.clk)
            assert bench.data.transfers - before <= seen + 1, "a flushed beat came through"
        assert bench.bus.outstanding_reads == 0, "idle with beats owed"
        bench.stall(stall, stall)
        bench.data.clear()
        bench.expected.clear()
        bench.ram.refuse(range(0))
        bench.random_job(MOST)
        await bench.check()
    assert cut > rounds // 2 and pending > 3, "the flushes met nothing in flight"


@cocotb.test(timeout_time=400, timeout_unit="us")
async def flush_waits_for_a_memory_that_hangs(dut):
    bench = Bench(dut)
    await start(dut)
    bench.job(0, MOST)
    await ClockCycles(dut.clk, 8)
    bench.ram.pause(True)
    await ClockCycles(dut.clk, 20)
    dut.flush.value = 1
    await ClockCycles(dut.clk, 1)
    dut.flush.value = 0
    bench.expected.clear()
    bench.job(64, 2)  # offered meanwhile: waits
    await ClockCycles(dut.clk, 200)
    assert int(dut.busy.value) and bench.streams["jobs"].transfers == 1
    bench.data.clear()
    bench.ram.pause(False)
    await bench.check()


@cocotb.test(timeout_time=400, timeout_unit="us")
async def reset_in_mid_stream(dut):
    bench = Bench(dut, stall=0.3)
    await start(dut)
    bench.job(0, MOST)
    await ClockCycles(dut.clk, 6)
    assert int(dut.busy.value)
    dut.rst.value = 1
    await ClockCycles(dut.clk, 3)
    dut.rst.value = 0
    bench.jobs.clear()
    bench.data.clear()
    bench.expected.clear()
    bench.random_job(MOST)
    await bench.check()
