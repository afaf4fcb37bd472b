"""cocotb side of test_words.py for UnpackWords: runs inside the simulator."""

import json
import os
import random

import cocotb
import torch
from cocotb.triggers import RisingEdge

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.words import slot_bits, word_beats
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start
from pyralis.sim.golden.snn.load import pack_words, word_ints

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))


@cocotb.test(timeout_time=100, timeout_unit="us")
@cocotb.parametrize(source_stalls=[0, 0.6], sink_stalls=[0, 0.5])
async def beats_give_back_the_words(dut, source_stalls, sink_stalls):
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink = StreamSource(dut, "beats"), StreamSink(dut, "words")
    dut.clear.value = 0
    await start(dut)
    monitors = monitor_streams(dut, clear="clear")
    source.set_pause_generator(stalls(rng, source_stalls))
    sink.set_pause_generator(stalls(rng, sink_stalls))
    generator = torch.Generator().manual_seed(rng.randrange(1 << 31))
    size = CONFIG.bus_bits // 8
    for words in (40, 1, 2, 3, 4, 5, *(rng.randrange(1, 12) for _ in range(10))):
        bits = torch.randint(0, 2, (words, CONFIG.step_lanes, CONFIG.in_lanes), generator=generator)
        # The padding of the last beat is rubbish, to be cleared away before the next run.
        image = bytearray(rng.randbytes(word_beats(CONFIG, words) * size))
        packed = pack_words(CONFIG, bits.to(torch.uint8))
        image[: len(packed)] = packed
        for n in range(0, len(image), size):
            await source.send_int(int.from_bytes(image[n : n + size], "little"))
        assert await sink.recv_ints(words) == word_ints(bits.to(torch.uint8))
        await source.wait()
        if words == 40 and not source_stalls and not sink_stalls:
            interval = max(1, slot_bits(CONFIG) // CONFIG.bus_bits)
            times = monitors["words"].times[:words]
            assert times == [times[0] + interval * n for n in range(words)], "not one word a cycle"
            beats = max(1, slot_bits(CONFIG) // CONFIG.bus_bits)
            assert times[0] == monitors["beats"].times[beats - 1] + 1, "latency"
        dut.clear.value = 1
        await RisingEdge(dut.clk)
        dut.clear.value = 0
        await RisingEdge(dut.clk)
        await RisingEdge(dut.clk)
        assert not int(dut.words__valid.value)
        sink.clear()
    if sink_stalls:
        assert monitors["words"].waits and monitors["beats"].waits
