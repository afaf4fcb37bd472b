"""The code on the unreduced product d = A B: syndromes predicted from the operands, and checked.

There are no check bits: d(alpha^i) must be A(alpha^i) B(alpha^i). So a channel i needs the values of both
operands at alpha^i and one product in the locator field, and nothing of the other channels.

A value at alpha^i is a map of m bits to r. It has the gates of the transposed map, of r bits to m, sums and
copies exchanged, and m - r more (J. L. Bordewijk, Appl. Sci. Res. 6, 1957). In that map a sum takes one gate
if it is the sum of two others, which among powers of alpha nearly always can be had.
"""

from collections.abc import Sequence

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import linear, smallfield
from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.evaluation import column_sum, sum_levels
from pyralis.hw.gf.field import Gf2m, reduction_matrix

__all__ = ["Channel", "ChannelCheck", "ResidueChecker", "ResiduePredictor"]


def _columns(code: BchCode, channel: int) -> tuple[int, ...]:
    """What each coefficient of an operand adds to its value at alpha^channel."""
    return tuple(code.column(channel, k) for k in range(code.m))


def _channel_levels(code: BchCode, channel: int) -> int:
    """Longest path of :class:`Channel`."""
    return sum_levels(_columns(code, channel), code.r) + 1 + smallfield.reduce_levels(code.locator_field)


def _check_code(code: BchCode) -> None:
    if code.kind != "residue":
        raise ValueError(f"The code must be a residue_code, not a {code.kind}_code; take residue_code.")


class ResiduePredictor(wiring.Component):
    """What the unreduced product's values at the channels must be, from the operands alone.

    Ports
    -----
    a, b : In(m)
    flip_p : In(r * channels)
        Added to *p*, with *inject* only.
    p : Out(r * channels)
        A(alpha^i) B(alpha^i), channel index n in bits n * r .. n * r + r - 1.

    Raises
    ------
    ValueError
        *code* is not a residue code.
    """

    def __init__(self, code: BchCode, inject: bool = False) -> None:
        _check_code(code)
        self.code = code
        self.inject = inject
        width = code.r * len(code.channels)
        flip = {"flip_p": In(width)} if inject else {}
        super().__init__({"a": In(code.m), "b": In(code.m), **flip, "p": Out(width)})

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return max(_channel_levels(self.code, channel) for channel in self.code.channels) + self.inject

    def elaborate(self, platform) -> Module:
        m = Module()
        values = []
        for channel in self.code.channels:
            m.submodules[f"channel_{channel}"] = block = Channel(self.code, channel)
            m.d.comb += [block.a.eq(self.a), block.b.eq(self.b)]
            values.append(block.p)
        value = Cat(values)
        m.d.comb += self.p.eq(value ^ self.flip_p if self.inject else value)
        return m


class Channel(wiring.Component):
    """One channel of the predictor, a module of its own: synthesis would share gates between channels.

    Ports
    -----
    a, b : In(m)
    p : Out(r)
        A(alpha^channel) B(alpha^channel).
    """

    def __init__(self, code: BchCode, channel: int) -> None:
        self.code = code
        self.channel = channel
        super().__init__({"a": In(code.m), "b": In(code.m), "p": Out(code.r)})

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return _channel_levels(self.code, self.channel)

    def elaborate(self, platform) -> Module:
        m = Module()
        product = Signal(2 * self.code.r - 1)
        columns = _columns(self.code, self.channel)
        x, y = (column_sum(m, columns, self.code.r, getattr(self, name), name) for name in "ab")
        m.d.comb += [
            product.eq(smallfield.product(x, y)),
            self.p.eq(smallfield.reduce(self.code.locator_field, product)),
        ]
        return m


