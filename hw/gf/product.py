"""Products before reduction, as sums of vectors, with registers wherever a multiplier wants them.

Nothing here is written bit by bit: a column of the product is the parity of one slice of *a* and one of *b*
turned round, so a field of 571 bits is 1,141 statements and not 650,000.
"""

from collections.abc import Collection, Sequence
from itertools import combinations, pairwise

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import linear_rows

__all__ = [
    "ProductMultiplier",
    "Registers",
    "array_bits",
    "inner",
    "longest",
    "place",
    "reduced",
    "reduction_levels",
    "reduction_rows",
    "schoolbook",
    "tree_levels",
]

TURNS = 8
"""Orders of a sum that :func:`reduced` tries."""

LONG = 32
"""Terms from which on it does not try."""


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
    """Levels to hold: those with the fewest flip-flops that leave no way much longer than it need be.

    Parameters
    ----------
    points : sequence of (int, int)
        Each a level that may be held, and the flip-flops that it takes.
    total : int
        Levels of the whole block.
    stages : int
        Levels to choose. The longest way between registers may be a fifth longer than the shortest possible.

    Raises
    ------
    ValueError
        There are not so many levels.
    """
    if not 0 <= stages <= len(points):
        raise ValueError(
            f"stages must be in 0..{len(points)}, the levels that can be held here, not {stages}."
        )
    choices = []
    for chosen in combinations(points, stages):
        levels = tuple(level for level, _ in chosen)
        choices.append((longest(levels, total), sum(bits for _, bits in chosen), levels))
    bound = min(way for way, _, _ in choices) * 6 // 5
    return min((bits, way, levels) for way, bits, levels in choices if way <= bound)[2]


def longest(cuts: Sequence[int], total: int) -> int:
    """Longest way between registers behind the ascending levels *cuts* of *total*."""
    ends = [0, *cuts, total]
    return max(late - early for early, late in pairwise(ends))


def inner(
    m: Module, x: Value, y: Value, registers: Registers, *, name: str, levels: range | None = None
) -> Value:
    """Sum of the products of the bits of *x* and *y*: one AND level, then a balanced tree.

    *levels* are those that it takes, all above the operands by default; it has the registers behind these.
    """
    value, done = x & y, (levels or range(1)).start + 1
    for cut in registers.levels:
        if cut < done or (levels and cut >= levels.stop):
            continue
        if (size := 1 << cut - done) > 1:
            whole = Signal(len(value), name=f"{name}_{done}")
            m.d.comb += whole.eq(value)
            value = Cat(whole[k : k + size].xor() for k in range(0, len(whole), size))
        value, done = registers.hold(value, f"{name}_{cut}_held"), cut
    return value.xor()


def schoolbook(
    m: Module,
    a: Value,
    b: Value,
    registers: Registers | None = None,
    *,
    name: str = "column",
    levels: range | None = None,
) -> Value:
    """Unreduced product, len(a) + len(b) - 1 bits: n^2 AND and (n - 1)^2 XOR gates for two values of n bits.

    Each gate is in the tree of one bit of the product only. *registers* and *levels* as in :func:`inner`.
    """
    p, q = len(a), len(b)
    turned = Signal(q, name=f"{name}s_turned")
    m.d.comb += turned.eq(Value.cast(b)[::-1])
    columns = []
    for k in range(p + q - 1):
        low, high = max(0, k - q + 1), min(k, p - 1) + 1
        x, y = a[low:high], turned[q - 1 - k + low : q - 1 - k + high]
        columns.append(inner(m, x, y, registers or Registers(m), name=f"{name}_{k}", levels=levels))
    return Cat(columns)


def array_bits(n: int, level: int) -> int:
    """Values behind *level* of the schoolbook product of *n* bits: what a register there has to hold."""
    return sum(-(-min(k + 1, 2 * n - 1 - k) >> level - 1) for k in range(2 * n - 1))


def reduction_rows(field: Gf2m) -> tuple[int, ...]:
    """Rows (:mod:`pyralis.hw.gf.linear`) of the reduction of an unreduced product of 2 m - 1 bits."""
    return linear_rows(field.reduce, 2 * field.m - 1, field.m)


