"""Biases of pyralis.hw.gcn.bias, shifted and with half of the last digit, against integers."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from pyralis.hw.gcn.bias import BIAS_SLICES, BiasLoader, Engine

LANES = 4


@pytest.mark.parametrize("engine", list(Engine))
def test_written_two_cycles_later_for_its_engine_only(engine):
    rng = np.random.default_rng(engine.value)
    loader, count = BiasLoader(LANES, engine), 200
    extremes = [-(1 << 31), (1 << 31) - 1, 0, -1]
    loads = [
        {
            "engine": int(rng.integers(2)),
            "slice": int(rng.integers(BIAS_SLICES)),
            "lane": int(rng.integers(LANES)),
            "value": extremes[n] if n < len(extremes) else int(rng.integers(-(1 << 31), 1 << 31)),
            "shift": int(rng.integers(48)) if n % 5 else 0,
            "bias_shift": int(rng.integers(16)),
        }
        for n in range(count)
    ]
    valid, written = rng.integers(4, size=count) > 0, []

    async def bench(context):
        for load, comes in zip(loads, valid, strict=True):
            context.set(loader.bias.p, load)
            context.set(loader.bias.valid, int(comes))
            assert context.get(loader.bias.ready)
            await context.tick()
            write = context.get(loader.write)
            written.append((write.valid, write.slice, write.lane, write.value))
        context.set(loader.bias.valid, 0)
        await context.tick()
        write = context.get(loader.write)
        written.append((write.valid, write.slice, write.lane, write.value))

    simulator = Simulator(loader)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    taken = 0
    for load, comes, found in zip(loads, valid, written[1:], strict=True):
        half = 1 << load["shift"] - 1 if load["shift"] else 0
        mine = bool(comes) and load["engine"] == engine.value
        assert found[0] == mine
        if mine:
            want = (load["value"] << load["bias_shift"]) + half
            assert found[1:] == (load["slice"], load["lane"], want)
            taken += 1
    assert 50 < taken < 150 and not all(valid)
