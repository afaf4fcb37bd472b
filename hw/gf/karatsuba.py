"""The Karatsuba multiplier: a product from few gates, then its reduction."""

from collections.abc import Iterator
from functools import lru_cache

from amaranth import Cat, Module, Signal, Value

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.product import ProductMultiplier, Registers, array_bits, schoolbook, tree_levels

__all__ = ["Karatsuba", "best_cut", "gates", "karatsuba"]

LARGEST_CUT = 16
"""Largest cut that :func:`best_cut` looks at; three products of halves are cheaper from 8 bits on."""


def halves(n: int) -> tuple[int, int]:
    """Bits of the low half and of the high half."""
    return (n + 1) // 2, n // 2


@lru_cache(maxsize=4096)
def gates(n: int, cut: int) -> int:
    """AND and XOR gates that :func:`karatsuba` writes for *n* bits."""
    if n <= cut:
        return n * n + (n - 1) ** 2
    low, high = halves(n)
    near = min(low, 2 * high - 1)  # bits of the two parts of the upper product
    far = 2 * high - 1 - near
    meeting = max(low - 1, near)
    joints = min(low - 1, near) + low + meeting + min(low - 1, far) + min(max(low - 1, far), meeting)
    return 2 * gates(low, cut) + gates(high, cut) + 2 * high + joints


def best_cut(n: int) -> int:
    """The cut with the fewest gates for *n* bits; of several the largest, which has the fewest levels."""
    return min(range(2, LARGEST_CUT + 1), key=lambda cut: (gates(n, cut), -cut))


def karatsuba(
    m: Module, a: Value, b: Value, cut: int, registers: Registers | None = None, *, name: str = "product"
) -> Value:
    """Unreduced product of two values of n bits each: 2 n - 1 bits.

    Operands of at most *cut* bits (2 or more) are multiplied by the schoolbook, longer ones by three products
    of their halves. The two outer products meet, and their sum there is needed twice but made once (D. J.
    Bernstein, "Batch binary Edwards", CRYPTO 2009, section 2). *registers* may stand behind the levels of
    :class:`Plan`.
    """
    plan = Plan(len(a), cut)
    registers = registers or Registers(m)

    def signal(value: Value, label: str) -> Signal:
        made = Signal(len(value), name=label)
        m.d.comb += made.eq(value)
        return made

    def multiply(a: Value, b: Value, down: int, label: str) -> Signal:
        n, level = len(a), plan.level(down)
        if n <= cut:
            if plan.depth in registers.levels:
                a, b = registers.hold(a, f"{label}_a_held"), registers.hold(b, f"{label}_b_held")
            levels = range(plan.depth, level + 1)
            return signal(schoolbook(m, a, b, registers, name=f"{label}_column", levels=levels), label)
        low = halves(n)[0]
        sums = [signal(x[:low] ^ x[low:], f"{label}_{side}_sum") for x, side in ((a, "a"), (b, "b"))]
        p0 = multiply(a[:low], b[:low], down + 1, f"{label}_0")
        p1 = multiply(sums[0], sums[1], down + 1, f"{label}_1")
        p2 = multiply(a[low:], b[low:], down + 1, f"{label}_2")
        meeting = signal(p0[low:] ^ p2[:low], f"{label}_meeting")
        second = meeting ^ (p0[:low] ^ p1[:low])
        third = meeting ^ (p1[low:] ^ p2[low:])
        whole = signal(Cat(p0[:low], second, third, p2[low:])[: 2 * n - 1], label)
        return registers.hold(whole, f"{label}_held") if level in registers.levels else whole

    return multiply(a, b, 0, name)


class Plan:
    """Levels of :func:`karatsuba` for *n* bits, the same for all operands that were halved equally often.

    Attributes
    ----------
    depth : int
        Halvings of the longest operands: as many levels of XOR gates come before the schoolbook products.
    """

    def __init__(self, n: int, cut: int) -> None:
        self._n, self._cut = n, cut
        self.depth, rest = 0, n
        while rest > cut:
            self.depth, rest = self.depth + 1, halves(rest)[0]
        self._leaf = self.depth + 1 + tree_levels(rest)

    def level(self, down: int) -> int:
        """Level behind which the products of operands halved *down* times are ready."""
        return self._leaf + 2 * (self.depth - down)

    def points(self) -> list[tuple[int, int]]:
        """Levels that can be held, each with the flip-flops that it takes."""
        sums = [(self.depth, sum(2 * n for n in self._products(self.depth)))] if self.depth else []
        trees = [
            (level, sum(array_bits(n, level - self.depth) for n in self._products(self.depth)))
            for level in range(self.depth + 1, self._leaf)
        ]
        joined = [
            (self.level(down), sum(2 * n - 1 for n in self._products(down)))
            for down in range(self.depth, -1, -1)
        ]
        return sums + trees + joined

    def _products(self, down: int) -> Iterator[int]:
        """Bits of the operands that were halved *down* times, or less often because they are short."""
        sizes = [self._n]
        for _ in range(down):
            parts = [(n,) if n <= self._cut else (*halves(n), halves(n)[0]) for n in sizes]
            sizes = [n for part in parts for n in part]
        return iter(sizes)


class Karatsuba(ProductMultiplier):
    """c = a b modulo the field's polynomial, the product by Karatsuba's method.

    From 8 bits on this takes fewer gates than the schoolbook: 2,172 and not 3,961 for the unreduced product
    of 45 bits (cut at 5), 18,204 and not 52,813 for 163 bits (at 5 too). It is deeper by two levels a
    halving, and one gate serves many bits of the product: few of its faults are errors of one position.

    Parameters
    ----------
    field : Gf2m
    cut : int, optional
        Operands of so many bits, 2 or more, are not halved any more; None takes :func:`best_cut`.
    stages : int
        Registers between operands and product: behind the sums of the operands, in the schoolbook products,
        behind each joining of halves.
    inject : bool
        Adds the ports ``flip_d`` and ``flip_c``.

    Ports, attributes and timing are those of :class:`ProductMultiplier`.

    Raises
    ------
    ValueError
        A cut below 2, or more stages than levels that can be held.

    Golden model
    ------------
    :mod:`pyralis.sim.golden.gf.field`, bit exact.
    """

    def __init__(self, field: Gf2m, cut: int | None = None, stages: int = 0, inject: bool = False) -> None:
        best = best_cut(field.m)
        if cut is not None and cut < 2:
            raise ValueError(f"cut must be at least 2, not {cut}; for m = {field.m} the best is {best}.")
        self.cut = best if cut is None else cut
        super().__init__(field, Plan(field.m, self.cut).points(), stages, inject)

    def unreduced(self, m: Module, registers: Registers) -> Value:
        return karatsuba(m, self.a, self.b, self.cut, registers)
