"""The key equation of a binary BCH code by determinants, without iterations, for t of 1 to 5.

:mod:`pyralis.hw.gf.oddseries` leaves at most two linear equations for E, which 2 by 2 minors solve:

    t = 1   E = 1                   t = 4   E = (c3^2 + c1 c5, c1 c7 + c3 c5, c5^2 + c3 c7)
    t = 2   E = (c1, c3)            t = 5   E = (c5^2 + c3 c7, c3 c9 + c5 c7, c7^2 + c5 c9)
    t = 3   E = (c3, c5)

If E_0 = 0 the equations have no solution of that size with E(0) other than 0, or they have rank 1: then the
solution for t - 2 holds, provided that the other equations agree with it. The minors decide that too: for t
of 4 and 5 the rank is 1 exactly if E_1 = 0 as well. So ``fail`` and the degree are exact for every syndrome,
also of more than t errors. O comes from the E that was selected.

The minors are those of W. W. Peterson ("Encoding and error-correction procedures for the Bose-Chaudhuri
codes", IRE Trans. Inf. Theory 6(4), 1960) without the factors that his have in common: 15 products and a cube
at t = 5.

Two-input gates and levels of the whole, mapped, at r = 7: t = 1: 7, 3; t = 2: 104, 10; t = 3: 420, 27;
t = 4: 1,038, 37; t = 5: 1,394, 45.
"""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data

from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.oddseries import Odd, even_names, series, series_names
from pyralis.hw.gf.smallfield import Products, depth, dot_levels
from pyralis.hw.gf.step import Part, last_record

__all__ = ["parts"]


def parts(code: BchCode, t: int) -> list[Part]:
    """Parts of the key equation for at most *t* errors."""
    found = series(code, t)
    if t > 3:
        found.append(Even(code, t, found[-1]))
    found.append(Select(code, t, found[-1]))
    found.append(Odd(code, t, {"degree": 3, "fail": 1}, leading=t in (2, 3)))
    return [*found, Degree(code, t)] if t % 2 else found


class Even(Part):
    """The minors E_0 .. E_2 for t of 4 and 5, and whether either of the last two c differs from 0."""

    def __init__(self, code: BchCode, t: int, last: Part) -> None:
        self._code, self._t = code, t
        self.levels = dot_levels(code.locator_field, 2)
        after = dict.fromkeys([*series_names((t + 1) // 2), *even_names(3)], code.r)
        super().__init__(last.after.members, {**after, "rest": 1})

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, "even")
        a, b, c, d = (i[name] for name in series_names(self._t)[-4:])
        m.d.comb += [
            o.e0.eq(p.dot([(a, c)], [p.square(b)])),
            o.e1.eq(p.dot([(a, d), (b, c)])),
            o.e2.eq(p.dot([(b, d)], [p.square(c)])),
            o.rest.eq((c | d).any()),
        ]
        m.d.comb += [o[name].eq(i[name]) for name in series_names((self._t + 1) // 2)]


class Select(Part):
    """E of the largest size that has a solution, failure, and what E says of the degree.

    For odd t the lowest bit of the degree is left to :class:`Degree`.
    """

    def __init__(self, code: BchCode, t: int, last: Part) -> None:
        self._code, self._t = code, t
        self.levels = depth(code.r) + 3 if t > 1 else 0
        after = dict.fromkeys([*series_names((t + 1) // 2), *even_names(t // 2 + 1)], code.r)
        super().__init__(last.after.members, {**after, "degree": 3, "fail": 1})

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        m.d.comb += [o[name].eq(i[name]) for name in series_names((self._t + 1) // 2)]
        if self._t == 1:
            m.d.comb += o.e0.eq(1)
        elif self._t < 4:
            self._one_size(m, i, o)
        else:
            self._two_sizes(m, i, o)

    def _one_size(self, m: Module, i: data.View, o: data.View) -> None:
        first, second = (i[name] for name in series_names(self._t)[-2:])
        none, more = Signal(), Signal()
        m.d.comb += [
            none.eq(first == 0),
            more.eq(second.any()),
            o.e0.eq(first | none),
            o.e1.eq(second),
            o.fail.eq(none & more),
        ]
        if self._t == 3:
            m.d.comb += o.degree.eq(Cat(0, ~none))
        else:
            m.d.comb += o.degree.eq(Cat(~none & ~more, ~none & more))

    def _two_sizes(self, m: Module, i: data.View, o: data.View) -> None:
        first, second = (i[name] for name in series_names(self._t - 2)[-2:])
        none, smaller = Signal(), Signal()  # no solution of the full size; then one for t - 2
        m.d.comb += [
            none.eq(i.e0 == 0),
            smaller.eq(first.any()),
            # Where none is 1, E_0 is 0, and so are E_1 and E_2 unless it is a failure.
            o.e0.eq(i.e0 | first & none.replicate(self._code.r) | none & ~smaller),
            o.e1.eq(i.e1 | second & none.replicate(self._code.r)),
            o.e2.eq(i.e2),
            o.fail.eq(none & (i.e1.any() | ~smaller & i.rest)),
        ]
        if self._t == 5:
            m.d.comb += o.degree.eq(Cat(0, none & smaller, ~none))
        else:
            low, high = second.any(), i.e2.any()
            m.d.comb += o.degree.eq(Mux(none, Cat(smaller & ~low, smaller & low), Cat(~high, ~high, high)))


class Degree(Part):
    """The lowest bit of the degree for odd t: whether O has the full degree of its size."""

    def __init__(self, code: BchCode, t: int) -> None:
        self._t = t
        self.levels = depth(code.r) + (2 if t > 1 else 0)
        super().__init__(last_record(code, t), last_record(code, t))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        lowest = i.locator[self._t].any()
        for degree in range(0, self._t - 1, 2):
            lowest |= i.locator[degree + 1].any() & (i.degree == degree)
        m.d.comb += [o.locator.eq(i.locator), o.degree.eq(i.degree | lowest), o.fail.eq(i.fail)]
