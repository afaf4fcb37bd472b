"""RTL of pyralis.hw.gcn.weightbuffer against an array of words."""

import random
from collections import deque
from dataclasses import replace

import numpy as np
import pytest
from amaranth.sim import Simulator

from pyralis.gen.boards.vivado.primitives import count_cells
from pyralis.gen.emit.verilog import emit
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.weightbuffer import READ_LATENCY, WeightBuffer, write_ports
from pyralis.sim.golden.gcn.pairs import word

SMALL = GcnConfig(lanes=4, weight_rows=16)


@pytest.mark.parametrize(
    ("columns", "ports", "bus"), [(2, 2, 32), (1, 1, 64), (1, 4, 64), (2, 2, 64), (2, 1, 128), (4, 1, 256)]
)
def test_every_reader_sees_the_words(columns, ports, bus):
    """Readers read what was written three cycles before; those that share a port stand still when told."""
    config = replace(SMALL, columns=columns, gather_ports=ports, bus_bits=bus)
    buffer, rng = WeightBuffer(config), random.Random(columns * ports + bus)
    readers, kept = range(columns * ports), {}
    two = bus > 32 and columns > 1
    assert write_ports(config) == 1 + two
    counts = {"even": 0, "odd": 0, "held": 0, "both held": 0}

    async def bench(ctx):
        held = deque([0], maxlen=2)
        # Words become readable later than they are written; expectations wait for the read latency.
        coming, expected = deque([{}] * 3), deque([{}] * (READ_LATENCY - 1))
        for _ in range(600):
            kept.update(coming.popleft())
            writing = rng.random() < 0.3
            both = two and rng.random() < 0.5
            row = rng.randrange(16 - two)
            weights = np.array([[rng.randrange(-128, 128) for _ in range(4)] for _ in range(1 + two)])
            weights = weights.astype(np.int8)
            ctx.set(buffer.writes.valid, writing)
            ctx.set(buffer.writes.payload.row, row)
            ctx.set(buffer.writes.payload.data, int.from_bytes(weights.tobytes(), "little"))
            if two:
                ctx.set(buffer.writes.payload.both, both)
            assert ctx.get(buffer.writes.ready) and ctx.get(buffer.hold) == writing << 1 | (writing and both)
            words = {row + n: word(weights[n]) for n in range(1 + both)}
            coming.append(words if writing else {})
            pending = set().union(*coming)
            requests = {}
            for reader in readers:
                # This request was decided two cycles ago, when the hold was.
                stands = len(held) == 2 and held[0] >> reader % 2 & 1
                enable = rng.random() < 0.7 and not stands
                choices = [at for at in kept if at not in pending]
                enable = enable and bool(choices)
                at = rng.choice(choices) if enable else rng.randrange(16)
                ctx.set(buffer.reads[reader].enable, enable)
                ctx.set(buffer.reads[reader].row, at)
                if enable:
                    requests[reader] = kept[at]
                    counts["odd" if reader % 2 else "even"] += 1
            counts["held"] += len(held) == 2 and held[0] != 0
            counts["both held"] += len(held) == 2 and held[0] == 3
            held.append(writing << 1 | (writing and both))
            expected.append(requests)
            await ctx.tick()
            for reader, value in expected.popleft().items():
                assert ctx.get(buffer.words[reader].as_value()) == value

    simulator = Simulator(buffer)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    assert counts["even"] > 200 and counts["held"] > 100
    assert (counts["odd"] > 200) == (len(readers) > 1)
    assert (counts["both held"] > 50) == two


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "bus"), [(1, 128), (2, 256)])
def test_a_copy_is_one_memory_with_two_ports(columns, bus):
    """2,048 words of 136 bits are eight block RAMs of UltraScale+, with two readers and one writer or two."""
    sizes = {"columns": columns, "bus_bits": bus, "gather_ports": 4 // columns, "weight_rows": 2048}
    config = replace(PRESETS["z32"], **sizes)
    cells = count_cells(emit(WeightBuffer(config), "weightbuffer"), "weightbuffer", "xcup")
    assert {kind: cells[kind] for kind in cells if kind.startswith(("RAM", "URAM"))} == {"RAMB36E2": 16}


@pytest.mark.slow
def test_large_copies_are_ultraram():
    """4,096 words of 136 bits are two of them; here are two copies, each with two readers and two writers."""
    sizes = {"columns": 2, "bus_bits": 256, "gather_ports": 2, "weight_rows": 4096}
    text = emit(WeightBuffer(replace(PRESETS["z32"], **sizes)), "weightbuffer")
    cells = count_cells(text, "weightbuffer", "xcup")
    assert {kind: cells[kind] for kind in cells if "RAM" in kind or "$mem" in kind} == {"URAM288": 4}
