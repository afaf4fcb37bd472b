"""Roots of the error locator polynomial, looked for at all positions at once.

Position k is wrong where Lambda(alpha^-k) = 0. Every bit of that value is a sum of bits of the coefficients,
so the search is a linear map and a test for zero at each position.

The affine form looks for 0 of M(x) = x^t Lambda(1 / x) at x = alpha^k. Its exponents 0 to 5 have at most two
ones in binary, so M is a quadratic form over GF(2) in the bits of x: with D_b(x) = M(x + b) + M(x), the
difference D_b(x + c) + D_b(x) is the same for all x. From M(0), the D_b(0) of a basis and the second
differences, every further point costs two additions: one for the D_b that leads to it from a neighbour, one
to go there. With t of 1 or 2 the D_b do not depend on x, and it costs one. That is the affine decomposition
of E. R. Berlekamp, H. Rumsey and G. Solomon (Inf. Control 10(6), 1967), but with the exponents 3 and 5, which
it leaves to another search, taken along.
"""

import heapq
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, get_args

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import linear
from pyralis.hw.gf.code import BchCode

__all__ = ["Form", "Locator", "best_form", "levels_of"]

Form = Literal["direct", "chien", "affine"]


def best_form(_code: BchCode, _t: int) -> Form:
    """The form with the fewest gates: of all codes with 3 to 325 positions that were measured, the same."""
    return "affine"


class _Sums:
    """XOR gates, found again by what they are the sum of: a bit mask of the inputs."""

    def __init__(self, rows: Sequence[int], inputs: int) -> None:
        found = linear.plan(tuple(rows), inputs)
        self._inputs = inputs
        self._gates: list[tuple[int, int]] = []
        self._known = {1 << k: k for k in range(inputs)}
        self._depth = [0] * inputs
        masks = [1 << k for k in range(inputs)]
        for a, b in found.gates:
            masks.append(self.add(masks[a], masks[b]))

    def add(self, a: int, b: int) -> int:
        """The sum of two that are known (or 0)."""
        if a and b and a ^ b not in self._known:
            gate = (self._known[a], self._known[b])
            self._known[a ^ b] = len(self._depth)
            self._gates.append(gate)
            self._depth.append(1 + max(self._depth[k] for k in gate))
        return a ^ b

    def depth(self, rows: Sequence[int]) -> int:
        """Level at which all of *rows* stand."""
        return max(self._depth[self._known[row]] for row in rows if row)

    def plan(self, rows: Sequence[int]) -> linear.XorPlan:
        """Only the gates that *rows* need."""
        outputs = [self._known[row] for row in rows]
        used = set(outputs)
        for index in range(len(self._gates) - 1, -1, -1):
            if self._inputs + index in used:
                used.update(self._gates[index])
        place = {k: k for k in range(self._inputs)}
        gates: list[tuple[int, int]] = []
        for index, (a, b) in enumerate(self._gates):
            if self._inputs + index in used:
                place[self._inputs + index] = self._inputs + len(gates)
                gates.append((place[a], place[b]))
        return linear.XorPlan(self._inputs, tuple(gates), tuple(place[k] for k in outputs))


@lru_cache(maxsize=8)
def _values(code: BchCode, t: int) -> tuple[tuple[int, ...], ...]:
    """Rows of x^t Lambda(1 / x), for every x of GF(2^r)."""
    gf, found = code.locator_field, []
    for x in range(1 << code.r):
        columns = [gf.multiply(gf.power(x, t - j), 1 << bit) for j in range(t + 1) for bit in range(code.r)]
        found.append(linear.transpose(columns, code.r))
    return tuple(found)


def _rows(code: BchCode, t: int) -> tuple[int, ...]:
    """Rows of the values to be tested, r for each position."""
    values = _values(code, t)
    return tuple(row for k in range(code.length) for row in values[code.alpha(k)])


