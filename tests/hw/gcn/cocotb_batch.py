"""cocotb side of test_batch.py: clients that show requests, and a list of who goes."""

import random
from itertools import pairwise

import cocotb
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge

from pyralis.hw.gcn.batch import LEVELS
from pyralis.sim.bench.stream import pack, start

CLIENTS = 4


class Bench:
    """Clients with a number of requests each; the next one shows in the cycle after a turn."""

    def __init__(self, dut):
        self.dut = dut
        self.left, self.unable, self.busy = [0] * CLIENTS, set(), set()
        self.small = set()  # clients whose requests are covered by the turn they have
        self.order, self.cycles, self.cycle = [], [], 0
        for name in ("shown", "able", "free", "covered", "by_priority", "by_batch", "by_need"):
            dut[name].value = 0
        self.need(0, 2, 3, 1)

    def need(self, *levels):
        """Levels of need of the clients."""
        self.dut.levels.value = pack(levels, (LEVELS - 1).bit_length())

    async def begin(self, *, priority, batch, need=0):
        await start(self.dut)
        self.dut.by_priority.value, self.dut.by_batch.value, self.dut.by_need.value = priority, batch, need
        cocotb.start_soon(self._run())

    async def _run(self):
        while True:
            shown = sum((left > 0) << n for n, left in enumerate(self.left))
            able = sum(((left > 0) and n not in self.unable) << n for n, left in enumerate(self.left))
            self.dut.shown.value, self.dut.able.value = shown, able
            self.dut.covered.value = sum(
                ((left > 0) and n in self.small) << n for n, left in enumerate(self.left)
            )
            self.dut.free.value = sum((n not in self.busy) << n for n in range(CLIENTS))
            await ReadOnly()
            turn = int(self.dut.turn.value)
            assert turn & (turn - 1) == 0 and (turn & able == turn or int(self.dut.goes_on.value))
            await RisingEdge(self.dut.clk)
            self.cycle += 1
            if turn:
                client = turn.bit_length() - 1
                self.left[client] -= 1
                self.order.append(client)
                self.cycles.append(self.cycle)

    async def finish(self):
        while any(self.left):
            await RisingEdge(self.dut.clk)
        await ClockCycles(self.dut.clk, 3)
        return self.order


@cocotb.test(timeout_time=20, timeout_unit="us")
async def batch_by_batch_and_by_priority_inside(dut):
    bench = Bench(dut)
    await bench.begin(priority=1, batch=1)
    bench.left = [5, 4, 3, 7]
    order = await bench.finish()
    assert order == [*[0] * 3, *[1] * 3, *[2] * 3, *[3] * 3, 0, 0, 1, 3, 3, 3, 3]
    assert {after - before for before, after in pairwise(bench.cycles)} == {2}


@cocotb.test(timeout_time=20, timeout_unit="us")
async def by_priority_without_batches(dut):
    bench = Bench(dut)
    await bench.begin(priority=1, batch=0)
    bench.left = [20, 20, 2, 2]
    order = await bench.finish()
    assert order == [0] * 20 + [1] * 20 + [2] * 2 + [3] * 2


@cocotb.test(timeout_time=20, timeout_unit="us")
async def by_need(dut):
    """The levels that the bench gives are the order 0, 3, 1, 2; by arrival they mean nothing."""
    bench = Bench(dut)
    await bench.begin(priority=1, batch=0, need=1)
    bench.left = [2, 5, 2, 5]
    assert await bench.finish() == [0] * 2 + [3] * 5 + [1] * 5 + [2] * 2
    bench.order.clear()
    dut.by_batch.value = 1
    bench.left = [2, 5, 2, 5]
    assert await bench.finish() == [0] * 2 + [3] * 3 + [1] * 3 + [2] * 2 + [3] * 2 + [1] * 2
    bench.order.clear()
    dut.by_batch.value = 0
    bench.need(0, 1, 1, 1)  # three take turns
    bench.left = [2, 3, 2, 5]
    assert await bench.finish() == [0] * 2 + [1, 2, 3] * 2 + [1, 3, 3, 3]
    bench.order.clear()
    dut.by_priority.value = 0
    bench.left = [1, 1, 1, 1]
    assert await bench.finish() == [0, 1, 2, 3]


