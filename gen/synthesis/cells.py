"""The gates that a mapped netlist is made of, and what each is worth in silicon."""

from enum import IntEnum
from typing import NamedTuple

__all__ = ["CELLS", "FLIP_FLOP_EQUIVALENTS", "Cell", "GateKind"]


class GateKind(IntEnum):
    """Combinational gates of at most three inputs, as Yosys has them."""

    NOT = 0
    AND = 1
    OR = 2
    XOR = 3
    NAND = 4
    NOR = 5
    XNOR = 6
    ANDNOT = 7
    """A and not B."""
    ORNOT = 8
    """A or not B."""
    MUX = 9
    """B if S else A."""


class Cell(NamedTuple):
    """What is known of a kind of gate."""

    name: str
    """Cell type in Yosys."""
    pins: str
    """Names of the inputs, in the order of ``Netlist.fanin``; the output is Y."""
    equivalents: float
    """Area in units of a two-input NAND."""


# Cell areas of the Nangate 45 nm open cell library, drive strength 1, in square micrometres. It has neither
# of the two gates with one inverted input: they stand as NOR or NAND with an inverter.
_INV, _NAND2, _AND2, _XOR2, _MUX2, _DFF = 0.532, 0.798, 1.064, 1.596, 1.862, 4.522

CELLS = {
    GateKind.NOT: Cell("$_NOT_", "A", _INV / _NAND2),
    GateKind.AND: Cell("$_AND_", "AB", _AND2 / _NAND2),
    GateKind.OR: Cell("$_OR_", "AB", _AND2 / _NAND2),
    GateKind.XOR: Cell("$_XOR_", "AB", _XOR2 / _NAND2),
    GateKind.NAND: Cell("$_NAND_", "AB", 1.0),
    GateKind.NOR: Cell("$_NOR_", "AB", 1.0),
    GateKind.XNOR: Cell("$_XNOR_", "AB", _XOR2 / _NAND2),
    GateKind.ANDNOT: Cell("$_ANDNOT_", "AB", 1.0 + _INV / _NAND2),
    GateKind.ORNOT: Cell("$_ORNOT_", "AB", 1.0 + _INV / _NAND2),
    GateKind.MUX: Cell("$_MUX_", "ABS", _MUX2 / _NAND2),
}
"""The one table of gates; areas from the Nangate 45 nm library, over its NAND2_X1."""

FLIP_FLOP_EQUIVALENTS = _DFF / _NAND2
"""Area of a D flip-flop without enable or reset, in units of a two-input NAND."""
