"""RTL of pyralis.hw.gcn.storeread with a memory that answers later, cycle by cycle."""

import random
from collections import deque

import pytest

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.storeread import StoreReads
from tests.support.pysim import rubbish, send, simulate

CONFIG = GcnConfig()


def content(address: int) -> int:
    return (address + 1) * 0x9E37_79B9_7F4A_7C15 % (1 << CONFIG.row_bits)


@pytest.mark.parametrize("latency", [1, 5, 8])
@pytest.mark.parametrize("stalls", [(0.5,), (0.5, 0.5), (0.8, 0.0), (0.7, 0.7, 0.3), (0.0, 0.0)])
def test_each_reader_gets_its_words(stalls, latency):
    """One read a cycle, of the first who asks; the word `latency` cycles later, and to nobody else."""
    readers, rng = len(stalls), random.Random(latency)
    dut = StoreReads(CONFIG, readers, latency)
    queues = [[rng.randrange(CONFIG.rows) for _ in range(60)] for _ in stalls]
    asked, got = [[] for _ in stalls], [[] for _ in stalls]  # (cycle, address), (cycle, data)
    ends = 400 + latency + 1

    async def memory(ctx):
        late = deque([None] * (latency - 1))
        for cycle in range(ends):
            samples = [port for r in dut.requests for port in (r.valid, r.ready, r.payload)]
            samples += [port for w in dut.words for port in (w.valid, w.data)]
            _, _, read, *values = await ctx.tick().sample(dut.read, *samples)
            requests = [values[3 * n : 3 * n + 3] for n in range(readers)]
            words = [values[3 * readers + 2 * n :][:2] for n in range(readers)]
            first = next((n for n in range(readers) if requests[n][0]), None)
            assert read.valid == (first is not None)
            for n, (valid, ready, address) in enumerate(requests):
                assert (valid and ready) == (n == first)
                if n == first:
                    assert read.address == address
                    asked[n].append((cycle, address))
            for n, (valid, word) in enumerate(words):
                if valid:
                    got[n].append((cycle, word))
            late.append(read.address if read.valid else None)
            address = late.popleft()
            ctx.set(dut.word.valid, address is not None)
            ctx.set(dut.word.data, rubbish(rng, dut.word.data) if address is None else content(address))

    sources = [
        send(port, queue, random.Random(n), stall)
        for n, (port, queue, stall) in enumerate(zip(dut.requests, queues, stalls, strict=True))
    ]
    simulate(dut, memory, *sources)
    assert [[address for _, address in pairs] for pairs in asked] == queues
    assert got == [[(cycle + latency, content(address)) for cycle, address in pairs] for pairs in asked]
    if stalls == (0.0, 0.0):
        assert [cycle for pairs in asked for cycle, _ in pairs] == list(
            range(asked[0][0][0], 120 + asked[0][0][0])
        )
