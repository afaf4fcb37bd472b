"""cocotb side of test_words.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.hw.common.words import slot_bits
from pyralis.sim.bench.stream import StreamSink, StreamSource, between_streams, monitor_streams, stalls, start

WORD, BUS = json.loads(os.environ["SIZES"])
SLOT = slot_bits(WORD)
LENGTHS = (40, 1, 2, 3, 5, 8, 13)


def image_of(words, filling):
    """Beats that hold *words*; *filling* gives the bytes behind the last one."""
    image = b"".join(word.to_bytes(SLOT // 8, "little") for word in words)
    image += filling(-len(image) % (BUS // 8))
    return [int.from_bytes(image[at : at + BUS // 8], "little") for at in range(0, len(image), BUS // 8)]


@cocotb.test(timeout_time=100, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def unpackwords(dut, stall):
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink = StreamSource(dut, "beats"), StreamSink(dut, "words")
    monitors = monitor_streams(dut, clear="clear")
    dut.clear.value = 0
    await start(dut)
    source.set_pause_generator(stalls(rng, stall))
    sink.set_pause_generator(stalls(rng, stall))
    for length in LENGTHS:
        before = monitors["words"].transfers
        words = [rng.getrandbits(WORD) for _ in range(length)]
        beats = image_of(words, rng.randbytes)  # rubbish, to be cleared away before the next words
        for beat in beats:
            source.send_nowait(beat)
        assert await sink.recv_ints(length) == words
        await source.wait()
        if not stall:
            times = monitors["words"].times[before:][:length]
            interval = max(1, SLOT // BUS)
            assert times == [times[0] + interval * n for n in range(length)], "not one word a cycle"
        dut.clear.value = 1
        await RisingEdge(dut.clk)
        dut.clear.value = 0
        await ClockCycles(dut.clk, 2)
        assert not int(dut.words__valid.value)
        sink.clear()
    assert not stall or (monitors["words"].waits and monitors["beats"].waits)


@cocotb.test(timeout_time=100, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def packwords(dut, stall):
    source, sink, monitors, rng = await between_streams(dut, "words", "beats", stall)
    expected = []
    for length in LENGTHS:
        words = [rng.getrandbits(WORD) for _ in range(length)]
        for n, word in enumerate(words):
            source.send_nowait(word | (n == length - 1) << WORD)
        expected += image_of(words, bytes)
    assert await sink.recv_ints(len(expected)) == expected
    assert source.empty() and sink.empty()
    times = monitors["words"].times
    if stall:
        assert monitors["words"].waits and monitors["beats"].waits
    else:
        interval = max(1, SLOT // BUS)
        assert times == [times[0] + interval * n for n in range(len(times))], "not one word a cycle"
