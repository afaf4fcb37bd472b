"""RTL of pyralis.hw.common.sums; with 64 sums it is tested in tests/hw/snn/test_counters.py."""

import random

from amaranth.sim import Simulator

from pyralis.hw.common.sums import DescriptorSums


def test_sums_of_eight_descriptors():
    sums, rng = DescriptorSums(8), random.Random(1)
    assert len(sums.index) == len(sums.select) == 3

    async def bench(context):
        for _ in range(3):
            expected = [0] * 8
            for _ in range(100):
                index, amount = rng.randrange(7), rng.getrandbits(32)  # nothing is ever added to the last one
                expected[index] += amount
                context.set(sums.index, index)
                context.set(sums.amount, amount)
                context.set(sums.add, 1)
                await context.tick()
                context.set(sums.add, 0)
                await context.tick().repeat(2)
            await context.tick()
            assert max(expected) > 1 << 32
            for index in range(8):
                context.set(sums.select, index)
                await context.tick()
                assert context.get(sums.value) == expected[index]
            context.set(sums.clear, 1)
            await context.tick()
            context.set(sums.clear, 0)

    simulator = Simulator(sums)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