@cocotb.test(timeout_time=20, timeout_unit="us")
async def by_arrival(dut):
    bench = Bench(dut)
    await bench.begin(priority=0, batch=0)
    bench.unable = {0, 1, 2, 3}
    for client in (2, 0, 3, 1):
        bench.left[client] = 3
        await ClockCycles(dut.clk, 2)
    bench.unable = set()
    assert await bench.finish() == [2, 0, 3, 1] * 3
    bench.order.clear()
    bench.left = [1, 1, 1, 1]  # together: by number
    assert await bench.finish() == [0, 1, 2, 3]


@cocotb.test(timeout_time=20, timeout_unit="us")
async def a_batch_by_arrival(dut):
    bench = Bench(dut)
    await bench.begin(priority=0, batch=1)
    bench.left = [9, 1, 1, 6]
    order = await bench.finish()
    assert order[:4] == [0, 1, 2, 3] and sorted(order) == [0] * 9 + [1, 2] + [3] * 6
    # Nobody has more than three turns in the first batch, which are eight in all; inside, they alternate.
    assert order[:8].count(0) == 3 and order[:8].count(3) == 3 and order[4:8] == [0, 3, 0, 3]


@cocotb.test(timeout_time=20, timeout_unit="us")
async def who_is_not_able_holds_up_nobody(dut):
    bench = Bench(dut)
    await bench.begin(priority=1, batch=1)
    bench.unable = {0}
    bench.left = [5, 12, 0, 0]
    await ClockCycles(dut.clk, 60)
    assert bench.order == [1] * 12
    bench.unable = set()
    assert (await bench.finish())[12:] == [0] * 5


@cocotb.test(timeout_time=20, timeout_unit="us")
async def nobody_overtakes_who_waits_for_a_place(dut):
    bench = Bench(dut)
    await bench.begin(priority=1, batch=1)
    bench.busy = {0}
    bench.left = [1, 1, 0, 5]
    await ClockCycles(dut.clk, 20)
    assert bench.order == []
    bench.busy = set()
    assert await bench.finish() == [0, 1, 3, 3, 3, 3, 3]


@cocotb.test(timeout_time=20, timeout_unit="us")
async def small_requests_go_in_one_turn(dut):
    bench = Bench(dut)
    await bench.begin(priority=1, batch=1)
    bench.small = {1}
    bench.left = [4, 5, 2, 0]
    assert await bench.finish() == [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 0]
    steps = [after - before for before, after in pairwise(bench.cycles)]
    assert steps == [2, 2, 2, 1, 1, 1, 1, 2, 2, 2]
    # A turn of which the rest has no place is over: the rest takes part in the order again, behind others.
    bench.order.clear()
    bench.cycles.clear()
    bench.left = [0, 4, 0, 0]
    while len(bench.order) < 2:
        await RisingEdge(dut.clk)
    bench.busy, bench.left[0] = {1}, 1
    await ClockCycles(dut.clk, 6)
    bench.busy = set()
    done = bench.order.count(1)
    assert done < 4
    assert await bench.finish() == [1] * done + [0] + [1] * (4 - done)


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(priority=[0, 1], batch=[0, 1])
async def everything_goes_once(dut, priority, batch):
    bench = Bench(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    await bench.begin(priority=priority, batch=batch)
    wanted = [0] * CLIENTS
    for _ in range(200):
        client = rng.randrange(CLIENTS)
        count = rng.randrange(4)
        bench.left[client] += count
        wanted[client] += count
        bench.unable = {n for n in range(CLIENTS) if rng.random() < 0.3}
        bench.busy = {n for n in range(CLIENTS) if rng.random() < 0.2}
        bench.small = {n for n in range(CLIENTS) if rng.random() < 0.3}
        await ClockCycles(dut.clk, rng.randrange(1, 6))
    bench.unable, bench.busy = set(), set()
    order = await bench.finish()
    assert [order.count(n) for n in range(CLIENTS)] == wanted
