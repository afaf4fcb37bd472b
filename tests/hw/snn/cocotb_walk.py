"""cocotb side of test_walk.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from amaranth.lib import data
from layers import groups, layer_word, random_plan

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.group import GroupLayout
from pyralis.hw.snn.walk import WindowLayout
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[False, True])
async def groups_in_order(dut, stall):
    config = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
    rng = random.Random(cocotb.RANDOM_SEED)
    await start(dut)
    source = StreamSource(dut, "layers")
    windows, sent = StreamSink(dut, "windows"), StreamSink(dut, "groups")
    monitor_streams(dut)
    if stall:
        source.set_pause_generator(stalls(rng, 0.5))
        windows.set_pause_generator(stalls(rng, 0.4))
        sent.set_pause_generator(stalls(rng, 0.4))
    plans = [random_plan(config, rng) for _ in range(25)]
    assert any(plan.fields["pool_size"] > 1 for plan in plans)
    assert any(len(groups(plan, config.pixel_lanes)[-1]) < config.pixel_lanes for plan in plans) or (
        config.pixel_lanes == 1
    )
    for plan in plans:
        await source.send_int(layer_word(plan.fields))
    for number, plan in enumerate(plans):
        expected = groups(plan, config.pixel_lanes)
        for tile in range(plan.fields["out_tiles"]):
            for index, lanes in enumerate(expected):
                where = f"layer {number}, tile {tile}, group {index}: {plan.fields}"
                window = data.Const(WindowLayout(config), await windows.recv_int())
                group = data.Const(GroupLayout(config), await sent.recv_int())
                tile_end = index == len(expected) - 1
                assert window.tile_end == group.tile_end == tile_end, where
                assert window.layer_end == (tile_end and tile == plan.fields["out_tiles"] - 1), where
                assert window.rows == max(pixel["rows"] for pixel in lanes), where
                for n in range(config.pixel_lanes):
                    used = n < len(lanes)
                    assert window.lanes[n].used == group.lanes[n].used == used, where
                    if used:
                        for name in ("y", "x", "address"):
                            assert window.lanes[n][name] == lanes[n][name], f"{where}: lane {n} {name}"
                        for name in ("first", "last", "row"):
                            assert group.lanes[n][name] == lanes[n][name], f"{where}: lane {n} {name}"
                        if lanes[n]["last"]:
                            assert group.lanes[n].address == lanes[n]["target"], f"{where}: lane {n}"
