"""pyralis.hw.gcn.pairs against pyralis.sim.golden.gcn.pairs, and that against all products there are."""

import numpy as np
import pytest
from amaranth import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.sim import Simulator

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.pairs import ELEMENT_BITS, WordLayout, multiply, pack_word, split
from pyralis.sim.golden.gcn.pairs import operand, products, word


@pytest.mark.parametrize("kind", [np.int8, np.uint8])
def test_both_products_are_exact_for_all_operands(kind):
    """All 2**24 triples of two weights and an element."""
    weights = np.arange(-128, 128, dtype=np.int8)
    low, high = weights[:, None], weights[None, :]
    packed = operand(low, high).astype(np.int64)
    assert packed.min() >= -(1 << 24) and packed.max() < 1 << 24  # 25 bits, of the multiplier's 27
    info = np.iinfo(kind)
    for element in range(info.min, info.max + 1):
        lower, upper = products(packed * element)
        assert (lower == low.astype(np.int64) * element).all()
        assert (upper == high.astype(np.int64) * element).all()


class Multiplier(wiring.Component):
    """One pair and one element, both products of them as numbers."""

    weights: wiring.In(16)
    element: wiring.In(signed(ELEMENT_BITS))
    low: wiring.Out(signed(16))
    high: wiring.Out(signed(18))

    def elaborate(self, platform):
        m = Module()
        pair = Signal(WordLayout(GcnConfig()))
        m.d.comb += pair.as_value()[:17].eq(pack_word(self.weights))
        low, high, carry = split(multiply(m, "it", pair[0], self.element))
        m.d.comb += [self.low.eq(low), self.high.eq(high + carry)]
        return m


def test_the_hardware_takes_the_products_apart_alike():
    edges = [-128, -127, -2, -1, 0, 1, 2, 126, 127]
    rng = np.random.default_rng(5)
    triples = [(a, b, x) for a in edges for b in edges for x in [*edges, 128, 254, 255]]
    triples += [tuple(row) for row in rng.integers((-128, -128, -128), (128, 128, 256), (500, 3)).tolist()]
    top, seen = Multiplier(), []

    async def bench(ctx):
        for low, high, element in [*triples, *triples[:3]]:
            ctx.set(top.weights, low & 255 | (high & 255) << 8)
            ctx.set(top.element, element)
            await ctx.tick()
            seen.append((ctx.get(top.low), ctx.get(top.high)))

    simulator = Simulator(top)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    for (low, high, element), got in zip(triples, seen[2:], strict=False):
        expected = products(np.array(int(operand(np.int8(low), np.int8(high))) * element))
        assert got == tuple(int(value) for value in expected) == (low * element, high * element)


def test_a_word_holds_pairs_with_the_borrow_taken():
    weights = np.array([-1, 5, 3, -128, -128, -128, 127, 127], dtype=np.int8)
    bits = word(weights)
    fields = [(bits >> 17 * k & 0xFF, bits >> 17 * k + 8 & 0x1FF) for k in range(4)]
    assert fields == [(0xFF, 4), (3, 0x180), (0x80, 0x17F), (0x7F, 127)]
    assert bits < 1 << WordLayout(GcnConfig()).size

    packed = Signal(WordLayout(GcnConfig()).size)
    source = Signal(64)
    m = Module()
    m.d.comb += packed.eq(pack_word(source))
    shown = []

    async def bench(ctx):
        ctx.set(source, int.from_bytes(weights.tobytes(), "little"))
        shown.append(ctx.get(packed))

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    assert shown == [bits]
