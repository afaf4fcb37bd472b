"""The key equation of a binary BCH code by Berlekamp and Massey, without inversion, every iteration in gates.

In a binary code every second discrepancy is 0, so iteration k of t takes two syndromes at once:

    delta = sum of Lambda_j S_(2k + 1 - j)
    Lambda' = gamma Lambda + delta B
    if delta and L <= k:  B' = x^2 Lambda, gamma' = delta, L' = 2k + 1 - L    else:  B' = x^2 B

from Lambda = 1, B = x, gamma = 1, L = 0 (J. L. Massey, "Shift-register synthesis and BCH decoding", IEEE
Trans. Inf. Theory 15(1), 1969; without inversion: I. S. Reed, M. T. Shih, T. K. Truong, IEE Proc. E 138(5),
1991). It is the algorithm of arXiv 2306.13347, there folded onto fewer multipliers.

The first two iterations together need only the cube of S1, because their Lambda and B have coefficients that
are 0, 1 or S1; the last one has no B to update. Coefficients beyond x^t are dropped: they differ from 0 only
if L exceeds t, which never falls again.
"""

from dataclasses import dataclass

from amaranth import Const, Module, Mux, Signal, Value
from amaranth.lib import data

from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.smallfield import Products, depth, dot_levels, square_levels
from pyralis.hw.gf.step import Part, first_record, last_record, syndromes

__all__ = ["parts"]


@dataclass(frozen=True)
class Known:
    """What is known of the polynomials before iteration *k*: the bits of coefficients that may not be 0."""

    k: int
    locator: dict[int, int]
    other: dict[int, int]

    def after(self, code: BchCode, t: int) -> "Known":
        """The same after the iteration."""
        shifted = {j + 2: max(self.locator.get(j, 0), self.other.get(j, 0)) for j in range(t - 1)}
        return Known(
            self.k + 1,
            dict.fromkeys(sorted({*self.locator, *self.other}), code.r),
            {j: bits for j, bits in shifted.items() if bits},
        )

    def layout(self, code: BchCode, t: int) -> dict:
        """Record of the state; the syndromes that later iterations use are part of it."""
        left = {f"s{j}": code.r for j in range(1, 2 * t, 2)} if self.k < t else {}
        return {
            **left,
            **{f"lambda{j}": bits for j, bits in self.locator.items()},
            **({f"b{j}": bits for j, bits in self.other.items()} if self.k < t else {}),
            **({"gamma": code.r} if self.k < t else {}),
            "length": 4,
        }


def parts(code: BchCode, t: int) -> list[Part]:
    """Parts of the key equation for at most *t* errors."""
    locator = dict.fromkeys(range(min(t, 3) + 1), code.r)
    other = {j: bits for j, bits in {2: 1, 3: code.r, 4: 1, 5: 1}.items() if j <= t}
    known = Known(min(t, 2), locator, other)
    found: list[Part] = [Start(code, t, known)]
    while known.k < t:
        found += [Discrepancy(code, t, known), Update(code, t, known)]
        known = known.after(code, t)
    return [*found, Finish(code, t, known)]


