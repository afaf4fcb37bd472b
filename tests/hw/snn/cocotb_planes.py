"""cocotb side of test_planes.py: runs inside the simulator."""

import json
import os
import random
from itertools import pairwise

import cocotb
import torch
from cocotb.triggers import RisingEdge
from slots import SlotPacker

from pyralis.hw.snn.config import SnnConfig
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start, unpack
from pyralis.sim.golden.snn.planes import from_planes, to_planes

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
S, P, SLOTS = CONFIG.step_lanes, CONFIG.neuron_lanes, CONFIG.slots
PACKER = SlotPacker(CONFIG)


def plane_slots(rng: random.Random, replays: int) -> tuple[list[int], list[list[list[int]]]]:
    """One group of pixels times weights: payloads in, currents [p][s] out."""
    generator = torch.Generator().manual_seed(rng.getrandbits(32))
    inputs = rng.choice([1, 9, 30])  # 30 x 128 x 128 < 2**19
    pixels = torch.randint(-128, 128, (SLOTS, inputs), generator=generator)
    weights = torch.randint(-128, 128, (inputs, P), generator=generator)
    if rng.random() < 0.3:
        pixels, weights = torch.full_like(pixels, -128), torch.full_like(weights, rng.choice([-128, 127]))
    sums = to_planes(pixels, S) @ weights  # (8 / S, S, SLOTS, P)
    total = from_planes(sums)
    assert torch.equal(total, pixels @ weights)
    payloads, expected = [], []
    for g in range(8 // S):
        for i in range(SLOTS):
            tag = PACKER.tag(i, planes=1, fresh=g == 0, partial=g < 8 // S - 1)
            payloads.append(PACKER.slot(tag, sums[g, :, i].T.tolist()))
    for n in range(1, replays + 1):
        payloads.extend(PACKER.tag(i, planes=1, replay=1, group=n) for i in range(SLOTS))
    for _ in range(replays + 1):
        expected += [[[value] * S for value in total[i].tolist()] for i in range(SLOTS)]
    return payloads, expected


def plain_slots(rng: random.Random) -> tuple[list[int], list[list[list[int]]]]:
    top = 1 << CONFIG.current_bits - 1
    expected = [[[rng.randrange(-top, top) for _ in range(S)] for _ in range(P)] for _ in range(SLOTS)]
    return [PACKER.slot(PACKER.tag(i), currents) for i, currents in enumerate(expected)], expected


async def compare(sink: StreamSink, expected: list) -> None:
    for n, currents in enumerate(expected):
        word = await sink.recv_int()
        flat = unpack(word >> PACKER.shift, CONFIG.current_bits, P * S, signed=True)
        got = [flat[p * S : p * S + S] for p in range(P)]
        assert PACKER.tag_layout.from_bits(word & (1 << PACKER.shift) - 1).index == n % SLOTS
        assert got == currents, f"slot {n}"


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(stall=[(0, 0), (0.4, 0), (0, 0.4), (0.3, 0.3)])
async def sums_match_golden(dut, stall):
    await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink, monitors = StreamSource(dut, "slots"), StreamSink(dut, "sums"), monitor_streams(dut)
    source.set_pause_generator(stalls(rng, stall[0]))
    sink.set_pause_generator(stalls(rng, stall[1]))
    everything = []
    for n in range(24):
        payloads, expected = plain_slots(rng) if n % 5 == 4 else plane_slots(rng, rng.randrange(3))
        everything += expected
        for payload in payloads:
            await source.send_int(payload)
    await compare(sink, everything)
    signs = {value > 0 for slot in everything for channel in slot for value in channel}
    assert signs == {False, True}
    assert bool(monitors["sums"].waits) == bool(stall[1])
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
    assert int(dut.busy.value) == 0


@cocotb.test(timeout_time=100, timeout_unit="us")
async def one_slot_a_cycle_with_latency_one(dut):
    await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink, monitors = StreamSource(dut, "slots"), StreamSink(dut, "sums"), monitor_streams(dut)
    everything = []
    for _ in range(4):
        payloads, expected = plane_slots(rng, 1)
        everything += expected
        for payload in payloads:
            await source.send_int(payload)
    await compare(sink, everything)
    entered = monitors["slots"].times
    assert {b - a for a, b in pairwise(entered)} == {1}
    left, passes = set(monitors["sums"].times), 8 // S + 1
    ends = [n for n in range(len(entered)) if n // SLOTS % passes >= passes - 2]
    assert left == {entered[n] + 1 for n in ends}


@cocotb.test(timeout_time=100, timeout_unit="us")
async def sums_start_afresh_after_a_reset(dut):
    await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink = StreamSource(dut, "slots"), StreamSink(dut, "sums")
    payloads, _ = plane_slots(rng, 1)
    for payload in payloads:
        await source.send_int(payload)
    for _ in range(SLOTS + 2):
        await RisingEdge(dut.clk)
    source.clear()
    dut.rst.value = 1
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
    dut.rst.value = 0
    await RisingEdge(dut.clk)
    assert int(dut.busy.value) == 0
    sink.clear()
    payloads, expected = plane_slots(rng, 1)
    for payload in payloads:
        await source.send_int(payload)
    await compare(sink, expected)
