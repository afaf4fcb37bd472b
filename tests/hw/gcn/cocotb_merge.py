"""cocotb side of test_merge.py: runs inside the simulator."""

import random

import cocotb
import torch
from amaranth.lib import data
from cocotb.triggers import RisingEdge
from gathers import config_of_bench, random_rows, word

from pyralis.hw.gcn.merge import RowLayout
from pyralis.hw.gcn.simdcore import ResultLayout
from pyralis.hw.gcn.tasks import CHUNK_BITS, SLOTS
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, pack, stalls, start, unpack

NOTHING = None  # the sums of a chunk without a source


def results_of(rng: random.Random, config, row: int, chunks: list, slot: int) -> list[int]:
    """Payloads of a row: one result, or one for each chunk."""
    bits, layout = config.accumulator_bits, ResultLayout(config)
    payloads = []
    for chunk, sums in enumerate(chunks):
        fields = {"row": row, "slice": row % 200, "slot": slot, "chunk": chunk % (1 << CHUNK_BITS)}
        fields |= {"partial": len(chunks) > 1, "final": len(chunks) > 1 and chunk == len(chunks) - 1}
        values = [-1 << bits - 1] * config.lanes if sums is NOTHING else sums
        payloads.append(word(layout, fields) | pack(values, bits) << layout["sums"].offset)
    return payloads


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.5], maximum=[False, True])
async def rows_and_chunks(dut, stall, maximum):
    config = config_of_bench()
    rng = random.Random(cocotb.RANDOM_SEED)
    cores = [StreamSource(dut, f"results__{k}") for k in range(config.cores)]
    rows, monitors = StreamSink(dut, "rows"), monitor_streams(dut)
    dut.maximum.value = int(maximum)
    await start(dut)
    if stall:
        for driver in (*cores, rows):
            driver.set_pause_generator(stalls(rng, stall))
    lowest, highest = (-128, 255) if maximum else (-100_000, 100_000)
    free, expected, freed = set(range(SLOTS)), {}, []
    pending: list[list[int]] = []  # payloads of rows whose chunks are still to be sent, in any order

    async def watch() -> None:
        while True:
            await RisingEdge(dut.clk)
            if int(dut.freed__valid.value):
                slot = int(dut.freed__slot.value)
                assert slot not in free
                free.add(slot)
                freed.append(slot)

    cocotb.start_soon(watch())
    row, heavy = 0, 0
    while row < 150 or pending:
        if row < 150 and (free or rng.random() < 0.5) and len(pending) < 12:
            count = rng.choice([1, 1, 2, 3, 7, 300 if row == 70 else 2]) if free else 1
            chunks = [
                NOTHING
                if maximum and rng.random() < 0.2
                else [rng.randint(lowest, highest) // 300 for _ in range(config.lanes)]
                for _ in range(count)
            ]
            slot = free.pop() if count > 1 else rng.randrange(SLOTS)
            heavy += count > 1
            real = [chunk for chunk in chunks if chunk is not NOTHING]
            stack = torch.tensor(real or [[0] * config.lanes])
            expected[row] = (stack.amax(0) if maximum else stack.sum(0)).tolist()
            pending.append(results_of(rng, config, row, chunks, slot))
            row += 1
        if pending and sum(core.count() for core in cores) < 6:
            payloads = rng.choice(pending)
            # A final chunk can come before others, but no more than what cores can hold.
            position = rng.randrange(min(len(payloads), 10)) if len(payloads) < 40 else 0
            rng.choice(cores).send_nowait(payloads.pop(position))
            pending = [payloads for payloads in pending if payloads]
        else:
            await RisingEdge(dut.clk)
    for core in cores:
        await core.wait()
    layout = RowLayout(config)
    order = []
    for _ in range(len(expected)):
        got = data.Const(layout, await rows.recv_int())
        bits = config.accumulator_bits
        sums = unpack(got.as_value().value >> layout["sums"].offset, bits, config.lanes, signed=True)
        assert sums == expected.pop(got.row), f"row {got.row}"
        assert got.slice == got.row % 200
        order.append(got.row)
    for _ in range(3):
        await RisingEdge(dut.clk)
    assert not int(dut.busy.value)
    assert len(freed) == heavy > 20
    assert order != sorted(order)
    assert bool(monitors["rows"].waits) == bool(stall)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def timing(dut):
    """Two cycles through, one result a cycle, of the cores in turn."""
    config = config_of_bench()
    rng = random.Random(cocotb.RANDOM_SEED)
    cores = [StreamSource(dut, f"results__{k}") for k in range(config.cores)]
    rows, monitors = StreamSink(dut, "rows"), monitor_streams(dut)
    dut.maximum.value = 0
    await start(dut)
    lengths = random_rows(rng, 10, 1, most=1)
    for number in range(2 * len(lengths)):
        chunk = [[0] * config.lanes]
        payload = results_of(rng, config, number, chunk, 0)[0]
        cores[number % 2].send_nowait(payload)
    got = [data.Const(RowLayout(config), value).row for value in await rows.recv_ints(20)]
    times = monitors["rows"].times
    assert times == list(range(times[0], times[0] + 20))
    assert times[0] - min(monitors[f"results__{k}"].times[0] for k in range(2)) == 2
    assert got == list(range(20))
