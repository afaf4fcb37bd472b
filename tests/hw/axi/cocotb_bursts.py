"""cocotb side of test_bursts.py: random bursts at every port against a model of the checks."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles

from pyralis.hw.axi.dma import DmaConfig
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start

CONFIG = DmaConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
PORTS, SIZE = json.loads(os.environ["SIZES"])
UNIT = CONFIG.beat_bytes
LINE_BITS, OWNER_BITS = (SIZE // UNIT - 1).bit_length(), max((PORTS - 1).bit_length(), 1)
OKAY, SLVERR, DECERR = 0, 2, 3


class Bench:
    async def start(self, dut, stall=0.0):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.asked = [StreamSource(dut, f"asked_{n}") for n in range(PORTS)]
        self.chosen, self.streams = StreamSink(dut, "chosen"), monitor_streams(dut)
        self.expected = [[] for _ in range(PORTS)]
        await start(dut)
        if stall:
            for port in (*self.asked, self.chosen):
                port.set_pause_generator(stalls(self.rng, stall))
        return self

    def ask(self, port, address, length=0, size=None, burst=1, identity=0):
        size = UNIT.bit_length() - 1 if size is None else size
        payload = shift = 0
        for value, width in ((address, 32), (length, 8), (size, 3), (burst, 2), (identity, 1)):
            payload, shift = payload | value << shift, shift + width
        self.asked[port].send_nowait(payload)
        whole = burst == 1 and size == UNIT.bit_length() - 1
        response = DECERR if address >= SIZE else OKAY if whole else SLVERR
        line = address // UNIT & (1 << LINE_BITS) - 1
        self.expected[port].append((line, length, identity, response))

    async def check(self):
        """Every burst comes once, those of a port in order; returns the order of owners."""
        owners = []
        for _ in range(sum(map(len, self.expected))):
            payload, found = await self.chosen.recv_int(), []
            for width in (LINE_BITS, 8, OWNER_BITS, 1, 2):
                found.append(payload & (1 << width) - 1)
                payload >>= width
            line, length, owner, identity, response = found
            assert (line, length, identity, response) == self.expected[owner].pop(0)
            owners.append(owner)
        await ClockCycles(self.dut.clk, 8)
        assert self.chosen.empty()
        return owners


@cocotb.test(timeout_time=500, timeout_unit="us")
@cocotb.parametrize(stall=[0.0, 0.4])
async def every_burst_comes_with_its_verdict(dut, stall):
    bench = await Bench().start(dut, stall)
    rng = bench.rng
    for _ in range(200):
        address = rng.choice([
            rng.randrange(SIZE),
            SIZE - 1,
            SIZE,
            SIZE | rng.randrange(4096),
            rng.getrandbits(32),
            rng.randrange(SIZE) | 1 << 31,
        ])
        size = None if rng.random() < 0.7 else rng.randrange(8)
        burst = 1 if rng.random() < 0.7 else rng.randrange(4) % 3
        bench.ask(rng.randrange(PORTS), address, rng.randrange(256), size, burst, rng.randrange(2))
    verdicts = {response for port in bench.expected for *_, response in port}
    assert verdicts == {OKAY, SLVERR, DECERR}
    await bench.check()
    if stall:
        assert bench.streams["chosen"].waits > 20


@cocotb.test(timeout_time=500, timeout_unit="us")
async def ports_that_wait_take_turns(dut):
    bench = await Bench().start(dut)
    for n in range(20 * PORTS):
        bench.ask(n % PORTS, UNIT * n)
    owners = await bench.check()
    if PORTS > 2:
        # All wait all the time: each comes once in every round.
        rounds = [owners[n : n + PORTS] for n in range(0, len(owners), PORTS)]
        assert all(sorted(turn) == list(range(PORTS)) for turn in rounds), owners
        times = bench.streams["chosen"].times
        assert times[-1] - times[0] == len(times) - 1, "not one burst a cycle"


@cocotb.test(timeout_time=500, timeout_unit="us")
async def a_lone_port_waits_for_nobody(dut):
    bench = await Bench().start(dut)
    for n in range(10):
        bench.ask(PORTS - 1, UNIT * n)
    await bench.check()
    asked, chosen = bench.streams[f"asked_{PORTS - 1}"].times, bench.streams["chosen"].times
    assert chosen[0] - asked[0] == 3
    assert chosen[-1] - chosen[0] == 3 * 9
