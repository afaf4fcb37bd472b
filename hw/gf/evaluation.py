"""Values of polynomials at points of a small field: sums of columns where bits are 1, with few gates.

The columns are many and short, so the map is made from its transpose: a chain of sums from the unit vectors
to all columns, run backwards (the transposition principle: J. L. Bordewijk, Appl. Sci. Res. B 6, 1957).
"""

import heapq
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations

from amaranth import Cat, Const, Module, Signal, Value

from pyralis.hw.gf import linear

__all__ = ["column_sum", "sum_levels"]


@lru_cache
def _chain(columns: tuple[int, ...], r: int) -> tuple[tuple[int, int], ...]:
    """Pairs of vectors of *r* bits whose sums give all *columns*.

    Each is a unit vector or the sum of an earlier pair. A column joins as soon as it is a sum of two that are
    there; when none is, the sum that makes most of them so is put in.
    """
    depth = {1 << k: 0 for k in range(r)}
    pairs: list[tuple[int, int]] = []

    def add(x: int, y: int) -> None:
        depth[x ^ y] = 1 + max(depth[x], depth[y])
        pairs.append((x, y))

    missing = [column for column in dict.fromkeys(columns) if column and column not in depth]
    while missing:
        later = []
        for column in missing:
            found = [(max(late, depth[x ^ column]), x) for x, late in depth.items() if x ^ column in depth]
            if found:
                _, x = min(found)
                add(x, x ^ column)
            else:
                later.append(column)
        if len(later) == len(missing):
            helpful = ((x, y) for x, y in combinations(depth, 2) if x ^ y not in depth)
            add(*max(helpful, key=lambda pair: sum(pair[0] ^ pair[1] ^ column in depth for column in later)))
        missing = later
    return tuple(pairs)


def _evaluate(
    columns: tuple[int, ...], r: int, bits: Sequence[Value], keep: Callable[[Value], Value]
) -> list[tuple[int, Value]]:
    """Sum of the *columns* where *bits* are 1: each of its r bits, with its level.

    *keep* makes a signal of a sum that is used twice.
    """
    terms: dict[int, list[tuple[int, int, Value]]] = {1 << k: [] for k in range(r)}
    for k, column in enumerate(columns):
        if column:
            terms.setdefault(column, []).append((0, k, bits[k]))

    def total(vector: int) -> tuple[int, Value]:
        """Sum of what stands at *vector*, those that arrive first joined first."""
        heap = terms[vector]
        heapq.heapify(heap)
        while len(heap) > 1:
            _, order, x = heapq.heappop(heap)
            late, _, y = heapq.heappop(heap)
            heapq.heappush(heap, (late + 1, order, x ^ y))
        level, _, value = heap[0] if heap else (0, 0, Const(0, 1))
        return level, value

    for index, (x, y) in enumerate(reversed(_chain(columns, r)), len(columns)):
        if x ^ y in terms:  # all that is made of this sum stands there: it goes on to both summands
            level, value = total(x ^ y)
            value = keep(value)
            for vector in (x, y):
                terms.setdefault(vector, []).append((level, index, value))
    return [total(1 << k) for k in range(r)]


def column_sum(m: Module, columns: Sequence[int], r: int, bits: Value, name: str) -> Value:
    """Sum of the *columns* where *bits* are 1, added to *m*: by the chain of sums, unless that is deeper."""
    columns = tuple(columns)
    if _chain_levels(columns, r) > _plan(columns, r).levels:
        return linear.apply(m, linear.transpose(columns, r), bits, name=name)
    kept: list[Signal] = []

    def keep(value: Value) -> Signal:
        kept.append(Signal(name=f"{name}_{len(kept)}"))
        m.d.comb += kept[-1].eq(value)
        return kept[-1]

    value = Signal(r, name=f"{name}_value")
    m.d.comb += value.eq(Cat(bit for _, bit in _evaluate(columns, r, list(bits), keep)))
    return value


def sum_levels(columns: Sequence[int], r: int) -> int:
    """Longest path of :func:`column_sum` in two-input gates."""
    return min(_chain_levels(tuple(columns), r), _plan(tuple(columns), r).levels)


def _plan(columns: tuple[int, ...], r: int) -> linear.XorPlan:
    return linear.plan(linear.transpose(columns, r), len(columns))


@lru_cache
def _chain_levels(columns: tuple[int, ...], r: int) -> int:
    return max(level for level, _ in _evaluate(columns, r, [Const(0, 1)] * len(columns), lambda value: value))
