"""The key equation of a binary BCH code solved by determinants, without iterations, for t of 1 to 5.

Split the locator into its even and its odd part, Lambda(x) = E(x^2) + x O(x^2), and let z = x^2. The
syndromes of a binary code are the coefficients of S(x) = x Lambda' / Lambda, whose even part is the square of
S. Because x Lambda' is the odd part of Lambda, C = x O / E = S / (1 + S) is odd, and comparing odd parts
gives C = S_odd (1 + C^2), which yields its coefficients one after the other:

    c1 = S1, c3 = S3 + S1 c1^2, c5 = S5 + S3 c1^2, c7 = S7 + S5 c1^2 + S1 c3^2, c9 = S9 + S7 c1^2 + S3 c3^2

What is left is c(z) E(z) = O(z) modulo z^t with deg E <= t/2 and deg O <= (t - 1)/2, a Pade approximation of
half the size of the key equation: at most two linear equations for E, solved by 2 by 2 minors.

    t = 1   E = 1                   t = 4   E = (c3^2 + c1 c5, c1 c7 + c3 c5, c5^2 + c3 c7)
    t = 2   E = (c1, c3)            t = 5   E = (c5^2 + c3 c7, c3 c9 + c5 c7, c7^2 + c5 c9)
    t = 3   E = (c3, c5)

If E_0 = 0, no E of that degree with E(0) = 1 exists, or the rank is smaller: then the solution for t - 2
holds, provided that the other equations agree with it. Both are decided by what is at hand: for t of 4 and 5
the rank is 1 exactly if E_1 = 0 too. That makes ``fail`` and the degree exact also for syndromes of more than
t errors.

The minors are those of W. W. Peterson ("Encoding and error-correction procedures for the Bose-Chaudhuri
codes", IRE Trans. Inf. Theory 6(4), 1960) with their common factors divided out: 15 products and a cube at t
= 5.
"""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data

from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.smallfield import Products, depth, dot_levels, square_levels
from pyralis.hw.gf.step import Part, first_record, last_record, syndromes

__all__ = ["parts"]


def parts(code: BchCode, t: int) -> list[Part]:
    """Parts of the key equation for at most *t* errors."""
    found: list[Part] = [Series(code, t)]
    if t > 3:
        found += [HighSeries(code, t), Even(code, t)]
    return [*found, Select(code, t), Odd(code, t)]


class Series(Part):
    """c1, c3, c5, as many as *t* asks for, and the syndromes that :class:`HighSeries` needs."""

    def __init__(self, code: BchCode, t: int) -> None:
        self._code = code
        self._last = 2 * min(t, 3) - 1
        self._kept = {4: (5, 7), 5: (3, 5, 7, 9)}.get(t, ())
        self.levels = square_levels(code.locator_field) + dot_levels(code.locator_field, 1, 1)
        names = [*_names("c", self._last), *(f"s{k}" for k in self._kept)]
        super().__init__(first_record(code, t), dict.fromkeys(names, code.r))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, "series")
        s = syndromes(m, self._code, i.syndrome, {*range(1, self._last + 1, 2), *self._kept})
        square = p.square(s[1])
        m.d.comb += o.c1.eq(s[1])
        m.d.comb += [o[f"c{k}"].eq(p.dot([(square, s[k - 2])], [s[k]])) for k in range(3, self._last + 1, 2)]
        m.d.comb += [o[f"s{k}"].eq(s[k]) for k in self._kept]


class HighSeries(Part):
    """c7 and, for t = 5, c9."""

    def __init__(self, code: BchCode, t: int) -> None:
        self._code, self._t = code, t
        self.levels = square_levels(code.locator_field) + dot_levels(code.locator_field, 2, 1)
        before = Series(code, t).after.members
        super().__init__(before, dict.fromkeys(_names("c", 2 * t - 1), code.r))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, "high")
        first, third = p.square(i.c1), p.square(i.c3)
        m.d.comb += [o[name].eq(i[name]) for name in _names("c", 5)]
        m.d.comb += o.c7.eq(p.dot([(first, i.s5), (third, i.c1)], [i.s7]))
        if self._t == 5:
            m.d.comb += o.c9.eq(p.dot([(first, i.s7), (third, i.s3)], [i.s9]))


