"""Two int8 weights as one operand: a multiplier of 27 x 18 bits makes both products with a shared element."""

from amaranth import Cat, Module, Signal, Value, signed
from amaranth.lib import data

from pyralis.hw.gcn.config import GcnConfig

__all__ = ["ELEMENT_BITS", "PairLayout", "WordLayout", "multiply", "pack_word", "split"]

ELEMENT_BITS = 9
"""An int8 or uint8 element, signed."""

LOW_BITS = 16
"""Bits of the lower product: int8 times int8 or uint8 is within -32,640..32,385."""


class PairLayout(data.StructLayout):
    """``low + high * 2**16`` with the borrow of the lower weight already taken from the upper one.

    ``high`` is w1 if w0 is not negative, else w1 - 1; so the operand is the two fields side by side, sign
    bits between them.
    """

    def __init__(self) -> None:
        super().__init__({"low": signed(8), "high": signed(9)})


class WordLayout(data.ArrayLayout):
    """A word of the Weight Buffer: ``lanes`` weights, as the multipliers take them."""

    def __init__(self, config: GcnConfig) -> None:
        super().__init__(PairLayout(), config.lanes // 2)


def pack_word(weights: Value) -> Value:
    """*weights*, bytes with lane 0 lowest, as the bits of a :class:`WordLayout`."""
    pairs = []
    for at in range(0, len(weights), 16):
        low, high = weights[at : at + 8], weights[at + 8 : at + 16].as_signed()
        pairs += [low, (high - low[-1])[:9]]
    return Cat(*pairs)


def multiply(m: Module, name: str, pair: data.View, element: Signal) -> Signal:
    """Both products of *pair* and *element* (signed), as one number, three cycles later.

    Operands, product, product again: the registers A, B, M and P of a DSP48E2.
    """
    a = Signal(signed(25), name=f"a_{name}", reset_less=True)
    b = Signal(signed(ELEMENT_BITS), name=f"b_{name}", reset_less=True)
    product = Signal(signed(25 + ELEMENT_BITS), name=f"m_{name}", reset_less=True)
    out = Signal(signed(25 + ELEMENT_BITS), name=f"p_{name}", reset_less=True)
    low = Signal(8, name=f"low_{name}")
    m.d.comb += low.eq(pair.low)
    m.d.sync += [
        a.eq(Cat(low, low[-1].replicate(LOW_BITS - 8), pair.high).as_signed()),
        b.eq(element),
        product.eq(a * b),
        out.eq(product),
    ]
    return out


def split(product: Signal) -> tuple[Value, Value, Value]:
    """What to add for a product of :func:`multiply`: lower lane; upper lane, and its carry of one bit.

    The lower product, if it is negative, has borrowed one from the upper one.
    """
    return (
        product[:LOW_BITS].as_signed(),
        product[LOW_BITS:].as_signed(),
        product[LOW_BITS - 1],
    )
