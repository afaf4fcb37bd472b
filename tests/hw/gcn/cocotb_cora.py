"""cocotb side of the measurement in test_aggregation.py: the adjacency of Cora, cycles and work."""

import json
import os
from pathlib import Path

import cocotb
import numpy as np
import torch
from gathers import Engine, Gather, config_of_bench

from pyralis.gen.gcn.planetoid import read_planetoid
from pyralis.gen.gcn.reorder import renumber


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def cora(dut):
    config = config_of_bench()
    engine = Engine(dut, config)
    await engine.reset()
    graph = read_planetoid(os.environ["CORA"], "cora").with_self_loops()
    graph = renumber(graph, config.columns, hubs=config.hubs).graph(graph)
    assert (graph.nodes, graph.edges) == (2708, 13264)
    rows = [row.tolist() for row in np.split(graph.indices, graph.indptr[1:-1])]
    generator = np.random.default_rng(1)
    hub_bits = (config.hubs - 1).bit_length() if config.hubs else None
    results = {}
    runs = {
        "whole rows": {"hub_bits": hub_bits},
        "whole rows, no copies of hubs": {},
        "whole rows, by row number": {"hub_bits": hub_bits, "by_row": True},
        "narrow rows": {"hub_bits": hub_bits, "splits": 1},
        "maximum": {"hub_bits": hub_bits, "maximum": True},
    }
    loaded = False
    for name, options in runs.items():
        matrix = generator.integers(-128, 128, (graph.nodes, config.lanes >> options.get("splits", 0)))
        gather = Gather(rows, matrix, **options)
        await engine.write_matrix(gather)
        if not loaded:
            await engine.load(gather)
            for driver in engine.lines:
                await driver.wait()
            loaded = True
        dut.clear.value = 1
        await engine.cycles(1)
        dut.clear.value = 0
        await engine.cycles(2)
        assert torch.equal(await engine.run(gather, warm=True), gather.expected()), name
        started = min(engine.monitors[f"jobs__{c}"].times[-1] for c in range(config.columns))
        ended = max(engine.monitors[f"rows__{c}"].times[-1] for c in range(config.columns))
        work = engine.work()
        assert work.sum() == graph.edges
        cores = config.columns * config.cores
        cycles = ended - started + 1
        results[name] = {
            "cycles": cycles,
            "utilisation": graph.edges / (cores << gather.splits) / cycles,
            "imbalance": float(work.max() / work.mean()),
        }
        await engine.idle()
    Path(os.environ["FIGURES"]).write_text(json.dumps(results, indent=1))
