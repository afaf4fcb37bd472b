"""cocotb side of test_maps.py: runs inside the simulator."""

import json
import os
import random
from collections import deque

import cocotb
from cocotb.triggers import RisingEdge

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.maps import MAP_LATENCY
from pyralis.sim.bench.stream import pack, start, unpack

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
LANES, WORDS, BITS = CONFIG.pixel_lanes, CONFIG.map_words, CONFIG.map_word_bits
LANE_BITS = 17  # enable, address


@cocotb.test(timeout_time=200, timeout_unit="us")
async def random_reads_beside_writes(dut):
    """Every lane reads any word of any buffer in any cycle, whatever is being written."""
    rng = random.Random(cocotb.RANDOM_SEED)
    dut.reads.value = dut.write__enable.value = dut.read_buffer.value = 0
    await start(dut)
    maps = [[0] * WORDS, [0] * WORDS]
    due = deque([None] * (MAP_LATENCY + 1))  # of each cycle: lane -> word, None where it does not matter
    errors = deque([False, False])
    seen = {"same word": 0, "zero": 0, "error": 0, "word": 0}
    for _ in range(6000):
        await RisingEdge(dut.clk)
        expected = due.popleft()
        if expected is not None:
            got = unpack(int(dut.data.value), BITS, LANES)
            assert all(word in (None, got[n]) for n, word in enumerate(expected)), (got, expected)
        assert int(dut.address_error.value) == errors.popleft()

        buffer = rng.randrange(2)
        enables = [rng.random() < 0.8 for _ in range(LANES)]
        addresses = [rng.randrange(WORDS) for _ in range(LANES)]
        if rng.random() < 0.05:
            addresses[rng.randrange(LANES)] = rng.randrange(WORDS, 1 << 16)
        outside = [address >= WORDS for address in addresses]
        expected = [
            (None if beyond else maps[buffer][address]) if enabled else 0
            for enabled, address, beyond in zip(enables, addresses, outside, strict=True)
        ]
        due.append(expected)
        errors.append(any(e and o for e, o in zip(enables, outside, strict=True)))
        lanes = [address << 1 | enabled for enabled, address in zip(enables, addresses, strict=True)]
        dut.reads.value, dut.read_buffer.value = pack(lanes, LANE_BITS), buffer

        writes, target, word = rng.random() < 0.6, rng.randrange(2), rng.getrandbits(BITS)
        # Often a word that is being read: the read must still see the old one, the next cycle the new one.
        address = rng.choice([a for a, o in zip(addresses, outside, strict=True) if not o] or [0])
        dut.write__enable.value, dut.write__buffer.value = writes, target
        dut.write__address.value, dut.write__data.value = address, word
        if writes:
            maps[target][address] = word
        seen["same word"] += writes and target == buffer and any(enables)
        seen["zero"] += not all(enables)
        seen["error"] += errors[-1]
        seen["word"] += any(expected)
    assert all(count > 50 for count in seen.values()), seen
