"""RTL of pyralis.hw.gcn.weightbuffer against an array of words."""

import random
from collections import deque
from dataclasses import replace

import numpy as np
import pytest
from amaranth.sim import Simulator

from pyralis.gen.boards.vivado.primitives import count_cells
from pyralis.gen.emit.verilog import emit
from pyralis.hw.gcn.config import PRESETS
from pyralis.hw.gcn.weightbuffer import READ_LATENCY, WeightBuffer, shares_write_port
from pyralis.sim.golden.gcn.pairs import word

SMALL = replace(PRESETS["tiny"], lanes=4, weight_rows=16)


@pytest.mark.parametrize(("columns", "ports"), [(2, 2), (1, 1), (1, 4)])
def test_every_reader_sees_the_words(columns, ports):
    """Readers read what was written three cycles before; those that share a port stand still when told."""
    config = replace(SMALL, columns=columns, gather_ports=ports)
    buffer, rng = WeightBuffer(config), random.Random(columns * ports)
    readers, kept = range(columns * ports), {}
    counts = {"shared": 0, "private": 0, "held": 0}

    async def bench(ctx):
        held = deque([False], maxlen=2)
        # Words become readable later than they are written; expectations wait for the read latency.
        coming, expected = deque([None] * 3), deque([{}] * (READ_LATENCY - 1))
        for _ in range(600):
            if (landed := coming.popleft()) is not None:
                kept[landed[0]] = landed[1]
            writing = rng.random() < 0.3
            row, weights = (
                rng.randrange(16),
                np.array([rng.randrange(-128, 128) for _ in range(4)], dtype=np.int8),
            )
            ctx.set(buffer.writes.valid, writing)
            ctx.set(buffer.writes.payload.row, row)
            ctx.set(buffer.writes.payload.data, int.from_bytes(weights.tobytes(), "little"))
            assert ctx.get(buffer.writes.ready) and ctx.get(buffer.hold) == writing
            coming.append((row, word(weights)) if writing else None)
            pending = {entry[0] for entry in coming if entry}
            requests = {}
            for reader in readers:
                shared = shares_write_port(reader)
                # This request was decided two cycles ago, when the hold was.
                enable = rng.random() < 0.7 and not (shared and len(held) == 2 and held[0])
                choices = [at for at in kept if at not in pending]
                enable = enable and bool(choices)
                at = rng.choice(choices) if enable else rng.randrange(16)
                ctx.set(buffer.reads[reader].enable, enable)
                ctx.set(buffer.reads[reader].row, at)
                if enable:
                    requests[reader] = kept[at]
                    counts["shared" if shared else "private"] += 1
            counts["held"] += len(held) == 2 and held[0]
            held.append(writing)
            expected.append(requests)
            await ctx.tick()
            for reader, value in expected.popleft().items():
                assert ctx.get(buffer.words[reader].as_value()) == value

    simulator = Simulator(buffer)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    assert counts["private"] > 200 and counts["held"] > 100
    assert (counts["shared"] > 200) == (len(readers) > 1)


@pytest.mark.slow
def test_a_copy_is_one_memory_with_two_ports():
    """2,048 words of 136 bits are eight block RAMs of UltraScale+, with two readers and the writer."""
    config = replace(PRESETS["z32"], columns=1, bus_bits=128, gather_ports=4, weight_rows=2048)
    cells = count_cells(emit(WeightBuffer(config), "weightbuffer"), "weightbuffer", "xcup")
    assert {kind: cells[kind] for kind in cells if kind.startswith(("RAM", "URAM"))} == {"RAMB36E2": 16}
