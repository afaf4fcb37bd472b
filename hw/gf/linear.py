"""Linear maps over GF(2) as XOR gates, with sums that several outputs need made once.

A map is a sequence of rows; bit *k* of a row says whether input *k* is in that output's sum. Sharing is the
greedy pairing of C. Paar ("Optimized arithmetic for Reed-Solomon encoders", ISIT 1997), ties going to the
pair whose inputs arrive first, so that depth stays near the logarithm.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import xor

from amaranth import Cat, Const, Module, Signal, Value

__all__ = ["XorPlan", "apply", "combine", "compose", "linear_rows", "plan", "sums", "transpose"]

CHUNK = 128
"""Columns that are searched for shared pairs together; beyond it the search would take minutes."""


@dataclass(frozen=True)
class XorPlan:
    """XOR gates that compute a map: operand *k* is input *k*, or the gate ``k - inputs``.

    Attributes
    ----------
    inputs : int
    gates : tuple of (int, int)
        Each the two operands of a two-input gate.
    outputs : tuple of int
        Operand of each output; -1 is the constant 0.
    """

    inputs: int
    gates: tuple[tuple[int, int], ...]
    outputs: tuple[int, ...]

    @property
    def levels(self) -> int:
        """Longest path in gates."""
        depth = [0] * self.inputs
        for a, b in self.gates:
            depth.append(1 + max(depth[a], depth[b]))
        return max((depth[k] for k in self.outputs if k >= 0), default=0)


def transpose(rows: Sequence[int], columns: int) -> tuple[int, ...]:
    """The columns of a map of *columns* inputs, bit *k* of each for row *k*; its own inverse."""
    return tuple(sum((row >> c & 1) << r for r, row in enumerate(rows)) for c in range(columns))


def sums(rows: Sequence[int], vector: int) -> int:
    """The map applied to a constant *vector*; bit *k* of the result is row *k*."""
    return sum(((row & vector).bit_count() & 1) << k for k, row in enumerate(rows))


def combine(values: Sequence[Value]) -> Value:
    """XOR of any number of values, as a balanced tree."""
    level = list(values)
    if not level:
        return Const(0, 1)
    while len(level) > 1:
        pairs = [a ^ b for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(level) & ~1 :]
    return level[0]


@lru_cache(maxsize=256)
def plan(rows: tuple[int, ...], inputs: int, *, share: bool = True) -> XorPlan:
    """Gates for the map *rows* of so many *inputs*; without *share* each output has a tree of its own."""
    gates: list[tuple[int, int]] = []
    depth = [0] * inputs
    partial: list[list[int]] = [[] for _ in rows]
    for low in range(0, inputs, CHUNK):
        mask = (1 << CHUNK) - 1
        chunk = [row >> low & mask for row in rows]
        terms = [[low + k for k in range(CHUNK) if row >> k & 1] for row in chunk]
        if share:
            _share(terms, gates, depth)
        for index, operands in enumerate(terms):
            partial[index] += operands
    outputs = tuple(_tree(operands, gates, depth) for operands in partial)
    return XorPlan(inputs, tuple(gates), outputs)


def _add(gates: list[tuple[int, int]], depth: list[int], a: int, b: int) -> int:
    gates.append((a, b))
    depth.append(1 + max(depth[a], depth[b]))
    return len(depth) - 1


def _tree(operands: Sequence[int], gates: list[tuple[int, int]], depth: list[int]) -> int:
    """XOR of *operands*, those that arrive first joined first."""
    heap = [(depth[k], k) for k in operands]
    heapq.heapify(heap)
    if not heap:
        return -1
    while len(heap) > 1:
        (_, a), (_, b) = heapq.heappop(heap), heapq.heappop(heap)
        gate = _add(gates, depth, a, b)
        heapq.heappush(heap, (depth[gate], gate))
    return heap[0][1]


def _share(terms: list[list[int]], gates: list[tuple[int, int]], depth: list[int]) -> None:
    """Replaces pairs that stand in several of *terms* by gates, the most frequent first."""
    users: dict[int, int] = {}  # operand -> bit set of the outputs that sum it
    for index, operands in enumerate(terms):
        for k in operands:
            users[k] = users.get(k, 0) | 1 << index
    heap: list[tuple[int, int, int, int]] = []

    def offer(a: int, others: Sequence[int]) -> None:
        mine = users[a]
        heap.extend(
            (-count, max(depth[a], depth[b]), a, b)
            for b in others
            if (count := (mine & users[b]).bit_count()) > 1
        )

    known = sorted(users)
    for position, a in enumerate(known):
        offer(a, known[:position])
    heapq.heapify(heap)
    while heap:
        count, late, a, b = heapq.heappop(heap)
        common = users[a] & users[b]
        now = common.bit_count()
        if now < 2:
            continue
        if now != -count:  # others were taken meanwhile
            heapq.heappush(heap, (-now, late, a, b))
            continue
        gate = _add(gates, depth, a, b)
        users[a] &= ~common
        users[b] &= ~common
        users[gate] = common
        for k in known:
            if (count := (common & users[k]).bit_count()) > 1:
                heapq.heappush(heap, (-count, max(depth[gate], depth[k]), gate, k))
        known.append(gate)
    for index in range(len(terms)):
        terms[index] = [k for k, used in users.items() if used >> index & 1]


def apply(m: Module, rows: Sequence[int], value: Value, *, name: str, share: bool = True) -> Value:
    """The map *rows* of *value* (one bit an input); adds its shared sums to *m* as signals called *name*_k.

    Bit *k* of the result is row *k*.
    """
    value = Value.cast(value)
    found = plan(tuple(rows), len(value), share=share)
    operands: list[Value] = [value[k] for k in range(len(value))]
    uses = [0] * (found.inputs + len(found.gates))
    for pair in found.gates:
        for k in pair:
            uses[k] += 1
    for k in found.outputs:
        if k >= 0:
            uses[k] += 1
    for index, (a, b) in enumerate(found.gates):
        gate = operands[a] ^ operands[b]
        if uses[found.inputs + index] > 1:  # a name for what is used twice, an expression for the rest
            shared = Signal(name=f"{name}_{index}")
            m.d.comb += shared.eq(gate)
            gate = shared
        operands.append(gate)
    result = Signal(len(found.outputs), name=name)  # a slice of an expression would repeat all of it
    m.d.comb += result.eq(Cat(operands[k] if k >= 0 else Const(0, 1) for k in found.outputs))
    return result


def linear_rows(function: Callable[[int], int], inputs: int, outputs: int) -> tuple[int, ...]:
    """Rows of a linear *function* on ints of *inputs* bits with values of *outputs* bits."""
    return transpose([function(1 << k) for k in range(inputs)], outputs)


def compose(outer: Sequence[int], inner: Sequence[int]) -> tuple[int, ...]:
    """Rows of ``outer(inner(x))``."""
    return tuple(
        reduce(xor, (row for k, row in enumerate(inner) if selected >> k & 1), 0) for selected in outer
    )