class Start(Part):
    """The first two iterations, or for t = 1 the first."""

    def __init__(self, code: BchCode, t: int, known: Known) -> None:
        self._code, self._t = code, t
        self.levels = (
            square_levels(code.locator_field) + dot_levels(code.locator_field, 1, 1) + depth(code.r) + 2
        )
        super().__init__(first_record(code, t), known.layout(code, t))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, "start")
        s = syndromes(m, self._code, i.syndrome, range(1, 2 * self._t, 2))
        one, two = Signal(), Signal()  # which discrepancies differ from 0
        m.d.comb += one.eq(s[1].any())
        if self._t == 1:
            m.d.comb += [o.lambda0.eq(1), o.lambda1.eq(s[1]), o.length.eq(one)]
            return
        square, delta = p.square(s[1]), Signal(self._code.r)
        first = s[1] | ~one  # S1, or 1 where it is 0
        m.d.comb += [
            delta.eq(p.dot([(square, s[1])], [s[3]])),
            two.eq(delta.any()),
            o.lambda0.eq(first),
            o.lambda1.eq(square),
            o.lambda2.eq(delta & one.replicate(self._code.r)),
            o.length.eq(Mux(one, 1 + two, Mux(two, 3, 0))),
        ]
        if self._t == 2:
            return
        values = {
            "lambda3": delta & (~one).replicate(self._code.r),
            "b2": two,
            "b3": s[1] & two.replicate(self._code.r),
            "b4": ~two & one,
            "b5": ~two & ~one,
            "gamma": Mux(two, delta, first),
            **{f"s{j}": value for j, value in s.items()},
        }
        m.d.comb += [o[name].eq(value) for name, value in values.items() if name in self.after.members]


class Discrepancy(Part):
    """delta of an iteration, and whether Lambda becomes the next B."""

    def __init__(self, code: BchCode, t: int, known: Known) -> None:
        self._code, self._known = code, known
        self._terms = sorted(known.locator)
        self.levels = (
            2 * square_levels(code.locator_field)
            + dot_levels(code.locator_field, len(self._terms))
            + depth(code.r)
            + 1
        )
        before = known.layout(code, t)
        super().__init__(before, {**before, "delta": code.r, "swap": 1})

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, f"delta{self._known.k}")
        delta = p.dot([
            (i[f"lambda{j}"], self._syndrome(p, i, 2 * self._known.k + 1 - j)) for j in self._terms
        ])
        m.d.comb += [o[name].eq(i[name]) for name in self.before.members]
        m.d.comb += [o.delta.eq(delta), o.swap.eq(delta.any() & (i.length <= self._known.k))]

    def _syndrome(self, p: Products, i: data.View, exponent: int) -> Value:
        if exponent % 2:
            return i[f"s{exponent}"]
        return p.square(self._syndrome(p, i, exponent // 2))


class Update(Part):
    """The rest of an iteration."""

    def __init__(self, code: BchCode, t: int, known: Known) -> None:
        self._code, self._t, self._known = code, t, known
        self._next = known.after(code, t)
        self.levels = dot_levels(code.locator_field, 2)
        before = known.layout(code, t)
        super().__init__({**before, "delta": code.r, "swap": 1}, self._next.layout(code, t))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        k = self._known.k
        p = Products(m, self._code.locator_field, f"update{k}")
        for j in self._next.locator:
            pairs = [(i.gamma, i[f"lambda{j}"])] if j in self._known.locator else []
            pairs += [(i.delta, i[f"b{j}"])] if j in self._known.other else []
            m.d.comb += o[f"lambda{j}"].eq(p.dot(pairs))
        m.d.comb += o.length.eq(Mux(i.swap, 2 * k + 1 - i.length, i.length))
        if self._next.k == self._t:
            return
        for j in self._next.other:
            taken = i[f"lambda{j - 2}"] if j - 2 in self._known.locator else Const(0)
            kept = i[f"b{j - 2}"] if j - 2 in self._known.other else Const(0)
            m.d.comb += o[f"b{j}"].eq(Mux(i.swap, taken, kept))
        m.d.comb += o.gamma.eq(Mux(i.swap, i.delta, i.gamma))
        m.d.comb += [o[name].eq(i[name]) for name in self.after.members if name.startswith("s")]


class Finish(Part):
    """Names the result."""

    def __init__(self, code: BchCode, t: int, known: Known) -> None:
        self._t, self._known = t, known
        self.levels = 2
        super().__init__(known.layout(code, t), last_record(code, t))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        m.d.comb += [o.locator[j].eq(i[f"lambda{j}"]) for j in self._known.locator]
        m.d.comb += [o.degree.eq(i.length), o.fail.eq(i.length > self._t)]