class Even(Part):
    """The minors E_0 .. E_2 for t of 4 and 5, and whether either of the last two c differs from 0."""

    def __init__(self, code: BchCode, t: int) -> None:
        self._code, self._t = code, t
        self.levels = dot_levels(code.locator_field, 2)
        after = dict.fromkeys([*_names("c", t if t % 2 else t - 1), *_even_names(t)], code.r)
        super().__init__(dict.fromkeys(_names("c", 2 * t - 1), code.r), {**after, "rest": 1})

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, "even")
        a, b, c, d = (i[f"c{k}"] for k in range(2 * self._t - 7, 2 * self._t, 2))
        m.d.comb += [
            o.e0.eq(p.dot([(a, c)], [p.square(b)])),
            o.e1.eq(p.dot([(a, d), (b, c)])),
            o.e2.eq(p.dot([(b, d)], [p.square(c)])),
            o.rest.eq((c | d).any()),
        ]
        m.d.comb += [o[name].eq(i[name]) for name in self.after.members if name.startswith("c")]


class Select(Part):
    """E of the largest size that has a solution with E(0) = 1, failure, and what E says of the degree.

    For odd t the lowest bit of the degree is left to :class:`Odd`.
    """

    def __init__(self, code: BchCode, t: int) -> None:
        self._code, self._t = code, t
        self.levels = depth(code.r) + 3 if t > 1 else 0
        before = _before_select(code, t)
        after = dict.fromkeys([*_names("c", t if t % 2 else t - 1), *_even_names(t)], code.r)
        super().__init__(before, {**after, "degree": 3, "fail": 1})

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        m.d.comb += [o[name].eq(i[name]) for name in self.after.members if name.startswith("c")]
        if self._t == 1:
            m.d.comb += o.e0.eq(1)
        elif self._t < 4:
            self._one_size(m, i, o)
        else:
            self._two_sizes(m, i, o)

    def _one_size(self, m: Module, i: data.View, o: data.View) -> None:
        first, second = (i[f"c{k}"] for k in (2 * self._t - 3, 2 * self._t - 1))
        none, more = Signal(), Signal()
        m.d.comb += [
            none.eq(first == 0),
            more.eq(second.any()),
            o.e0.eq(first | none),
            o.e1.eq(second),
            o.fail.eq(none & more),
            o.degree.eq(Cat(0, ~none) if self._t == 3 else Cat(~none & ~more, ~none & more)),
        ]

    def _two_sizes(self, m: Module, i: data.View, o: data.View) -> None:
        first, second = (i[f"c{k}"] for k in (2 * self._t - 7, 2 * self._t - 5))
        none, smaller = Signal(), Signal()  # no solution of the full size; one of the smaller, then
        m.d.comb += [
            none.eq(i.e0 == 0),
            smaller.eq(first.any()),
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


class Odd(Part):
    """O = c E, and the locator from both."""

    def __init__(self, code: BchCode, t: int) -> None:
        self._code, self._t = code, t
        self.levels = dot_levels(code.locator_field, (t + 1) // 2) if t > 1 else 0
        if t % 2:
            self.levels += depth(code.r) + (2 if t > 1 else 0)
        super().__init__(Select(code, t).after.members, last_record(code, t))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, "odd")
        c = [i[name] for name in _names("c", self._t if self._t % 2 else self._t - 1)]
        e = [i[name] for name in _even_names(self._t)]
        size = (self._t + 1) // 2
        if self._t == 1:
            odd = c
        elif self._t == 2:  # E_0 is c1, or c1 is 0
            odd = [p.square(c[0])]
        elif self._t == 3:  # E_0 is c3, or c3 and c5 are 0
            odd = [p.dot([(c[0], e[0])]), p.dot([(c[0], e[1])], [p.square(c[1])])]
        else:
            odd = [p.dot([(c[j], e[k - j]) for j in range(k + 1)]) for k in range(size)]
        m.d.comb += [o.locator[2 * k].eq(value) for k, value in enumerate(e)]
        m.d.comb += [o.locator[2 * k + 1].eq(value) for k, value in enumerate(odd)]
        m.d.comb += [o.degree.eq(i.degree), o.fail.eq(i.fail)]
        if self._t % 2:
            lowest = odd[-1].any()  # the longest solution is odd exactly if its O has the full degree
            for k, value in enumerate([c[0], *odd[1:]][: size - 1]):
                lowest |= value.any() & (i.degree == 2 * k)
            m.d.comb += o.degree.eq(i.degree | lowest)


def _names(letter: str, last: int) -> list[str]:
    """c1, c3 .. or e0, e1 .."""
    return [f"{letter}{k}" for k in range(1, last + 1, 2)]


def _even_names(t: int) -> list[str]:
    return [f"e{k}" for k in range(t // 2 + 1)]


def _before_select(code: BchCode, t: int) -> dict:
    last = Even(code, t) if t > 3 else Series(code, t)
    return last.after.members
