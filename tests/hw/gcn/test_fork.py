"""RTL of pyralis.hw.gcn.fork against lists."""

import random

import pytest
from amaranth import Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from pysim import send, simulate, take

from pyralis.hw.gcn.fork import fork

PORTS = 3


class Forked(wiring.Component):
    """A stream of words and of who wants them."""

    def __init__(self):
        layout = data.StructLayout({"word": 8, "wanted": PORTS})
        super().__init__({
            "source": In(stream.Signature(layout)),
            "ports": Out(stream.Signature(8)).array(PORTS),
        })

    def elaborate(self, platform):
        m = Module()
        source = self.source
        m.d.comb += source.ready.eq(fork(m, "ports", source.valid, list(source.p.wanted), self.ports))
        m.d.comb += [port.payload.eq(source.p.word) for port in self.ports]
        return m


@pytest.mark.parametrize("stall", [0.0, 0.5])
def test_each_gets_its_own_once_and_in_order(stall):
    rng, forked = random.Random(7), Forked()
    pieces = [{"word": n, "wanted": rng.getrandbits(PORTS)} for n in range(200)]
    came = [[] for _ in range(PORTS)]
    expected = [[each["word"] for each in pieces if each["wanted"] >> n & 1] for n in range(PORTS)]
    simulate(
        forked,
        send(forked.source, pieces, rng, stall),
        *(
            take(port, got, rng, stall, count=len(words))
            for port, got, words in zip(forked.ports, came, expected, strict=True)
        ),
    )
    assert [[word for _, word in got] for got in came] == expected
    if not stall:  # a piece a cycle, to all that want it in the same cycle
        assert all(cycle == word for got in came for cycle, word in got)
