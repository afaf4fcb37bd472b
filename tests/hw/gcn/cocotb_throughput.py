"""cocotb side of test_combination.py: cycles of one column of a preset, in both modes."""

import json
import os
import pickle
import random
import warnings
from pathlib import Path

import cocotb
import numpy as np
import torch
from combining import Engine, Product

from pyralis.gen.gcn.intnetwork import Epilogue
from pyralis.hw.gcn.config import GcnConfig

CONFIG = GcnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
COLUMNS = int(os.environ["PARTS"])  # COLUMNS is what terminals call their width
"""Of the preset; the engine here has one, because they share nothing but the weights that are written."""
R, L = CONFIG.pe_rows, CONFIG.lanes


async def engine(dut):
    assert CONFIG.columns == 1
    it = Engine(dut, CONFIG)
    await it.begin()
    return it


def random_rows(rng, shape, low, high):
    return torch.tensor([[rng.randrange(low, high) for _ in range(shape[1])] for _ in range(shape[0])])


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(elements=[16, 128], width=[7, 16])
async def dense_steps_follow_each_other(dut, elements, width):
    """At least 0.95 of the cycles are steps, fill and drain left out, unless the epilogue needs longer.

    With 16 elements, groups give a row a cycle: as many as an epilogue takes of narrow rows only.
    """
    it = await engine(dut)
    rows = 24 * R if elements == 16 else 6 * R
    product = Product(
        weight=random_rows(it.rng, (elements, width), -128, 128),
        epilogue=Epilogue(shift=12, output="int16"),
        source=random_rows(it.rng, (rows, elements), 0, 256),
    )
    trace = []

    async def watch():
        while True:
            await cocotb.triggers.RisingEdge(dut.clk)
            trace.append(int(dut.stepping.value))

    cocotb.start_soon(watch())
    await it.run(product)
    steps = sum(trace)
    assert steps == rows // R * elements
    first, last = trace.index(1), len(trace) - trace[::-1].index(1)
    share = steps / (last - first)
    dut._log.info(f"dense, K = {elements}, F = {width}: {steps} steps in {last - first} cycles, {share:.3f}")
    every = 1 if width <= CONFIG.epilogue_lanes else CONFIG.lanes // CONFIG.epilogue_lanes
    assert share >= 0.95 * min(1, elements / (R * every))


def features(folder):
    """Indices of the features of each node of Cora, in the order of the files."""
    rows = []
    for name in ("allx", "tx"):
        with warnings.catch_warnings(), (Path(folder) / f"ind.cora.{name}").open("rb") as file:
            warnings.simplefilter("ignore")
            matrix = pickle.load(file, encoding="latin1")
        rows += [part.tolist() for part in np.split(matrix.indices, matrix.indptr[1:-1])]
    return rows


def dealt(rows, parts):
    """Rows of each of *parts*: the rows with most entries first, each to the part with the fewest entries."""
    result, work = [[] for _ in range(parts)], [0] * parts
    for row in sorted(rows, key=len, reverse=True):
        part = min(range(parts), key=lambda k: (work[k], len(result[k])))
        result[part].append(row)
        work[part] += len(row)
    return result, work


@cocotb.test(timeout_time=400, timeout_unit="us", skip="CORA" not in os.environ)
@cocotb.parametrize(order=["falling", "mixed"])
async def features_of_cora(dut, order):
    """Every column's share of the features of Cora; the engine takes as long as the slowest of them."""
    it = await engine(dut)
    rows = features(os.environ["CORA"])
    entries = sum(map(len, rows))
    assert entries == 49216
    parts, work = dealt(rows, COLUMNS * CONFIG.clusters)
    dut._log.info(f"entries of a cluster: {min(work)}..{max(work)}")
    weight = random_rows(it.rng, (1 + max(map(max, rows)), L), -128, 128)
    slowest, slowest_issue, issued = 0, 0, 0
    for column in range(COLUMNS):
        own = parts[column * CONFIG.clusters : (column + 1) * CONFIG.clusters]
        if order == "mixed":
            own = [random.Random(column).sample(part, len(part)) for part in own]
        length = max(map(len, own))
        # Rows alternate between the clusters, so a part that has fewer is filled up with empty rows.
        lists = [
            row for rank in range(length) for row in (part[rank] if rank < len(part) else [] for part in own)
        ]
        product = Product(
            weight=weight,
            epilogue=Epilogue(shift=5),
            entries=[[(index, 1) for index in row] for row in lists],
        )
        before, begin = it.issued, it.cycle
        trace = []

        async def watch(trace=trace):
            while True:
                await cocotb.triggers.RisingEdge(dut.clk)
                trace.append(int(dut.issued.value).bit_count())

        task = cocotb.start_soon(watch())
        cycles = await it.run(product)
        task.cancel()
        busy = [n for n, count in enumerate(trace) if count]
        window = busy[-1] - busy[0] + 1
        dut._log.info(
            f"column {column}: {it.issued - before} entries, {window} cycles of issue, {cycles} in all"
        )
        slowest, slowest_issue = max(slowest, cycles), max(slowest_issue, window)
        issued += sum(map(len, lists))
        assert begin < it.cycle
    lanes = COLUMNS * CONFIG.gather_ports
    dut._log.info(
        f"features of Cora, {order}: {slowest_issue} cycles of issue, {slowest} in all, on {lanes} ports; "
        f"utilisation {entries / lanes / slowest_issue:.3f}, {entries / lanes / slowest:.3f} in all"
    )
    assert issued == entries
    assert entries / lanes / slowest_issue >= 0.90
