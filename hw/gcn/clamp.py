"""From a sum of 48 bits to an element: shift, activation and clamp, in stages of one look-up table a bit."""

from amaranth import Cat, Const, Module, Signal, signed
from amaranth.lib import data, enum

__all__ = ["CLAMP_LATENCY", "TOTAL_BITS", "OutputType", "clamped"]

TOTAL_BITS = 48
"""Width of a sum before the shift: that of the adder of a DSP48E2."""

CLAMP_LATENCY = 6
"""Cycles from a sum to its element."""

_WIDTH = 32  # of an element
_REACH = _WIDTH + 3  # what the last stage of the shift chooses from


class OutputType(enum.Enum, shape=2):
    """Type of the elements that leave."""

    INT8 = 0
    UINT8 = 1
    INT16 = 2
    INT32 = 3


def clamped(m: Module, j: int, total: Signal, settings: data.View) -> tuple[Signal, Signal]:
    """Adds to *m* what makes element *j*, ``clamp(relu?(total) >> shift)``.

    Parameters
    ----------
    total : signed(TOTAL_BITS)
    settings : view with ``relu``, ``output`` and ``shift`` (0..47)
        Constant while sums that matter are inside.

    Returns
    -------
    value : Signal, signed(32), ``CLAMP_LATENCY`` cycles later
    changed : Signal, 1 bit, at the same time
        The clamp has changed the value. A negative sum that relu sets to 0 does not count.

    Notes
    -----
    What a shift takes beyond 32 bits matters only if it is not all equal to the sign, so each stage hands on
    as many bits as the stages behind it can reach, and one bit for the rest. The stages shift by 0 to 2
    times 16, by 0 to 3 times 4 and by 0 to 3: one look-up table of six inputs a bit each.
    """
    low, sign, lost = _shifted(m, j, total, settings.shift)
    later = Signal(_WIDTH, name=f"low_later_{j}", reset_less=True)
    beyond = Signal(4, name=f"beyond_{j}", reset_less=True)
    negative = Signal(name=f"negative_{j}", reset_less=True)
    rectified = Signal(name=f"rectified_{j}", reset_less=True)
    kind = settings.output
    m.d.sync += [
        later.eq(low),
        beyond.eq(
            Cat(
                # Beyond 32 bits, 16 bits and, in two parts, 8 bits.
                lost | (low[31] ^ sign),
                (low[15:31] ^ sign.replicate(16)).any(),
                (low[8:15] ^ sign.replicate(7)).any(),
                (kind == OutputType.UINT8) & sign | (kind == OutputType.INT8) & (low[7] ^ sign),
            )
        ),
        negative.eq(sign),
        rectified.eq(sign & settings.relu),
    ]
    return _limited(m, j, later, beyond, negative, rectified, kind)


def _shifted(m: Module, j: int, total: Signal, shift) -> tuple[Signal, Signal, Signal]:
    """Stages 1 to 3: 32 bits of the shifted sum, its sign, and whether a bit above differs from the sign."""
    coarse = Signal(signed(TOTAL_BITS), name=f"coarse_{j}", reset_less=True)
    middle = Signal(_REACH, name=f"middle_{j}", reset_less=True)
    low = Signal(_WIDTH, name=f"low_{j}", reset_less=True)
    signs = [Signal(name=f"sign_{j}_{n}", reset_less=True) for n in range(2)]
    lost = [Signal(name=f"lost_{j}_{n}", reset_less=True) for n in range(2)]
    by_four, by_one = Signal(2, name=f"by_four_{j}"), Signal(2, name=f"by_one_{j}")
    m.d.comb += [by_four.eq(shift[2:4]), by_one.eq(shift[:2])]
    top = coarse[-1]
    m.d.sync += [
        coarse.eq(total >> Cat(Const(0, 4), shift[4:])),
        middle.eq(coarse >> Cat(Const(0, 2), by_four)),
        signs[0].eq(top),
        lost[0].eq(
            Cat((coarse[k] ^ top) & (by_four <= (k - _REACH) // 4) for k in range(_REACH, TOTAL_BITS)).any()
        ),
        low.eq(middle >> by_one),
        signs[1].eq(signs[0]),
        lost[1].eq(
            Cat(
                lost[0], *((middle[k] ^ signs[0]) & (by_one <= k - _WIDTH) for k in range(_WIDTH, _REACH))
            ).any()
        ),
    ]
    return low, signs[1], lost[1]


def _limited(m: Module, j: int, low, beyond, negative, rectified, kind) -> tuple[Signal, Signal]:
    """Stages 5 and 6: the value or 0; then 0 or the limit in its place.

    Both are written as resets and sets of registers, which need no look-up tables.
    """
    over, byte = Signal(name=f"over_{j}"), Signal(name=f"byte_{j}")
    above, below = Signal(name=f"above_{j}"), Signal(name=f"below_{j}")
    kept = Signal(_WIDTH, name=f"kept_{j}", reset_less=True)
    # Registers with a set start with ones: those of ECP5 can do nothing else.
    result = Signal(signed(_WIDTH), name=f"value_{j}", init=-1, reset_less=True)
    changed = [Signal(name=f"changed_{j}_{n}", reset_less=True) for n in range(2)]
    m.d.comb += [
        byte.eq((kind == OutputType.INT8) | (kind == OutputType.UINT8)),
        over.eq(
            beyond[0] | (beyond[1] & (kind != OutputType.INT32)) | (beyond[2:].any() & byte),
        ),
        above.eq(over & ~negative),
        # The least value of uint8 is 0.
        below.eq(over & negative & ~rectified & (kind != OutputType.UINT8)),
    ]
    m.d.sync += [kept.eq(low), changed[0].eq(over & ~rectified), changed[1].eq(changed[0])]
    with m.If(over | rectified):
        m.d.sync += kept.eq(0)
    # Bits below the sign of the type are ones in its greatest value, the others in its least.
    signed_byte, wide = kind == OutputType.INT8, kind == OutputType.INT32
    parts = (
        (0, 7, above),
        (7, 8, (above & ~signed_byte) | (below & signed_byte)),
        (8, 15, (above & ~byte) | (below & signed_byte)),
        (15, 31, (above & wide) | (below & ~wide)),
        (31, 32, below),
    )
    for begin, end, condition in parts:
        ones = Signal(name=f"ones_{j}_{begin}", reset_less=True)
        m.d.sync += [ones.eq(condition), result[begin:end].eq(kept[begin:end])]
        with m.If(ones):
            m.d.sync += result[begin:end].eq(-1)
    return result, changed[1]
