"""Where registers go, and that values stay in step."""

import pytest
from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from pyralis.hw.gf.flow import ENABLE, Flow, Timed


def module() -> Module:
    """A module that is looked at and not elaborated."""
    m = Module()
    m._MustUse__silence = True
    return m


class Block(wiring.Component):
    """y = a + b of so many levels."""

    _MustUse__silence = True  # where registers go is seen without elaborating anything

    def __init__(self, levels: int) -> None:
        self.levels = levels
        super().__init__({"a": In(8), "b": In(8), "y": Out(8)})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.y.eq(self.a + self.b)
        return m


class Slow(wiring.Component):
    """y = a, two registers later; the flips are added behind them."""

    _MustUse__silence = True

    levels, stages = 5, 2

    def __init__(self) -> None:
        super().__init__({"a": In(8), "flip_y": In(8), "enable": In(1), "y": Out(8)})

    def elaborate(self, platform) -> Module:
        m = Module()
        first, second = Signal(8), Signal(8)
        with m.If(self.enable):
            m.d.sync += [first.eq(self.a), second.eq(first)]
        m.d.comb += self.y.eq(second ^ self.flip_y)
        return m


def test_without_a_limit_everything_is_combinational():
    flow = Flow(module())
    a = Timed(Signal(8))
    first = flow.place("first", Block(40), a=a, b=a)["y"]
    second = flow.place("second", Block(60), a=first, b=a)["y"]
    assert (second.stage, second.depth) == (0, 100)


def test_a_register_stands_where_the_path_would_grow_too_long():
    flow = Flow(module(), levels=10 + ENABLE)
    a = Timed(Signal(8))
    first = flow.place("first", Block(6), a=a, b=a)["y"]
    second = flow.place("second", Block(4), a=first, b=a)["y"]
    third = flow.place("third", Block(1), a=second, b=a)["y"]
    assert [(block.stage, block.depth) for block in (first, second, third)] == [(0, 6), (0, 10), (1, 1)]
    joined = flow.join(lambda x, y: x & y, third, a, levels=9)
    assert (joined.stage, joined.depth) == (1, 10)


def test_a_block_that_is_too_deep_is_told_with_the_nearest_choice():
    flow = Flow(module(), levels=10)
    a = Timed(Signal(8))
    message = (
        "^levels = 10 is too few: the block 'adder' has 9 and the enable of a register 2; "
        "the nearest choice is levels = 11.$"
    )
    with pytest.raises(ValueError, match=message):
        flow.place("adder", Block(9), a=a, b=a)


def test_values_stay_in_step():
    m = Module()
    source, enable, y, late = Signal(8), Signal(), Signal(8), Signal(8)
    flow = Flow(m, levels=10 + ENABLE, enable=enable)
    a = Timed(source)
    shifted = flow.place("slow", Slow(), a=a, flip_y=a)["y"]
    assert (shifted.stage, shifted.depth) == (2, 5)
    total = flow.place("sum", Block(8), a=shifted, b=a)["y"]  # 0 + a, three registers later
    assert total.stage == 3
    m.d.comb += [y.eq(total.value), late.eq(flow.at(a, 3))]
    seen = []

    async def bench(ctx):
        for cycle in range(60):
            ctx.set(source, cycle + 1)
            ctx.set(enable, cycle % 3 != 1)
            await ctx.tick()
            seen.append((ctx.get(y), ctx.get(late)))

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert all(total == late for total, late in seen[8:]), "the flips meet the value they belong to"
    assert len({late for _, late in seen}) > 30
