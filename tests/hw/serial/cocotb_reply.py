"""cocotb side of test_reply.py: frames are compared with struct and zlib."""

import struct
import zlib

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.sim.bench.stream import between_streams

END = 1 << 8


@cocotb.test(timeout_time=500, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def header_words_and_crc_between_two_ends(dut, stall):
    dut.word.value = 0
    source, sink, monitors, rng = await between_streams(dut, "replies", "items", stall)
    for count in (0, 1, 2, 128, 5, 127, 0):
        words = [rng.getrandbits(32) for _ in range(count)]
        for index, word in enumerate(words):
            dut.word.value = 1 | index << 1 | word << 8
            await RisingEdge(dut.clk)
        dut.word.value = rng.getrandbits(39) << 1  # not enabled
        status, sequence = rng.randrange(10), rng.randrange(256)
        await source.send_int(status | sequence << 4 | count << 12)
        items = await sink.recv_ints(count * 4 + 10)
        body = struct.pack(f"<BBH{count}I", status, sequence, count, *words)
        body += struct.pack("<I", zlib.crc32(body))
        assert [item & 0xFF if item < END else END for item in items] == [END, *body, END]
        await ClockCycles(dut.clk, 5)
        assert sink.empty() and source.empty()
    items = monitors["items"]
    if stall:
        assert items.waits > 100
    else:
        times = items.times[10 + 14 + 18 :][: 4 * 128 + 10]  # of the reply of 128 words
        assert times[-1] - times[0] == len(times) - 1 + 128 + 2