class _Walk:
    """Values at the positions, each from that of a neighbour: a point that differs in one bit.

    The basis 1, alpha, .. alpha^(r - 1) is within 2 % of the best of all powers, and has the fewest levels.
    """

    def __init__(self, code: BchCode, t: int) -> None:
        self._r = code.r
        self._at = _values(code, t)
        self._second = {
            (i, j): _sum(self._difference(i, 1 << j), self._difference(i, 0))
            for i in range(self._r)
            for j in range(self._r)
            if i != j
        }
        start = {row for i in range(self._r) for row in self._difference(i, 0)}
        start |= {row for rows in self._second.values() for row in rows}
        self.sums = _Sums(sorted(start - {0}), code.r * (t + 1))
        self._differences = [dict[int, int]() for _ in range(self._r)]
        self._levels = {0: 0}
        self._heap: list[tuple[int, int, int, int]] = []
        self._left = {code.alpha(k) for k in range(code.length)}
        self._go()

    def _difference(self, i: int, z: int) -> tuple[int, ...]:
        """Rows of the step in direction *i* from *z*, whose bit *i* is 0."""
        return _sum(self._at[z | 1 << i], self._at[z])

    def _go(self) -> None:
        """Visits all positions, the next one always where cost and level together are least."""
        for i in range(self._r):
            self._learn(i, 0)
        while self._left:
            if not self._heap:  # no neighbour of what is left is there: a way to the smallest, then
                point = min(self._left)
                self._left.add(point & point - 1)
                self._offer_around(point & point - 1)
                continue
            _, _, point, i = heapq.heappop(self._heap)
            if point not in self._left:
                continue
            z = point & ~(1 << i)
            self._reach(i, z)
            self._add(self._at[point ^ 1 << i], self._difference(i, z))
            self._left.remove(point)
            self._levels[point] = self.sums.depth(self._at[point])
            self._offer_around(point)

    def _offer_around(self, point: int) -> None:
        for i in range(self._r):
            self._offer(i, point & ~(1 << i))

    def _reach(self, i: int, z: int) -> None:
        """Makes the difference in direction *i* at *z*, from one that is known."""
        if z in self._differences[i]:
            return
        bits = [j for j in range(self._r) if j != i]
        ready = [j for j in bits if z ^ 1 << j in self._differences[i]]
        if ready:
            j = min(ready, key=lambda j: self._differences[i][z ^ 1 << j])
        else:
            j = next(j for j in bits if z >> j & 1)
            self._reach(i, z ^ 1 << j)
        self._add(self._difference(i, z ^ 1 << j), self._second[i, j])
        self._learn(i, z)

    def _learn(self, i: int, z: int) -> None:
        """Notes that a difference is there, and those that are equal to it."""
        depth = self.sums.depth(self._difference(i, z))
        waiting = [z]
        for z in waiting:
            self._differences[i][z] = depth
            neighbours = [z ^ 1 << j for j in range(self._r) if j != i]
            waiting += [
                other
                for j, other in enumerate(neighbours)
                if other not in self._differences[i]
                and other not in waiting
                and self._difference(i, other) == self._difference(i, z)
            ]
            for other in [z, *neighbours]:
                self._offer(i, other)

    def _offer(self, i: int, z: int) -> None:
        """Lists the step in direction *i* at *z*, if it leads from what is known to what is not."""
        if z in self._differences[i]:
            cost, ready = 0, self._differences[i][z]
        else:
            around = [self._differences[i].get(z ^ 1 << j) for j in range(self._r) if j != i]
            known = [depth for depth in around if depth is not None]
            cost = 1 if known else z.bit_count()
            ready = cost + min(known, default=self._differences[i][0])
        for point, before in ((z, z | 1 << i), (z | 1 << i, z)):
            if point in self._left and before in self._levels:
                level = max(ready, self._levels[before])
                heapq.heappush(self._heap, (cost + level, level, point, i))

    def _add(self, left: Sequence[int], right: Sequence[int]) -> None:
        for a, b in zip(left, right, strict=True):
            self.sums.add(a, b)