class ResidueChecker(wiring.Component):
    """Syndrome of the unreduced product, from the reduced one and what was reduced away.

    With Q the reduction, the low half of the product is c + Q high. So a fault of the reduction shows like
    one of the product array, at the positions of the bits of c that it reaches.

    Parameters
    ----------
    field : Gf2m
    code : BchCode
        A residue code for the field's m.
    quotient : bool
        The port ``quotient`` in place of ``high``.
    apart : bool
        Each channel is a module of its own, so that a fault of the checker, too, disturbs one channel only.
        Without, channels share sums: a sixth fewer gates at m = 45, t = 5.

    Ports
    -----
    c : In(m)
        Reduced product.
    high : In(m - 1)
        Bits m .. 2 m - 2 of the unreduced product, or with *quotient* instead
    quotient : In(m - 1)
        What f was taken times: d = c + f quotient.
    p : In(r * channels)
        Of :class:`ResiduePredictor`.
    syndrome : Out(r * channels)
        S_i = d(alpha^i) + p_i, channel index n in bits n * r .. n * r + r - 1.

    Raises
    ------
    ValueError
        *code* is not a residue code, or one for another m than the field's.
    """

    def __init__(self, field: Gf2m, code: BchCode, quotient: bool = False, apart: bool = False) -> None:
        _check_code(code)
        if field.m != code.m:
            raise ValueError(f"The code is for m = {code.m}, but the field has m = {field.m}.")
        self.field = field
        self.code = code
        self.apart = apart
        self._upper_port = "quotient" if quotient else "high"
        width = code.r * len(code.channels)
        super().__init__({
            "c": In(code.m),
            self._upper_port: In(code.m - 1),
            "p": In(width),
            "syndrome": Out(width),
        })

    def columns(self, channel: int) -> tuple[int, ...]:
        """What each bit of c, then of high or quotient, adds to the syndrome of *channel*."""
        low = _columns(self.code, channel)
        return (*low, *self._upper(channel, low))

    @property
    def rows(self) -> tuple[int, ...]:
        """The syndrome as a map of c, then high or quotient, then p."""
        rows = []
        for index, channel in enumerate(self.code.channels):
            columns = self.columns(channel)
            width = len(columns) + index * self.code.r
            rows += [row | 1 << width + bit for bit, row in enumerate(linear.transpose(columns, self.code.r))]
        return tuple(rows)

    def _upper(self, channel: int, low: Sequence[int]) -> list[int]:
        """Columns of high or quotient, given the *low* columns, of c."""
        if self._upper_port == "high":
            matrix = linear.transpose(low, self.code.r)
            return [
                self.code.column(channel, self.code.m + k) ^ linear.sums(matrix, reduced)
                for k, reduced in enumerate(reduction_matrix(self.field))
            ]
        terms = [k for k in range(self.code.m + 1) if self.field.polynomial >> k & 1]
        columns = []
        for k in range(self.code.m - 1):
            value = 0
            for term in terms:
                value ^= self.code.column(channel, k + term)
            columns.append(value)
        return columns

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        if self.apart:
            r = self.code.r
            return max(sum_levels((*self.columns(c), *_units(r)), r) for c in self.code.channels)
        return linear.plan(self.rows, 2 * self.code.m - 1 + len(self.p)).levels

    def elaborate(self, platform) -> Module:
        m = Module()
        product = Cat(self.c, getattr(self, self._upper_port))
        if self.apart:
            for index, channel in enumerate(self.code.channels):
                block = ChannelCheck(self.columns(channel), self.code.r)
                m.submodules[f"channel_{channel}"] = block
                m.d.comb += [
                    block.product.eq(product),
                    block.p.eq(self.p.word_select(index, self.code.r)),
                    self.syndrome.word_select(index, self.code.r).eq(block.syndrome),
                ]
        else:
            inputs = Cat(product, self.p)
            m.d.comb += self.syndrome.eq(linear.apply(m, self.rows, inputs, name="sum"))
        return m


class ChannelCheck(wiring.Component):
    """Sum of the *columns* where the product's bits are 1, and of what was predicted, in a module of its own.

    Ports
    -----
    product : In(len(columns))
    p : In(r)
    syndrome : Out(r)
    """

    def __init__(self, columns: Sequence[int], r: int) -> None:
        self._columns = tuple(columns)
        self._r = r
        super().__init__({"product": In(len(self._columns)), "p": In(r), "syndrome": Out(r)})

    def elaborate(self, platform) -> Module:
        m = Module()
        columns, inputs = (*self._columns, *_units(self._r)), Cat(self.product, self.p)
        m.d.comb += self.syndrome.eq(column_sum(m, columns, self._r, inputs, "sum"))
        return m


def _units(r: int) -> list[int]:
    return [1 << k for k in range(r)]
