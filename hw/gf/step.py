"""What the parts of a key equation have in common: a record in, a record out, registers may stand between."""

from collections.abc import Iterable, Mapping

from amaranth import Module, Value
from amaranth.hdl import ShapeLike
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.linear import apply
from pyralis.hw.gf.smallfield import power_rows

__all__ = ["Part", "Step", "first_record", "last_record", "syndromes"]


class Part:
    """Combinational logic from one record to another; a subclass sets ``levels`` and fills in :meth:`build`.

    Attributes
    ----------
    before, after : StructLayout
        The records.
    levels : int
        Two-input gates on the longest path, as the structure has them.
    """

    levels: int

    def __init__(self, before: Mapping[str, ShapeLike], after: Mapping[str, ShapeLike]) -> None:
        self.before = data.StructLayout(before)
        self.after = data.StructLayout(after)

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        """Adds the logic from *i* to *o* to the module *m*."""
        raise NotImplementedError


class Step(wiring.Component):
    """One part as a block of its own; ``o`` has the layout of the next step's ``i``.

    Ports
    -----
    i, o : the records before and after the part.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        super().__init__({"i": In(part.before), "o": Out(part.after)})

    @property
    def levels(self) -> int:
        """Two-input gates on the longest path."""
        return self.part.levels

    def elaborate(self, platform) -> Module:
        m = Module()
        self.part.build(m, self.i, self.o)
        return m


def first_record(code: BchCode, t: int) -> dict[str, ShapeLike]:
    """What the first part takes: the syndrome of the channels that hold S_1 .. S_(2t - 1), r bits each."""
    channels = 1 + max(code.conjugate(odd)[0] for odd in range(1, 2 * t, 2))  # the code's first ones
    return {"syndrome": code.r * channels}


def last_record(code: BchCode, t: int) -> dict[str, ShapeLike]:
    """What the last part gives: coefficients of the locator, lowest first, its degree, and failure."""
    return {"locator": data.ArrayLayout(code.r, t + 1), "degree": 3, "fail": 1}


def syndromes(m: Module, code: BchCode, syndrome: Value, exponents: Iterable[int]) -> dict[int, Value]:
    """S_i for each of *exponents*, from the flat *syndrome*; conjugates of a channel are its squares."""
    found = {}
    for exponent in sorted(exponents):
        channel, squarings = code.conjugate(exponent)
        value = syndrome.word_select(channel, code.r)
        if squarings:
            value = apply(m, power_rows(code.locator_field, squarings), value, name=f"s{exponent}")
        found[exponent] = value
    return found
