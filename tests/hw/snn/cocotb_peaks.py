"""cocotb side of test_peaks.py: runs inside the simulator."""

import json
import os
import random

import cocotb
import torch
from cocotb.triggers import RisingEdge
from slots import SlotPacker, settings_bits

from pyralis.hw.snn.config import SnnConfig
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start, unpack
from pyralis.sim.golden.snn.peaks import peaks

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
S, P, N, BLOCKS = CONFIG.step_lanes, CONFIG.neuron_lanes, CONFIG.pixel_lanes, CONFIG.blocks
PACKER = SlotPacker(CONFIG)


def layer(rng: random.Random, window: int, groups: int):
    """Slots of some windows, in the order of the array: payload in, used and currents (or None) out."""
    count = rng.randint(2, 5)
    generator = torch.Generator().manual_seed(rng.getrandbits(32))
    top = 1 << CONFIG.current_bits - 1
    maps = torch.randint(-top, top, (groups, BLOCKS, P, S, window, window * count), generator=generator)
    largest = peaks(maps, window, window)[..., 0, :]  # (groups, blocks, P, S, windows)
    pixels = [(n, y, x) for n in range(count) for y in range(window) for x in range(window)]
    for begin in range(0, len(pixels), N):
        for g in range(groups):
            for lane in range(N):
                for block in range(BLOCKS):
                    index = begin + lane
                    used = index < len(pixels)
                    n, y, x = pixels[index] if used else (0, 0, 0)
                    first, last = y == x == 0, y == x == window - 1
                    where = {"block": block, "group": g, "used": used}
                    tag = PACKER.tag(lane * BLOCKS + block, window_first=first, window_last=last, **where)
                    currents = maps[g, block, :, :, y, n * window + x].tolist()
                    out = largest[g, block, :, :, n].tolist() if used and last else None
                    yield PACKER.slot(tag, currents), used and last, out


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stall=[(0, 0), (0.4, 0), (0, 0.4), (0.3, 0.3)])
async def largest_of_every_window(dut, stall):
    await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink = StreamSource(dut, "slots"), StreamSink(dut, "peaks")
    monitors = monitor_streams(dut)
    source.set_pause_generator(stalls(rng, stall[0]))
    sink.set_pause_generator(stalls(rng, stall[1]))
    dut.settings.value = settings_bits(pool_currents=1)
    everything = []
    for window in (2, 3, 1, 2):
        everything += layer(rng, window, rng.randint(1, 16 // S))
    for payload, _, _ in everything:
        await source.send_int(payload)
    for number, (_, used, currents) in enumerate(everything):
        word = await sink.recv_int()
        tag = PACKER.tag_layout.from_bits(word & (1 << PACKER.shift) - 1)
        assert (tag.used, tag.window_first) == (used, 1), f"slot {number}"
        if currents is not None:
            flat = unpack(word >> PACKER.shift, CONFIG.current_bits, P * S, signed=True)
            assert [flat[p * S : p * S + S] for p in range(P)] == currents, f"slot {number}"
    assert bool(monitors["peaks"].waits) == bool(stall[1])
    if stall == (0, 0):
        times = monitors["peaks"].times
        assert times[-1] - times[0] == len(everything) - 1, "not one slot a cycle"
        assert times[0] - monitors["slots"].times[0] == 1, "latency is not 1"
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
    assert int(dut.busy.value) == 0


@cocotb.test(timeout_time=100, timeout_unit="us")
async def other_layers_pass_through(dut):
    await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink = StreamSource(dut, "slots"), StreamSink(dut, "peaks")
    dut.settings.value = settings_bits()
    payloads = [payload for payload, _, _ in layer(rng, 2, 1)]
    for payload in payloads:
        await source.send_int(payload)
    assert await sink.recv_ints(len(payloads)) == payloads
