"""The key equation of a binary BCH code by Berlekamp and Massey, without inversion, every iteration in gates.

In a binary code every second discrepancy is 0, so iteration k of t takes two syndromes at once:

    Lambda' = gamma Lambda + delta B
    if delta and L <= k:  B' = x^2 Lambda, gamma' = delta, L' = 2k + 1 - L
    else:  B' = x^2 B, gamma' = gamma, L' = L

from Lambda = 1, B = x, gamma = 1, L = 0 (J. L. Massey, "Shift-register synthesis and BCH decoding", IEEE
Trans. Inf. Theory 15(1), 1969; without inversion: I. S. Reed, M. T. Shih, T. K. Truong, "VLSI design of
inverse-free Berlekamp-Massey algorithm", IEE Proc. E 138(5), 1991). It is the algorithm of arXiv 2306.13347,
there folded onto fewer multipliers.

Even and odd parts go through it apart, so only the even part of Lambda is carried along, as E(z) with z = x^2
(:mod:`pyralis.hw.gf.oddseries`), and the odd part comes from it in the end: delta is the coefficient of z^k
of c E, and half of the coefficients are updated. The first two iterations need no product, because their E
and B have coefficients that are 0, 1, c1 or c3, and the last has no B to update. Coefficients of B and E
beyond z^(t/2) are dropped: they differ from 0 only if L exceeds t, below which it never falls again.

Two-input gates and levels of the whole, mapped, at r = 7: t = 3: 726, 28; t = 4: 1,692, 45; t = 5: 2,713, 66.
Determinants (:mod:`pyralis.hw.gf.closed`) are smaller and shallower.
"""

from amaranth import Module, Mux, Signal
from amaranth.hdl import ShapeLike
from amaranth.lib import data

from pyralis.hw.gf import closed
from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.oddseries import Odd, even_names, piece_bits, series, series_names
from pyralis.hw.gf.smallfield import Products, depth, dot_levels
from pyralis.hw.gf.step import Part

__all__ = ["parts"]


def parts(code: BchCode, t: int) -> list[Part]:
    """Parts of the key equation for at most *t* errors; up to t = 2 there is nothing to iterate."""
    if t < 3:
        return closed.parts(code, t)
    found = [*series(code, t), Start(code, t)]
    for k in range(2, t):
        found += [Discrepancy(code, t, k), Update(code, t, k)]
    return [*found, Odd(code, t, {"degree": 3, "fail": 1})]


def _record(code: BchCode, t: int, k: int) -> dict[str, ShapeLike]:
    """What stands before iteration *k*: E, B and gamma, the length L, and those c that are still needed."""
    names = [*series_names(t), *even_names(_even_size(t, k)), "gamma"]
    b_bits = 1 if k == 2 else code.r
    return {
        **dict.fromkeys(names, code.r),
        **{f"b{j}": b_bits for j in range(1, t // 2 + 1)},
        "length": 4,
    }


def _even_size(t: int, k: int) -> int:
    """Coefficients of E before iteration *k*."""
    return min(k, t // 2 + 1)


class Start(Part):
    """The first two iterations."""

    def __init__(self, code: BchCode, t: int) -> None:
        self._r, self._t = code.r, t
        self.levels = depth(code.r) + 3
        super().__init__(series(code, t)[-1].after.members, _record(code, t, 2))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        one, two = Signal(), Signal()  # which discrepancies differ from 0
        m.d.comb += [one.eq(i.c1.any()), two.eq(i.c3.any())]
        m.d.comb += [o[name].eq(i[name]) for name in series_names(self._t)]
        m.d.comb += [
            o.e0.eq(i.c1 | ~one),
            o.e1.eq(i.c3 & one.replicate(self._r)),
            o.b1.eq(two),
            o.gamma.eq(i.c3 | (i.c1 | ~one) & (~two).replicate(self._r)),
            o.length.eq(Mux(one, 1 + two, Mux(two, 3, 0))),
        ]
        if self._t > 3:
            m.d.comb += o.b2.eq(one & ~two)


class Discrepancy(Part):
    """delta of iteration *k*."""

    def __init__(self, code: BchCode, t: int, k: int) -> None:
        self._code, self._t, self._k = code, t, k
        self.levels = dot_levels(code.locator_field, _even_size(t, k), whole=piece_bits(t))
        before = _record(code, t, k)
        super().__init__(before, {**before, "delta": code.r})

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, f"delta{self._k}", piece_bits(self._t))
        pairs = [(i[f"c{2 * (self._k - j) + 1}"], i[f"e{j}"]) for j in range(_even_size(self._t, self._k))]
        m.d.comb += [o[name].eq(i[name]) for name in self.before.members]
        m.d.comb += o.delta.eq(p.dot(pairs))


class Update(Part):
    """The rest of iteration *k*."""

    def __init__(self, code: BchCode, t: int, k: int) -> None:
        self._code, self._t, self._k = code, t, k
        self.levels = max(dot_levels(code.locator_field, 2, whole=piece_bits(t)), depth(code.r) + 5)
        after = _record(code, t, k + 1)
        if k + 1 == t:
            names = [*series_names((t + 1) // 2), *even_names(t // 2 + 1)]
            after = {**dict.fromkeys(names, code.r), "degree": 3, "fail": 1}
        super().__init__({**_record(code, t, k), "delta": code.r}, after)

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, f"update{self._k}", piece_bits(self._t))
        gamma, delta = i.gamma, i.delta
        for j in range(_even_size(self._t, self._k + 1)):
            pairs = [(gamma, i[f"e{j}"])] if j < _even_size(self._t, self._k) else []
            pairs += [(delta, i[f"b{j}"])] if j else []
            m.d.comb += o[f"e{j}"].eq(p.dot(pairs))
        swap, length = Signal(), Signal(4)
        m.d.comb += [
            swap.eq(delta.any() & (i.length <= self._k)),
            length.eq(Mux(swap, 2 * self._k + 1 - i.length, i.length)),
        ]
        m.d.comb += [o[name].eq(i[name]) for name in self.after.members if name.startswith("c")]
        if self._k + 1 == self._t:
            m.d.comb += [o.degree.eq(length), o.fail.eq(length > self._t)]
            return
        m.d.comb += [o.length.eq(length), o.gamma.eq(Mux(swap, delta, gamma)), o.b1.eq(Mux(swap, i.e0, 0))]
        if self._t > 3:
            m.d.comb += o.b2.eq(Mux(swap, i.e1, i.b1))
