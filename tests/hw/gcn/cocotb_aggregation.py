"""cocotb side of test_aggregation.py: runs inside the simulator."""

import random

import cocotb
import numpy as np
import torch
from cocotb.triggers import RisingEdge
from gathers import Engine, Gather, config_of_bench, word

from pyralis.hw.gcn.config import LINE
from pyralis.hw.gcn.rowstore import StoreReadLayout


def random_gather(rng: random.Random, nodes: int, entries: float, width: int, **options) -> Gather:
    """Rows of random length, some empty, with repeated entries and self loops; random bytes."""
    rows = []
    for v in range(nodes):
        degree = min(int(rng.expovariate(1 / entries)), 60)
        row = [rng.randrange(nodes) for _ in range(degree)]
        rows.append([*row, v, *row[:1]] if degree and rng.random() < 0.3 else row)
    return Gather(rows, bytes_of(rng, nodes, width, options), **options)


def bytes_of(rng: random.Random, nodes: int, width: int, options: dict) -> np.ndarray:
    generator = np.random.default_rng(rng.randrange(1 << 30))
    low, high = (-128, 128) if options.get("is_signed", True) else (0, 256)
    return generator.integers(low, high, (nodes, width))


def random_options(rng: random.Random, config) -> dict:
    """A phase of any kind that the core can do, and the width of its rows."""
    options = {
        "maximum": rng.random() < 0.4 and not config.edge_weights,
        "is_signed": rng.random() < 0.5,
        "splits": rng.randrange(config.splits.bit_length()),
        "by_row": rng.random() < 0.3,
    }
    lanes = config.lanes >> options["splits"]
    slices = rng.choice([1, 1, 2, 3])
    options["width"] = rng.randrange((slices - 1) * lanes, slices * lanes) + 1
    options["group_rows"] = rng.choice([None, 1, 3, 8])
    free = config.rows // 2
    options["base"] = rng.randrange(0, free // config.columns) * config.columns
    if config.hubs and rng.random() < 0.6:
        room = (config.hubs // slices).bit_length() - 1
        options["hub_bits"] = rng.randint(0, room)
        options["hub_base"] = rng.randint(0, config.hubs - (slices << options["hub_bits"]))
    return options


def weighted(rng: random.Random, gather: Gather, config) -> Gather:
    if config.edge_weights:
        gather.weights = [[rng.randint(-128, 127) for _ in row] for row in gather.rows]
    return gather


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def random_graphs_of_all_kinds(dut, stall):
    config = config_of_bench()
    engine = Engine(dut, config)
    rng = random.Random(cocotb.RANDOM_SEED)
    await engine.reset()
    seen = {"heavy": 0, "empty": 0, "twice": 0, "hubs": 0, "narrow": 0, "wide": 0, "by_row": 0, "maximum": 0}
    for number in range(24):
        options = random_options(rng, config)
        width = options.pop("width")
        nodes = rng.choice([1, 3, 17, 40, 90])
        gather = weighted(rng, random_gather(rng, nodes, rng.choice([1, 3, 9]), width, **options), config)
        engine.stall(rng, stall * rng.random(), stall * 2 * rng.random())
        start_line = rng.randrange(config.edge_lines - 700)
        before = int(engine.work().sum())
        result = await engine.run(gather, start_line=start_line)
        assert torch.equal(result, gather.expected()), f"gather {number}: {options}, {nodes} nodes"
        await engine.idle()
        entries = sum(max(len(row), 1) for row in gather.rows) * engine.slices(gather)
        assert int(engine.work().sum()) - before == entries
        seen["heavy"] += any(len(row) > LINE for row in gather.rows)
        seen["empty"] += any(not row for row in gather.rows)
        seen["twice"] += any(len(set(row)) < len(row) for row in gather.rows)
        seen["hubs"] += gather.hub_bits is not None
        seen["narrow"] += gather.splits > 0
        seen["wide"] += engine.slices(gather) > 1
        seen["by_row"] += gather.by_row
        seen["maximum"] += gather.maximum
    for kind, count in seen.items():
        possible = not ((kind == "hubs" and not config.hubs) or (kind == "maximum" and config.edge_weights))
        assert count or not possible, f"no gather was {kind}"
    if stall:
        assert all(engine.monitors[f"rows__{c}"].waits for c in range(config.columns))


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def star(dut):
    """One row with a thousand entries, and a thousand rows that name it."""
    config = config_of_bench()
    engine = Engine(dut, config)
    rng = random.Random(cocotb.RANDOM_SEED)
    await engine.reset()
    nodes = 1001
    rows = [list(range(nodes)), *([0, v] for v in range(1, nodes))]
    for maximum in (False, True):
        if maximum and config.edge_weights:
            continue
        matrix = bytes_of(rng, nodes, config.lanes, {})
        gather = weighted(rng, Gather(rows, matrix, maximum=maximum), config)
        assert torch.equal(await engine.run(gather), gather.expected())
    await engine.idle()


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def nothing_to_gather(dut):
    """Nodes without edges; fewer nodes than columns; a maximum of negative numbers, and of nothing."""
    config = config_of_bench()
    engine = Engine(dut, config)
    rng = random.Random(cocotb.RANDOM_SEED)
    await engine.reset()
    for nodes in (1, 9):
        matrix = -1 - bytes_of(rng, nodes, config.lanes, {"is_signed": False}) // 2
        for rows in ([[] for _ in range(nodes)], [[v] * (v % 2) for v in range(nodes)]):
            for maximum in (False, True):
                gather = Gather(rows, matrix, maximum=maximum)
                if config.edge_weights:
                    gather.weights = [[1] * len(row) for row in rows]
                assert torch.equal(await engine.run(gather), gather.expected())
    await engine.idle()


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def lines_stay(dut):
    """Two adjacencies lie in the lines, and are used again and again without being loaded."""
    config = config_of_bench()
    engine = Engine(dut, config)
    rng = random.Random(cocotb.RANDOM_SEED)
    await engine.reset()
    first = weighted(rng, random_gather(rng, 50, 4, config.lanes), config)
    second = weighted(rng, random_gather(rng, 50, 4, config.lanes), config)
    await engine.load(first, 0)
    await engine.load(second, 200)
    for driver in [*engine.loads, *engine.lines]:
        await driver.wait()
    for gather, line in ((second, 200), (first, 0), (second, 200)):
        gather.matrix = bytes_of(rng, 50, config.lanes, {})
        await engine.write_matrix(gather)
        assert torch.equal(await engine.run(gather, start_line=line, warm=True), gather.expected())


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def reset_in_the_middle(dut):
    config = config_of_bench()
    engine = Engine(dut, config)
    rng = random.Random(cocotb.RANDOM_SEED)
    await engine.reset()
    gather = weighted(rng, random_gather(rng, 90, 9, config.lanes), config)
    for cycles in (20, 45, 70):
        await engine.write_matrix(gather)
        await engine.load(gather)
        await engine.cycles(3)
        await engine.start(gather)
        await engine.cycles(cycles)
        assert int(dut.busy.value)
        await engine.reset()
        await engine.cycles(2)
        assert not int(dut.busy.value)
    assert torch.equal(await engine.run(gather), gather.expected())


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def rows_do_not_wait_for_ready(dut):
    config = config_of_bench()
    engine = Engine(dut, config)
    rng = random.Random(cocotb.RANDOM_SEED)
    await engine.reset()
    gather = weighted(rng, random_gather(rng, 60, 5, config.lanes), config)
    for sink in engine.rows:
        sink.pause = True
    await engine.write_matrix(gather)
    await engine.load(gather)
    await engine.cycles(3)
    await engine.start(gather)
    await engine.cycles(300)
    assert all(int(sink.valid.value) for sink in engine.rows)
    for sink in engine.rows:
        sink.pause = False
    assert torch.equal(await engine.collect(gather), gather.expected())


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def cores_by_row_number(dut):
    config = config_of_bench()
    engine = Engine(dut, config)
    rng = random.Random(cocotb.RANDOM_SEED)
    await engine.reset()
    gather = weighted(rng, random_gather(rng, 80, 5, config.lanes, by_row=True), config)
    assert torch.equal(await engine.run(gather), gather.expected())
    wanted = np.zeros((config.columns, config.cores), dtype=int)
    for v, row in enumerate(gather.rows):
        wanted[v % config.columns, v // config.columns % config.cores] += max(len(row), 1)
    assert (engine.work() == wanted).all()
    dut.clear.value = 1
    await engine.cycles(2)
    dut.clear.value = 0
    await engine.cycles(1)
    assert not engine.work().any()


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def lists_are_read_ahead_of_rows(dut):
    """Until the engine is opened nothing of the rows is read: they may come behind the start."""
    config = config_of_bench()
    engine = Engine(dut, config)
    rng = random.Random(cocotb.RANDOM_SEED)
    await engine.reset()
    gather = weighted(rng, random_gather(rng, 60, 4, config.lanes), config)
    dut.open.value = 0
    await engine.load(gather)
    await engine.cycles(3)
    await engine.start(gather)
    await engine.write_matrix(gather)
    await engine.cycles(100)
    assert int(dut.busy.value)
    prepared = engine.work()
    assert (prepared > 0).all(), "each core has a task in front of it"
    await engine.cycles(100)
    assert not any(int(dut[f"rows__{c}__valid"].value) for c in range(config.columns))
    assert (engine.work() == prepared).all()
    dut.open.value = 1
    assert torch.equal(await engine.collect(gather), gather.expected())
    assert engine.work().sum() == sum(max(len(row), 1) for row in gather.rows)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def columns_read_while_cores_do(dut):
    """Each column reads its own rows during a phase; neither disturbs the other's words."""
    config = config_of_bench()
    engine = Engine(dut, config)
    rng = random.Random(cocotb.RANDOM_SEED)
    await engine.reset()
    nodes = 80
    gather = weighted(rng, random_gather(rng, nodes, 6, config.lanes), config)
    await engine.write_matrix(gather)
    await engine.load(gather)
    await engine.cycles(3)
    await engine.start(gather)
    wanted = [[] for _ in range(config.columns)]
    got = [[] for _ in range(config.columns)]
    words = [sum((value & 0xFF) << 8 * k for k, value in enumerate(row)) for row in gather.matrix.tolist()]
    for _ in range(150):
        for c in range(config.columns):
            v = rng.randrange(nodes // config.columns) * config.columns + c
            read = rng.random() < 0.7
            fields = {"valid": read, "address": v}
            dut[f"reads__{c}"].value = word(StoreReadLayout(config), fields)
            if read:
                wanted[c].append(words[v])
        await RisingEdge(dut.clk)
        for c in range(config.columns):
            if int(dut[f"read_data__{c}__valid"].value):
                got[c].append(int(dut[f"read_data__{c}__data"].value))
    for c in range(config.columns):
        assert len(got[c]) > 80
        assert got[c] == wanted[c][: len(got[c])]
        dut[f"reads__{c}"].value = 0
    assert torch.equal(await engine.collect(gather), gather.expected())
