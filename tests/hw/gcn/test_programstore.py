"""RTL of pyralis.hw.gcn.programstore, cycle by cycle in Amaranth's simulator."""

import random

import pytest
from amaranth import Module, ResetInserter, Signal
from amaranth.sim import Simulator

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.gcn.programstore import ProgramStore

DMA = DmaConfig(address_bits=32, data_bits=256)
PAGE_BEATS = 8  # pages of two descriptors, four beats each


async def run(context, store, rng, pages, stall) -> tuple[list[int], list[int], list[int]]:
    """Fetches pages 0 to *pages* - 1; returns which came from the bus, and cycles until their first beat and
    until all beats."""
    context.set(store.start, 1)
    await context.tick()
    context.set(store.start, 0)
    asked, firsts, whole = [], [], []
    for page in range(pages):
        context.set(store.jobs.payload, {"address": 512 * page, "beats": PAGE_BEATS})
        context.set(store.jobs.valid, 1)
        context.set(store.bus_jobs.ready, 1)
        await context.delay(1e-8)
        assert context.get(store.jobs.ready)
        from_bus = context.get(store.bus_jobs.valid)
        if from_bus:
            asked.append(page)
            assert context.get(store.bus_jobs.payload) == {"address": 512 * page, "beats": PAGE_BEATS}
        await context.tick()
        context.set(store.jobs.valid, 0)
        got, sent, first, cycles = [], 0, 0, 0
        shown = False  # a beat of the bus stays until it is taken
        while len(got) < PAGE_BEATS:
            shown = from_bus and sent < PAGE_BEATS and (shown or rng.random() >= stall)
            ready = rng.random() >= stall
            context.set(store.bus_data.valid, int(shown))
            word = {"data": page << 8 | sent, "last": int(sent == PAGE_BEATS - 1)}
            context.set(store.bus_data.payload, word if shown else {"data": 99 << 32, "last": 1})
            context.set(store.data.ready, int(ready))
            await context.delay(1e-8)
            cycles += 1
            if context.get(store.data.valid):
                first = first or cycles
                if ready:
                    beat = context.get(store.data.payload)
                    assert beat["last"] == (len(got) == PAGE_BEATS - 1)
                    got.append(beat["data"])
            if shown and context.get(store.bus_data.ready):
                sent, shown = sent + 1, False
            await context.tick()
        context.set(store.bus_data.valid, 0)
        context.set(store.data.ready, 0)
        assert got == [page << 8 | n for n in range(PAGE_BEATS)], page
        firsts.append(first)
        whole.append(cycles)
    return asked, firsts, whole


@pytest.mark.parametrize("stall", [0.0, 0.4])
def test_later_runs_find_what_fits(stall):
    store, rng = ProgramStore(DMA, page=2, stored=8), random.Random(1)

    async def bench(context):
        for pages in (1, 3, 4, 7):
            context.set(store.start, 0)
            asked, _, _ = await run(context, store, rng, pages, stall)
            assert asked == list(range(pages)), "the first run reads everything"
            for _ in range(2):
                asked, firsts, whole = await run(context, store, rng, pages, stall)
                assert asked == list(range(4, pages)), "later ones what has no place on chip"
                if not stall:
                    assert firsts[:4] == [2] * min(pages, 4)
                    assert whole[:4] == [PAGE_BEATS + 1] * min(pages, 4)
            await context.tick()
            context.set(reset, 1)
            await context.tick()
            context.set(reset, 0)

    reset, top = Signal(), Module()
    top.submodules.store = ResetInserter(reset)(store)
    simulator = Simulator(top)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"stored \(6\) must be a power of two and whole pages of 4"):
        ProgramStore(DMA, stored=6)