def reduction_levels(field: Gf2m) -> int:
    """Levels of :func:`reduced`."""
    return max(tree_levels(row.bit_count()) for row in reduction_rows(field))


def reduced(field: Gf2m, d: Value) -> Value:
    """*d* modulo the field's polynomial, each bit a balanced tree of its own.

    No partial sum stands in two of the trees where that can be helped: synthesis would make one gate of both,
    and a fault of it would disturb two bits.
    """
    taken: set[int] = set()
    sums = []
    for row in reduction_rows(field):
        own, *high = (k for k in range(len(d)) if row >> k & 1)
        if len(high) > LONG:  # so many terms of a polynomial that pairs are bound to repeat
            sums.append(Cat(d[own], *(d[k] for k in high)).xor())
            continue
        orders = [[own, *high[turn:], *high[:turn]] for turn in range(min(len(high), TURNS))]
        trees = [_tree(d, order, taken) for order in orders or [[own]]]
        value, masks = min(trees, key=lambda tree: len(tree[1] & taken))
        sums.append(value)
        taken |= masks
    return Cat(sums)


def _tree(d: Value, terms: Sequence[int], taken: Collection[int]) -> tuple[Value, set[int]]:
    """Balanced sum of bits of *d*, avoiding partial sums (sets of bits, as ints) in *taken*, and its own."""
    level, masks = [(1 << k, d[k]) for k in terms], set()
    while len(level) > 1:
        pairs = []
        while len(level) > 1:
            mask, value = level.pop(0)
            free = (k for k, (other, _) in enumerate(level) if mask | other not in taken)
            other, partner = level.pop(next(free, 0))
            masks.add(mask | other)
            pairs.append((mask | other, value ^ partner))
        level = pairs + level
    return level[0][1], masks


class ProductMultiplier(wiring.Component):
    """A multiplier that forms the unreduced product d, and then reduces it.

    Parameters
    ----------
    field : Gf2m
    points : sequence of (int, int)
        Levels of the product that can be held, as for :func:`place`; the last one is that of d.
    stages : int
        Registers between operands and d, placed where the ways between them become shortest.
    inject : bool
        Adds the ports ``flip_d`` and ``flip_c``.

    Ports
    -----
    a, b : In(m)
    enable : In(1)
        With stages only. All registers advance while it is 1.
    flip_d : In(2m - 1), flip_c : In(m)
        XORed onto d before everything that uses it, and onto ``c``; behind the registers.
    c : Out(m)
    high : Out(m - 1)
        Bits m .. 2m - 2 of d, the very ones that are reduced.

    Attributes
    ----------
    levels : int
        Two-input gates on the longest way between registers or ports.

    Timing
    ------
    Latency *stages* cycles of ``enable``, initiation interval 1; combinational without.

    Raises
    ------
    ValueError
        More stages than levels that can be held.
    """

    def __init__(self, field: Gf2m, points: Sequence[tuple[int, int]], stages: int, inject: bool) -> None:
        self.field, self.stages, self.inject = field, stages, inject
        n = field.m
        total = points[-1][0] + reduction_levels(field) + 2 * inject
        self._cuts = place(points, total, stages)
        self.levels = longest(self._cuts, total)
        super().__init__(
            {"a": In(n), "b": In(n), "c": Out(n), "high": Out(n - 1)}
            | ({"enable": In(1)} if stages else {})
            | ({"flip_d": In(2 * n - 1), "flip_c": In(n)} if inject else {})
        )

    def unreduced(self, m: Module, registers: Registers) -> Value:
        """d, made in *m* with *registers* behind the levels that were chosen."""
        raise NotImplementedError

    def elaborate(self, platform) -> Module:
        m = Module()
        n = self.field.m
        product = self.unreduced(m, Registers(m, self._cuts, self.enable if self.stages else None))
        d = Signal(2 * n - 1)
        m.d.comb += d.eq(product ^ self.flip_d if self.inject else product)
        c = reduced(self.field, d)
        m.d.comb += [self.high.eq(d[n:]), self.c.eq(c ^ self.flip_c if self.inject else c)]
        return m
