"""cocotb side of test_tagger.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from cases import Case, random_case
from cocotb.triggers import RisingEdge

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.group import GroupLayout
from pyralis.hw.snn.slot import TaggedSlot
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
S, P, V, N = CONFIG.step_lanes, CONFIG.neuron_lanes, CONFIG.in_lanes, CONFIG.pixel_lanes
SLOT = TaggedSlot(CONFIG)


def expected_tags(case: Case, groups: list[int]) -> list[dict]:
    """Every slot of a layer, from its groups, by counting."""
    layout, tags, tile = GroupLayout(CONFIG), [], 0
    passes = [(k, 0) for k in range(CONFIG.plane_groups - 1)] if case.planes else []
    last_plane = CONFIG.plane_groups - 1 if case.planes else 0
    passes += [(last_plane, g) for g in range(case.groups)]
    for payload in groups:
        group = layout.from_bits(payload)
        for number, (plane, g) in enumerate(passes):
            for n in range(N):
                tags += [tag(case, group, tile, plane, g, n, j) for j in range(CONFIG.blocks)]
            final = number == len(passes) - 1
        tags[-1]["tile_end"] = int(final and group.tile_end)
        tile += group.tile_end
    return tags


def tag(case: Case, group, tile: int, plane: int, g: int, n: int, j: int) -> dict:
    lane = group.lanes[n]
    channel = tile * CONFIG.out_lanes + j * P
    replay = int(case.planes and g > 0)
    word = channel // V
    return {
        "index": n * CONFIG.blocks + j,
        "block": j,
        "word_end": int((j + 1) * P % V == 0),
        **({"kept": int(word * V < case.channels)} if (j + 1) * P % V == 0 else {}),
        "planes": int(case.planes),
        "partial": int(case.planes and plane < CONFIG.plane_groups - 1),
        "replay": replay,
        **({"fresh": int(plane == 0 and not replay)} if case.planes else {}),
        "group": g,
        "first": int(g == 0),
        "last": int(g == case.groups - 1),
        "active": sum((g * S + s < case.steps) << s for s in range(S)),
        "real": sum((channel + p < case.channels) << p for p in range(P)),
        "used": lane.used,
        "window_first": lane.first,
        "window_last": lane.last,
        "row": lane.row,
        **({"address": lane.address + word * case.groups + g} if lane.used else {}),
        "channel": channel,
        "tile_end": 0,
        "tile_last": int(tile == case.tiles - 1),
    }


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[(0, 0), (0.4, 0), (0, 0.4), (0.3, 0.3)])
async def tags_match_loops(dut, stall):
    dut.busy.value = 0
    await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    sources = {name: StreamSource(dut, name) for name in ("layers", "groups", "currents")}
    sink, monitors = StreamSink(dut, "slots"), monitor_streams(dut)
    for source in sources.values():
        source.set_pause_generator(stalls(rng, stall[0]))
    sink.set_pause_generator(stalls(rng, stall[1]))
    cases = [random_case(CONFIG, rng, planes=n % 2 == 1) for n in range(6)]
    streams = [case.stream() for case in cases]
    for case, (groups, currents) in zip(cases, streams, strict=True):
        await sources["layers"].send_int(case.layer())
        for name, payloads in (("groups", groups), ("currents", currents)):
            for payload in payloads:
                await sources[name].send_int(payload)
    for number, (case, (groups, currents)) in enumerate(zip(cases, streams, strict=True)):
        wanted = iter(currents)
        for n, expected in enumerate(expected_tags(case, groups)):
            word = await sink.recv_int()
            found = SLOT.from_bits(word).tag
            got = {name: getattr(found, name) for name in expected}
            assert got == expected, f"layer {number}, slot {n}: {case}"
            if not expected["replay"]:
                assert word >> SLOT["currents"].offset == next(wanted), f"layer {number}, slot {n}: currents"
        assert next(wanted, None) is None
    assert all(source.empty() for source in sources.values())
    assert bool(monitors["slots"].waits) == bool(stall[1])


@cocotb.test(timeout_time=100, timeout_unit="us")
async def the_next_layer_waits_until_the_path_is_empty(dut):
    dut.busy.value = 1
    await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    sources = {name: StreamSource(dut, name) for name in ("layers", "groups", "currents")}
    sink, monitors = StreamSink(dut, "slots"), monitor_streams(dut)
    case = random_case(CONFIG, rng, planes=False, height=2, width=2, pool_size=1, pool_stride=1)
    groups, currents = case.stream()
    for _ in range(2):
        await sources["layers"].send_int(case.layer())
        for name, payloads in (("groups", groups), ("currents", currents)):
            for payload in payloads:
                await sources[name].send_int(payload)
    total = len(expected_tags(case, groups))
    await sink.recv_ints(total)
    for _ in range(20):
        await RisingEdge(dut.clk)
        assert int(dut.layer_done.value) == 0
    assert monitors["slots"].transfers == total
    assert monitors["layers"].transfers == 1
    dut.busy.value = 0
    done = 0
    while monitors["slots"].transfers < 2 * total:
        await RisingEdge(dut.clk)
        done += int(dut.layer_done.value)
    assert done == 1
    assert monitors["layers"].transfers == 2
