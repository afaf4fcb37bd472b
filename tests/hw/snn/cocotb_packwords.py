"""cocotb side of test_words.py for PackWords: runs inside the simulator."""

import json
import os
import random

import cocotb
import torch

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.words import slot_bits, word_beats
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start
from pyralis.sim.golden.snn.load import pack_words, word_ints

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))


@cocotb.test(timeout_time=100, timeout_unit="us")
@cocotb.parametrize(source_stalls=[0, 0.6], sink_stalls=[0, 0.5])
async def runs_of_words_fill_beats(dut, source_stalls, sink_stalls):
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink = StreamSource(dut, "words"), StreamSink(dut, "beats")
    await start(dut)
    monitors = monitor_streams(dut)
    source.set_pause_generator(stalls(rng, source_stalls))
    sink.set_pause_generator(stalls(rng, sink_stalls))
    generator = torch.Generator().manual_seed(rng.randrange(1 << 31))
    expected = []
    for words in (1, 2, 3, 4, 5, 40, *(rng.randrange(1, 12) for _ in range(10))):
        bits = torch.randint(0, 2, (words, CONFIG.step_lanes, CONFIG.in_lanes), generator=generator)
        for n, word in enumerate(word_ints(bits.to(torch.uint8))):
            await source.send_int(word | (n == words - 1) << CONFIG.map_word_bits)
        beats = word_beats(CONFIG, words)
        image = pack_words(CONFIG, bits.to(torch.uint8)).ljust(beats * CONFIG.bus_bits // 8, b"\0")
        size = CONFIG.bus_bits // 8
        expected += [int.from_bytes(image[n : n + size], "little") for n in range(0, len(image), size)]
    assert await sink.recv_ints(len(expected)) == expected
    assert source.empty() and sink.empty()
    if not source_stalls and not sink_stalls:
        interval = max(1, slot_bits(CONFIG) // CONFIG.bus_bits)
        times = monitors["words"].times
        assert times == [times[0] + interval * n for n in range(len(times))], "not one word a cycle"
    if sink_stalls:
        assert monitors["beats"].waits and monitors["words"].waits
