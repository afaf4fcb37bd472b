"""The Mastrovito multiplier: product and reduction in one matrix."""

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import apply, linear_rows, plan
from pyralis.hw.gf.product import Registers, inner, longest, place, tree_levels

__all__ = ["Mastrovito"]

CHAIN = 4
"""Sums of a prefix that are made one from the other; of more, halves are made side by side."""


class Mastrovito(wiring.Component):
    """c = M(a) b, where column *i* of M is x^i a modulo the field's polynomial.

    (E. D. Mastrovito, "VLSI architectures for computations in Galois fields", 1991.) Column i + 1 is column
    i shifted, plus the polynomial if a bit fell out at the top. So M repeats along its diagonals, and an
    entry is a bit of a plus those fallen bits that met a term of the polynomial on the way: one vector for
    each term holds all that is different. Nearly every gate serves one bit of c, but the unreduced product
    never exists, and a code on it has nothing to check.

    Parameters
    ----------
    field : Gf2m
    stages : int
        Registers between operands and product, placed where the ways between them become shortest: behind
        the matrix and in the trees.
    inject : bool
        Adds the port ``flip_c``.

    Ports
    -----
    a, b : In(m)
    enable : In(1)
        With stages only. All registers advance while it is 1.
    flip_c : In(m)
        XORed onto ``c``, behind the registers.
    c : Out(m)

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

    Golden model
    ------------
    :mod:`pyralis.sim.golden.gf.field`, bit exact.
    """

    def __init__(self, field: Gf2m, stages: int = 0, inject: bool = False) -> None:
        self.field, self.stages, self.inject = field, stages, inject
        n = field.m
        self._terms = [k for k in range(1, n) if field.polynomial >> k & 1]
        self._fallen = linear_rows(self._fallen_bits, n, n - 1)
        self._matrix = plan(self._fallen, n).levels + prefix_levels(1 + len(self._terms))
        total = self._matrix + 1 + tree_levels(n) + inject
        points = [(self._matrix, n + (len(self._terms) + 1) * (2 * n - 1))] if self._matrix else []
        points += [(self._matrix + level, n * (-(-n >> level - 1))) for level in range(1, tree_levels(n) + 2)]
        self._cuts = place(points, total, stages)
        self.levels = longest(self._cuts, total)
        super().__init__(
            {"a": In(n), "b": In(n), "c": Out(n)}
            | ({"enable": In(1)} if stages else {})
            | ({"flip_c": In(n)} if inject else {})
        )

    def _fallen_bits(self, a: int) -> int:
        """Bit *s* is the top bit of x^s *a*, which is what makes the next column more than a shift."""
        fallen = 0
        for s in range(self.field.m - 1):
            fallen |= (a >> self.field.m - 1) << s
            a = self.field.multiply(a, 2)
        return fallen

    def elaborate(self, platform) -> Module:
        m = Module()
        n = self.field.m
        registers = Registers(m, self._cuts, self.enable if self.stages else None)
        fallen = Signal(n - 1)
        m.d.comb += fallen.eq(apply(m, self._fallen, self.a, name="fallen_sum")[::-1])
        turned = Signal(n)
        m.d.comb += turned.eq(self.b[::-1])
        # Entry (row j, column i) is bit n - 1 + j - i of the last vector whose term is not above j.
        vectors = prefixes(m, [Cat(fallen, self.a), *(fallen << term for term in self._terms)])
        if self._matrix in self._cuts:
            turned = registers.hold(turned, "turned_held")
            vectors = [registers.hold(v, f"matrix_{k}_held") for k, v in enumerate(vectors)]
        levels = range(self._matrix, self._matrix + 2 + tree_levels(n))
        columns = []
        for j in range(n):
            entries = vectors[sum(term <= j for term in self._terms)][j : j + n]
            columns.append(inner(m, entries, turned, registers, name=f"row_{j}", levels=levels))
        c = Cat(columns)
        m.d.comb += self.c.eq(c ^ self.flip_c if self.inject else c)
        return m


def prefix_levels(count: int) -> int:
    """Levels of :func:`prefixes`."""
    return count - 1 if count <= CHAIN else 1 + prefix_levels((count + 1) // 2)


def prefixes(m: Module, values: list[Value]) -> list[Signal]:
    """Sums of the first 1, 2, ... of *values*."""
    if len(values) <= CHAIN:
        sums: list[Signal] = []
        for value in values:
            total = sums[-1] ^ value if sums else value
            sums.append(Signal(len(total), name=f"matrix_{len(values)}_{len(sums)}"))
            m.d.comb += sums[-1].eq(total)
        return sums
    middle = (len(values) + 1) // 2
    low, high = prefixes(m, values[:middle]), prefixes(m, values[middle:])
    joined: list[Signal] = []
    for value in high:
        whole = Signal(max(len(low[-1]), len(value)), name=f"matrix_{len(values)}_{middle + len(joined)}")
        m.d.comb += whole.eq(low[-1] ^ value)
        joined.append(whole)
    return low + joined
