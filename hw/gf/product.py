"""Products before reduction, as sums of vectors, with registers wherever a multiplier wants them.

Nothing here is written bit by bit: a column of the product is the parity of one slice of *a* and one of *b*
turned round, so a field of 571 bits is 1,141 statements and not 650,000.
"""

from collections.abc import Collection, Sequence
from itertools import combinations, pairwise

from amaranth import Cat, Module, Signal, Value

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import apply, linear_rows

__all__ = [
    "Registers",
    "inner",
    "longest",
    "place",
    "reduced",
    "reduction_levels",
    "reduction_rows",
    "schoolbook",
    "tree_levels",
]


class Registers:
    """Registers that stand behind some of the levels of a block, in the sync domain.

    Parameters
    ----------
    m : Module
        Receives the registers.
    levels : collection of int
        Gate levels, counted from the operands, behind which every value is held.
    enable : Value, optional
        They advance in the cycles in which it is 1; always without it.
    """

    def __init__(self, m: Module, levels: Collection[int] = (), enable: Value | None = None) -> None:
        self.levels = tuple(sorted(levels))
        self._m, self._enable = m, enable

    def hold(self, value: Value, name: str) -> Signal:
        """*value*, one register later."""
        held = Signal(len(value), name=name, reset_less=True)
        if self._enable is None:
            self._m.d.sync += held.eq(value)
        else:
            with self._m.If(self._enable):
                self._m.d.sync += held.eq(value)
        return held


def tree_levels(terms: int) -> int:
    """Levels of a balanced tree of two-input gates with so many leaves."""
    return max(terms - 1, 0).bit_length()


def place(points: Sequence[tuple[int, int]], total: int, stages: int) -> tuple[int, ...]:
    """Which levels to hold so that the longest way between registers is shortest, then their number smallest.

    Parameters
    ----------
    points : sequence of (int, int)
        Each a level that may be held, and the flip-flops that it takes.
    total : int
        Levels of the whole block.
    stages : int
        Levels to choose.

    Raises
    ------
    ValueError
        There are not so many levels.
    """
    if not 0 <= stages <= len(points):
        raise ValueError(
            f"stages must be in 0..{len(points)}, the levels that can be held here, not {stages}."
        )

    def cost(chosen: Sequence[tuple[int, int]]) -> tuple[int, int]:
        return longest([level for level, _ in chosen], total), sum(bits for _, bits in chosen)

    return tuple(level for level, _ in min(combinations(points, stages), key=cost))


def longest(cuts: Sequence[int], total: int) -> int:
    """Longest way between registers behind the ascending levels *cuts* of *total*."""
    ends = [0, *cuts, total]
    return max(late - early for early, late in pairwise(ends))


def inner(m: Module, x: Value, y: Value, registers: Registers, *, name: str, below: int = 0) -> Value:
    """Sum of the products of the bits of *x* and *y*: one AND level, then a balanced tree.

    *below* levels lie in front of it; registers behind those are not its own.
    """
    value, done = x & y, below + 1
    for cut in registers.levels:
        if cut < done:
            continue
        if size := (1 << cut - done) - 1:
            whole = Signal(len(value), name=f"{name}_{done}")
            m.d.comb += whole.eq(value)
            value = Cat(whole[k : k + size + 1].xor() for k in range(0, len(whole), size + 1))
        value, done = registers.hold(value, f"{name}_{cut}_held"), cut
    return value.xor()


def schoolbook(m: Module, a: Value, b: Value, registers: Registers | None = None, *, below: int = 0) -> Value:
    """Unreduced product of two values of n bits each: 2 n - 1 bits, n^2 AND and (n - 1)^2 XOR gates.

    Each gate is in the tree of one bit of the product only. *registers* and *below* as in :func:`inner`.
    """
    n = len(a)
    turned = Signal(n, name="turned")
    m.d.comb += turned.eq(Value.cast(b)[::-1])
    columns = []
    for k in range(2 * n - 1):
        low, high = max(0, k - n + 1), min(k, n - 1) + 1
        x, y = a[low:high], turned[n - 1 - k + low : n - 1 - k + high]
        columns.append(inner(m, x, y, registers or Registers(m), name=f"column_{k}", below=below))
    return Cat(columns)


def reduction_rows(field: Gf2m) -> tuple[int, ...]:
    """Rows (:mod:`pyralis.hw.gf.linear`) of the reduction of an unreduced product of 2 m - 1 bits."""
    return linear_rows(field.reduce, 2 * field.m - 1, field.m)


def reduction_levels(field: Gf2m) -> int:
    """Levels of :func:`reduced`."""
    return max(tree_levels(row.bit_count()) for row in reduction_rows(field))


def reduced(m: Module, field: Gf2m, d: Value) -> Value:
    """*d* modulo the field's polynomial; no gate serves two bits, so that a fault of one disturbs one."""
    return apply(m, reduction_rows(field), d, name="reduced", share=False)
