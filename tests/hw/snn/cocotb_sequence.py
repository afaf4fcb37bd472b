"""cocotb side of test_sequence.py: runs inside the simulator."""

import json
import os
import random
from itertools import pairwise

import cocotb
from amaranth.lib import data
from cocotb.triggers import ReadOnly, RisingEdge
from layers import groups, layer_word, random_plan

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.sequence import ISSUE_LATENCY
from pyralis.hw.snn.walk import WindowLayout
from pyralis.sim.bench.stream import StreamSource, monitor_streams, stalls, start


def window_word(config, lanes, *, tile_end, layer_end):
    value = {
        "lanes": [
            {"used": 1, "y": lanes[n]["y"], "x": lanes[n]["x"], "address": lanes[n]["address"]}
            if n < len(lanes)
            else {"used": 0, "y": 0, "x": 0, "address": 0}
            for n in range(config.pixel_lanes)
        ],
        "rows": max(pixel["rows"] for pixel in lanes),
        "tile_end": tile_end,
        "layer_end": layer_end,
    }
    return WindowLayout(config).const(value).as_value().value


def windows(config, plan):
    every = groups(plan, config.pixel_lanes)
    for tile in range(plan.fields["out_tiles"]):
        for index, lanes in enumerate(every):
            end = index == len(every) - 1
            yield lanes, end, end and tile == plan.fields["out_tiles"] - 1


def steps(config, plan):
    """Every step of a layer: (first, last, weight index, releases, reads per lane)."""
    f = plan.fields
    for lanes, tile_end, _ in windows(config, plan):
        for group in range(f["in_groups"]):
            release = tile_end and group == f["in_groups"] - 1
            index = 0
            for ky in range(f["kernel_height"]):
                for kx in range(f["kernel_width"]):
                    for tile in range(f["in_tiles"]):
                        reads = []
                        for n in range(config.pixel_lanes):
                            if n >= len(lanes):
                                reads.append(None)
                                continue
                            y, x = lanes[n]["y"] + ky, lanes[n]["x"] + kx
                            inside = 0 <= y < f["in_height"] and 0 <= x < f["in_width"]
                            pixel = f["in_tiles"] * f["in_groups"]
                            address = lanes[n]["address"] + ky * f["in_row_words"] + kx * pixel
                            reads.append(
                                (address + tile * f["in_groups"] + group) % 65536 if inside else None
                            )
                        yield (
                            index == 0,
                            index == f["tile_words"] - 1,
                            0 if release else index,
                            release,
                            reads,
                        )
                        index += 1


async def offer(dut, config, plans, rng=None):
    layers, groups_in = StreamSource(dut, "layers"), StreamSource(dut, "windows")
    monitor_streams(dut)
    if rng:
        layers.set_pause_generator(stalls(rng, 0.3))
        groups_in.set_pause_generator(stalls(rng, 0.3))
    for plan in plans:
        layers.send_nowait(layer_word(plan.fields))
        for lanes, tile_end, layer_end in windows(config, plan):
            groups_in.send_nowait(window_word(config, lanes, tile_end=tile_end, layer_end=layer_end))


class Trace:
    """Issues, reads and flags, each moved to the cycle of its issue."""

    def __init__(self, dut, config) -> None:
        self.issues, self.reads, self.flags = {}, {}, {}
        self.leaving, self.cycle = [], 0
        cocotb.start_soon(self._run(dut, config))

    async def _run(self, dut, config):
        layout = data.ArrayLayout(data.StructLayout({"enable": 1, "address": 16}), config.pixel_lanes)
        while True:
            await ReadOnly()
            if int(dut.issued.value):
                self.issues[self.cycle] = (int(dut.weights__index.value), int(dut.weights__release.value))
                assert int(dut.weights__available.value), "issued without its weights"
                assert int(dut.room.value) or not int(dut.issued_last.value), (
                    "a last step was issued without room"
                )
            word = data.Const(layout, int(dut.reads.value))
            self.reads[self.cycle - 1] = [
                lane.address if lane.enable else None for lane in (word[n] for n in range(config.pixel_lanes))
            ]
            if int(dut.steps__valid.value):
                self.flags[self.cycle - ISSUE_LATENCY] = (
                    int(dut.steps__first.value),
                    int(dut.steps__last.value),
                )
            if int(dut.layer_end.value):
                self.leaving.append(self.cycle)
            await RisingEdge(dut.clk)
            self.cycle += 1


def idle(dut):
    for name in ("row_done", "layer_done"):
        dut[name].value = 0
    dut.room.value = dut.weights__available.value = 1


async def leave(dut, delay):
    """The output path: every layer leaves *delay* cycles after its last step."""
    while True:
        await RisingEdge(dut.clk)
        if int(dut.layer_end.value):
            for _ in range(delay):
                await RisingEdge(dut.clk)
            dut.layer_done.value = 1
            await RisingEdge(dut.clk)
            dut.layer_done.value = 0


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[False, True])
async def steps_in_order(dut, stall):
    config, rng = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"])), random.Random(cocotb.RANDOM_SEED)
    idle(dut)
    await start(dut)
    plans = [random_plan(config, rng) for _ in range(12)]
    trace = Trace(dut, config)
    cocotb.start_soon(leave(dut, 0))
    await offer(dut, config, plans, rng if stall else None)
    expected = [step for plan in plans for step in steps(config, plan)]
    assert any(None in step[-1] for step in expected), "nothing was padded"
    while len(trace.flags) < len(expected):
        await RisingEdge(dut.clk)
        if stall:
            dut.room.value, dut.weights__available.value = rng.random() < 0.7, rng.random() < 0.7
    for _ in range(10):
        await RisingEdge(dut.clk)
    assert len(trace.flags) == len(trace.issues) == len(expected)
    for number, (cycle, step) in enumerate(zip(sorted(trace.issues), expected, strict=True)):
        first, last, index, release, reads = step
        assert trace.issues[cycle] == (index, int(release)), f"weights of step {number}"
        assert trace.flags[cycle] == (int(first), int(last)), f"flags of step {number}"
        assert trace.reads[cycle] == reads, f"addresses of step {number}"
    if not stall:
        busy = sorted(trace.issues)
        gaps = [after - before for before, after in pairwise(busy) if after - before > 1]
        assert len(gaps) < len(plans), f"dead cycles inside a layer: {gaps}"


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def waits_for_rows_of_the_layer_before(dut):
    """A second layer starts while the first is leaving, and never reads a row that is not written."""
    config, rng = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"])), random.Random(cocotb.RANDOM_SEED)
    idle(dut)
    await start(dut)
    while True:
        plan = random_plan(config, rng)
        needs = [max(pixel["rows"] for pixel in lanes) for lanes, _, _ in windows(config, plan)]
        if plan.fields["in_height"] > 2 and len(set(needs)) > 2:
            break
    trace = Trace(dut, config)
    await offer(dut, config, [plan, plan])
    while not trace.leaving:
        await RisingEdge(dut.clk)
    count, per_group = len(trace.issues), plan.steps_per_group
    rows = 0
    total = plan.fields["images"] * plan.fields["in_height"]
    for _ in range(total + 1):
        for _ in range(3 * sum(1 for _ in steps(config, plan))):
            await RisingEdge(dut.clk)
        held = next((n for n, need in enumerate(needs) if need > rows), None)
        issued = len(trace.issues) - count
        assert issued == (len(needs) if held is None else held) * per_group, f"with {rows} rows written"
        if rows == total:
            break
        dut.row_done.value = 1
        await RisingEdge(dut.clk)
        dut.row_done.value = 0
        rows += 1
    assert rows == total