def _sum(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    return tuple(a ^ b for a, b in zip(left, right, strict=True))


@lru_cache(maxsize=64)
def _affine(code: BchCode, t: int) -> linear.XorPlan:
    """Gates for :func:`_rows`, by a walk."""
    return _Walk(code, t).sums.plan(_rows(code, t))


def _plan(code: BchCode, t: int, form: Form) -> linear.XorPlan:
    if form == "affine":
        return _affine(code, t)
    return linear.plan(_rows(code, t), code.r * (t + 1), share=form == "chien")


def levels_of(code: BchCode, t: int, form: Form) -> int:
    """Longest path of a :class:`Locator` in two-input gates."""
    tested = (code.r - 1).bit_length()
    return tested + 1 if _decodes(t, form) else _plan(code, t, form).levels + tested


def _decodes(t: int, form: Form) -> bool:
    """Whether the only root is the position whose number alpha^k is in ``locator[1]``."""
    return form == "affine" and t == 1


class Locator(wiring.Component):
    """Marks the positions at which the locator polynomial is 0.

    Parameters
    ----------
    code : BchCode
    t : int
        Largest degree of the polynomial.
    form : {"direct", "chien", "affine"}
        A tree of XOR gates for each bit of each value (``direct``); common sums made once (``chien``: R. T.
        Chien, IEEE Trans. Inf. Theory 10(4), 1964, with all positions in parallel); each value from a
        neighbour's (``affine``, see the module).

    Ports
    -----
    locator : In(ArrayLayout(r, t + 1))
        Coefficient of x^j at index j. With *t* = 1 it is 1 + X x: its constant term must be 1, and ``affine``
        takes that for granted.
    errors : Out(length of the code)

    Raises
    ------
    ValueError
        *t* is not in 1..``code.t``, or there is no such form.
    """

    def __init__(self, code: BchCode, t: int, form: Form = "affine") -> None:
        if not 1 <= t <= code.t:
            raise ValueError(f"t must be in 1..{code.t}, what the code corrects, not {t}.")
        if form not in get_args(Form):
            raise ValueError(f"A locator has the forms {', '.join(get_args(Form))}, not {form!r}.")
        self.code = code
        self.t = t
        self.form = form
        super().__init__({
            "locator": In(data.ArrayLayout(code.r, t + 1)),
            "errors": Out(code.length),
        })

    @property
    def plan(self) -> linear.XorPlan:
        """Gates for the bits of all values, r for each position; those of the test for zero come on top."""
        return _plan(self.code, self.t, self.form)

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return levels_of(self.code, self.t, self.form)

    def elaborate(self, platform) -> Module:
        m = Module()
        code = self.code
        if _decodes(self.t, self.form):
            values = _decoded(m, self.locator[1])
            m.d.comb += self.errors.eq(Cat(values[code.alpha(k)] for k in range(code.length)))
            return m
        found = self.plan
        operands: list[Value] = [bit for coefficient in self.locator for bit in coefficient]
        for index, (a, b) in enumerate(found.gates):
            gate = Signal(name=f"sum_{index}")
            m.d.comb += gate.eq(operands[a] ^ operands[b])
            operands.append(gate)
        for k in range(code.length):
            value = Cat(operands[bit] for bit in found.outputs[k * code.r : (k + 1) * code.r])
            m.d.comb += self.errors[k].eq(~value.any())
        return m


def _decoded(m: Module, value: Value) -> Signal:
    """Bit *k* tells whether *value* is *k*; made from those of its halves."""
    decoded = Signal(1 << len(value), name=f"decoded_{len(value)}")
    if len(value) == 1:
        m.d.comb += decoded.eq(Cat(~value, value))
        return decoded
    low, high = _decoded(m, value[: len(value) // 2]), _decoded(m, value[len(value) // 2 :])
    m.d.comb += decoded.eq(Cat(low & bit.replicate(len(low)) for bit in high))
    return decoded
