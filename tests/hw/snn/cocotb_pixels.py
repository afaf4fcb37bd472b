"""cocotb side of test_pixels.py: runs inside the simulator. Rates are in cocotb_load.py."""

import json
import os
import random

import cocotb
import torch
from cocotb.triggers import RisingEdge

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.pixels import SETTINGS
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start
from pyralis.sim.golden.snn.load import load, word_ints

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
BEAT = CONFIG.bus_bits // 8


async def set_up(dut, rng: random.Random, source, sink, settings: dict[str, int], image: bytes) -> None:
    """Shows the settings, starts a cycle later, forgets older words, queues beats."""
    dut.settings.value = SETTINGS.const(settings).as_bits()
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
    dut.start.value = 1
    await RisingEdge(dut.clk)
    dut.start.value = 0
    await RisingEdge(dut.clk)  # the first new word comes after this edge
    sink.clear()
    image += rng.randbytes(-len(image) % BEAT)
    for n in range(0, len(image), BEAT):
        await source.send_int(int.from_bytes(image[n : n + BEAT], "little"))


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(source_stalls=[0, 0.6], sink_stalls=[0, 0.5])
async def random_shapes_match_golden(dut, source_stalls, sink_stalls):
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink = StreamSource(dut, "beats"), StreamSink(dut, "words")
    dut.start.value = 0
    await start(dut)
    monitors = monitor_streams(dut, clear="start")
    source.set_pause_generator(stalls(rng, source_stalls))
    sink.set_pause_generator(stalls(rng, sink_stalls))
    pairs = [(c, f) for c in range(1, CONFIG.in_lanes + 1) for f in range(1, CONFIG.in_lanes // c + 1)]
    ones = 0
    for channels, fold in pairs:
        rows, width = rng.randrange(1, 4), rng.randrange(1, max(8, 64 // CONFIG.in_lanes))
        pad_left, pad_right = rng.randrange(3), rng.randrange(3)
        pad_right = max(pad_right, fold - width - pad_left)
        values = [rng.randrange(-128, 128) for _ in range(rows * width * channels)]
        pixels = torch.tensor(values, dtype=torch.int8).reshape(rows, width, channels)
        words = word_ints(load(CONFIG, pixels, fold=fold, pad_left=pad_left, pad_right=pad_right))
        settings = {"height": rows, "width": width, "channels": channels, "fold": fold}
        settings |= {"pad_left": pad_left, "pad_right": pad_right}
        await set_up(dut, rng, source, sink, settings, pixels.numpy().tobytes())
        if rng.random() < 0.3:  # cut it off and start again
            await sink.recv_ints(rng.randrange(len(words)))
            source.clear()
            await source.wait()
            await set_up(dut, rng, source, sink, settings, pixels.numpy().tobytes())
        received = await sink.recv_ints(len(words))
        last = 1 << CONFIG.map_word_bits
        assert received == [*words[:-1], words[-1] | last], (channels, fold, settings)
        await source.wait()
        assert sink.empty()
        ones += sum(word.bit_count() for word in words)
    assert ones, "only zeros"
    if sink_stalls:
        assert monitors["words"].waits and monitors["beats"].waits
