"""cocotb side of test_combination.py: runs inside the simulator."""

import json
import os

import cocotb
import numpy as np
import torch
from cocotb.triggers import ClockCycles
from combining import Engine, Product

from pyralis.gen.gcn.intnetwork import Epilogue
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.weightbuffer import WeightWrite

CONFIG = GcnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
C, R, L = CONFIG.columns, CONFIG.pe_rows, CONFIG.lanes


def random_epilogue(rng, rows, width, bound):
    """An epilogue that brings sums up to *bound* about into the range of its output."""
    output = rng.choice(("int8", "uint8", "int16"))
    scaled = rng.random() < 0.5
    scale = np.array([rng.randrange(1 << 16) for _ in range(rows)]) if scaled else rng.randrange(1, 1 << 16)
    shift = max(0, (bound * int(np.max(scale, initial=1))).bit_length() - (15 if output == "int16" else 7))
    bias = np.array([rng.randrange(-1000, 1000) for _ in range(width)]) if rng.random() < 0.7 else None
    return Epilogue(
        scale=scale,
        bias=bias,
        bias_shift=rng.randrange(16),
        shift=min(47, max(0, shift - rng.randrange(3))),
        relu=rng.random() < 0.5,
        output=output,
    )


def random_weight(rng, elements, width):
    return torch.tensor([[rng.randrange(-128, 128) for _ in range(width)] for _ in range(elements)])


def random_dense(rng, rows, elements, width, **more):
    boundary = more.get("boundary", elements)
    signs = (more.get("signed", False), more.get("second_signed", False))
    low = [-128 if signs[k >= boundary] else 0 for k in range(elements)]
    source = torch.tensor([
        [rng.randrange(low[k], low[k] + 256) for k in range(elements)] for _ in range(rows)
    ])
    how = random_epilogue(rng, rows, width, 128 * 128 * elements // 2)
    return Product(weight=random_weight(rng, elements, width), epilogue=how, source=source, **more)


def random_sparse(rng, rows, features, width, longest, **more):
    entries = []
    for _ in range(rows):
        count = rng.choice((0, 1, rng.randrange(1, 9), rng.randrange(1, longest + 1)))
        entries.append([(rng.randrange(features), rng.randrange(-128, 128)) for _ in range(count)])
    if not more.get("signed"):
        entries = [[(index, value & 255) for index, value in row] for row in entries]
    bound = 128 * (128 if more.get("valued") else 1) * longest // 2
    how = random_epilogue(rng, rows, width, bound)
    return Product(weight=random_weight(rng, features, width), epilogue=how, entries=entries, **more)


async def engine(dut, stall=0.0):
    it = Engine(dut, CONFIG, stall=stall)
    await it.begin()
    return it


@cocotb.test(timeout_time=100, timeout_unit="us")
@cocotb.parametrize(cooperative=[False, True], stall=[0.0, 0.4])
async def dense_products_of_any_shape(dut, cooperative, stall):
    it = await engine(dut, stall)
    rng = it.rng
    shapes = [(C * R * 3, R, L), (1, 1, 1), (C * R + 1, 7, 2 * L + 1), (C * R * 2 - 1, 2 * L + 3, L - 1)]
    for rows, elements, width in shapes:
        product = random_dense(
            rng,
            rows,
            elements,
            width,
            signed=bool(rng.getrandbits(1)),
            second_signed=bool(rng.getrandbits(1)),
            boundary=rng.randrange(elements + 1),
            cooperative=cooperative,
            base=rng.randrange(20),
        )
        await it.run(product, ordered=not stall)


@cocotb.test(timeout_time=100, timeout_unit="us")
@cocotb.parametrize(valued=[False, True][: 1 + CONFIG.feature_values], stall=[0.0, 0.4])
async def sparse_products_of_any_shape(dut, valued, stall):
    it = await engine(dut, stall)
    rng = it.rng
    for rows, features, width, longest in (
        (60, 50, L, 30),
        (1, 3, 1, 2),
        (41, 60, 3 * L - 1, 90),
        (90, 9, L, 3),
    ):
        signed = bool(rng.getrandbits(1))
        product = random_sparse(
            rng, rows, features, width, longest, valued=valued, signed=signed, base=rng.randrange(20)
        )
        before = it.issued
        await it.run(product)
        slices = -(-width // L)
        assert it.issued - before == slices * sum(len(row) for row in product.entries)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def modes_follow_each_other(dut):
    it = await engine(dut)
    rng = it.rng
    for n in range(6):
        if n % 2:
            await it.run(random_dense(rng, C * R + n, 9, L, cooperative=n == 3))
        else:
            await it.run(random_sparse(rng, 20, 30, L, 20, valued=CONFIG.feature_values and n == 2))


@cocotb.test(timeout_time=100, timeout_unit="us")
async def a_consumer_that_stops_loses_nothing(dut):
    it = await engine(dut)
    products = [random_dense(it.rng, 20 * C * R, R, L), random_sparse(it.rng, 300, 30, L, 20)]
    for product in products:
        for port in it.rows:
            port.pause = True
        await it.set_up(product)
        await (it._dense(product, True) if product.source is not None else it._sparse(product))
        await ClockCycles(dut.clk, 600)
        stopped = it.stepped, it.issued
        await ClockCycles(dut.clk, 100)
        assert (it.stepped, it.issued) == stopped, "work goes on without room for its results"
        assert int(dut.busy.value)
        for port in it.rows:
            port.pause = False
        await it.compare(product)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def weights_arrive_while_others_are_used(dut):
    """The weights of a next phase take reads from every second port, or from all, and change nothing."""
    it = await engine(dut)
    product = random_sparse(it.rng, 120, 30, L, 20)
    for delay in (0, 2):
        await it.set_up(product)
        await it._sparse(product)
        for row in range(100, 200):  # where there is room for a second word and its bit, these are random too
            await it.weights.send_int(row | it.rng.getrandbits(WeightWrite(CONFIG).size - 15) << 15)
            await ClockCycles(dut.clk, delay)
        await it.compare(product)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def reset_in_mid_phase_leaves_nothing_behind(dut):
    it = await engine(dut)
    for product in (random_dense(it.rng, 40 * C * R, 2 * R, L), random_sparse(it.rng, 100, 30, L, 20)):
        await it.set_up(product)
        await (it._dense(product, True) if product.source is not None else it._sparse(product))
        await ClockCycles(dut.clk, 60)
        assert int(dut.busy.value)
        for port in (*it.groups, *it.lines, *it.jobs, *it.loads):
            port.clear()
        dut.rst.value = 1
        await ClockCycles(dut.clk, 3)
        dut.rst.value = 0
        for port in it.rows:
            port.clear()
        await ClockCycles(dut.clk, 2)
        assert not int(dut.busy.value)
        await it.run(random_dense(it.rng, 2 * C * R, R, L))
        await it.run(random_sparse(it.rng, 30, 30, L, 20))
