"""RTL of pyralis.hw.gcn.latejobs: who waits, and what is late."""

import random
from collections import deque

from amaranth.lib import data
from amaranth.sim import Simulator

from pyralis.hw.gcn.latejobs import TURN_BITS, LateJobs

JOB = data.StructLayout({"number": 8})
MOST = 4


def test_jobs_of_one_turn_are_under_way_together_and_late_until_their_features_have_come():
    rng = random.Random(5)
    turns = sorted(rng.randrange(100) for _ in range(200))  # more than TURN_BITS tells apart
    late_jobs = LateJobs(JOB, MOST)
    seen, waited = {0: 0, 1: 0}, 0

    async def bench(ctx):
        nonlocal waited
        under_way, given, done, stable = deque(), 0, 0, 0
        while given < len(turns) or under_way:
            offered = given < len(turns)
            ctx.set(late_jobs.jobs.valid, offered)
            if offered:
                ctx.set(late_jobs.jobs.p, {"job": {"number": given}, "turn": turns[given] % (1 << TURN_BITS)})
            ready = rng.random() < 0.8 and len(under_way) < MOST
            ctx.set(late_jobs.passed.ready, ready)
            passes = ctx.get(late_jobs.passed.valid) and ready
            assert passes == ctx.get(late_jobs.jobs.ready) or not offered
            if offered and ready and not passes:
                waited += 1
                assert under_way and turns[given] != under_way[0]
            comes = bool(under_way) and rng.random() < 0.12
            # Loads of features end in order; none that is not in front of anything that has been offered.
            ends = done < turns[min(given, len(turns) - 1)] and rng.random() < 0.12
            ctx.set(late_jobs.asked, passes)
            ctx.set(late_jobs.come, comes)
            ctx.set(late_jobs.done, ends)
            if stable > 2 and under_way:
                late = ctx.get(late_jobs.late)
                assert late == (done < under_way[0])
                seen[late] += 1
            stable = 0 if ends or comes or passes else stable + 1
            await ctx.tick()
            if comes:
                under_way.popleft()
            if passes:
                assert not under_way or under_way[0] == turns[given]
                under_way.append(turns[given])
                given += 1
            done += ends

    simulator = Simulator(late_jobs)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert min(seen.values()) > 10 and waited > 50
