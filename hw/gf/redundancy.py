"""Copies of a value compared, or outvoted: what protection costs without a code."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf.linear import combine

__all__ = ["Comparator", "Nonzero", "Parity", "Voter"]


class Comparator(wiring.Component):
    """Whether two values differ in any bit.

    Ports
    -----
    a, b : In(width)
    differ : Out(1)
    """

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({"a": In(width), "b": In(width), "differ": Out(1)})

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return 1 + (self.width - 1).bit_length()

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.differ.eq((self.a ^ self.b).any())
        return m


class Nonzero(wiring.Component):
    """Whether a value has any bit that is 1: the error flag of a syndrome.

    Ports
    -----
    value : In(width)
    any : Out(1)
    """

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({"value": In(width), "any": Out(1)})

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return (self.width - 1).bit_length()

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.any.eq(self.value.any())
        return m


class Parity(wiring.Component):
    """Whether a value has an odd number of bits that are 1.

    Ports
    -----
    value : In(width)
    odd : Out(1)
    """

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({"value": In(width), "odd": Out(1)})

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return (self.width - 1).bit_length()

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.odd.eq(combine(list(self.value)))
        return m


class Voter(wiring.Component):
    """What at least two of three values say, bit by bit (R. E. Lyons, W. Vanderkulk, IBM J. R&D 6(2), 1962).

    Ports
    -----
    a, b, c : In(width)
    y : Out(width)
    differ : Out(1)
        The three are not equal in every bit.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({
            **dict.fromkeys("abc", In(width)),
            "y": Out(width),
            "differ": Out(1),
        })

    @property
    def levels(self) -> int:
        """Longest path in two-input gates, to ``differ``."""
        return max(3, 2 + (self.width - 1).bit_length())

    def elaborate(self, platform) -> Module:
        m = Module()
        second, third = Signal(self.width), Signal(self.width)
        m.d.comb += [
            second.eq(self.a ^ self.b),
            third.eq(self.a ^ self.c),
            self.y.eq(self.a ^ second & third),  # a is wrong where both others contradict it
            self.differ.eq((second | third).any()),
        ]
        return m
