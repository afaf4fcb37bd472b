"""cocotb side of test_slip.py: RFC 1055 in Python."""

import cocotb
from cocotb.triggers import ClockCycles
from serialhost import decode

from pyralis.sim.bench.stream import between_streams

END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD  # of the RFC, not of the hardware's constants
SPECIAL = (END, ESC, ESC_END, ESC_ESC)
END_ITEM, DAMAGED_BYTE = 1 << 8, 1 << 8


def encode(items):
    coded = []
    for item in items:
        if item & END_ITEM:
            coded.append(END)
        else:
            coded += {END: [ESC, ESC_END], ESC: [ESC, ESC_ESC]}.get(item, [item])
    return coded


def some_bytes(rng, count):
    return [rng.choice(SPECIAL) if rng.random() < 0.4 else rng.randrange(256) for _ in range(count)]


@cocotb.test(timeout_time=500, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def frames_are_encoded(dut, stall):
    source, sink, monitors, rng = await between_streams(dut, "plain", "encoded", stall)
    items = [*range(256), *(END_ITEM | END, END_ITEM | ESC)]  # the data beside an end means nothing
    items += [END_ITEM | 7 if rng.random() < 0.1 else byte for byte in some_bytes(rng, 1500)]
    for item in items:
        source.send_nowait(item)
    coded = encode(items)
    assert await sink.recv_ints(len(coded)) == coded
    await ClockCycles(dut.clk, 5)
    assert sink.empty()
    times = monitors["encoded"].times
    if stall:
        assert min(monitors["plain"].waits, monitors["encoded"].waits) > 100
    else:
        assert times[-1] - times[0] == len(coded) - 1, "not one byte a cycle"
        assert times[0] - monitors["plain"].times[0] == 1


@cocotb.test(timeout_time=500, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def whatever_comes_is_decoded(dut, stall):
    source, sink, monitors, rng = await between_streams(dut, "coded", "decoded", stall)
    good = encode([END_ITEM, *range(256), END_ITEM])
    coded = good + [byte | (rng.random() < 0.1) * DAMAGED_BYTE for byte in some_bytes(rng, 2500)]
    for byte in coded:
        source.send_nowait(byte)
    expected = decode((byte & 0xFF, byte > 0xFF) for byte in coded)
    assert expected[:258] == [(None, False), *((n, False) for n in range(256)), (None, False)]
    seen = set()
    for value, damaged in expected:
        item = await sink.recv_int()
        assert item >> 8 == (value is None) | damaged << 1
        assert value is None or item & 0xFF == value
        seen.add((value is None, damaged))
    await ClockCycles(dut.clk, 5)
    assert sink.empty() and len(seen) == 4
    if stall:
        assert min(monitors["coded"].waits, monitors["decoded"].waits) > 100
    else:
        times = monitors["coded"].times
        assert times[-1] - times[0] == len(coded) - 1, "not one byte a cycle"
        assert monitors["decoded"].times[0] - times[0] == 1
