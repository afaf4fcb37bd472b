"""The code on the reduced product: check bits predicted from the operands, compared, and syndromes.

Check bits of C are the p bits of x^p C mod g (arXiv 2306.13347); positions 0 .. p - 1 of a word are its check
bits, data bit j is position p + j.
"""

from collections.abc import Sequence
from typing import Literal

from amaranth import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import karatsuba, linear, product
from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.field import Gf2m

__all__ = [
    "ProductChecker",
    "ProductPredictor",
    "Syndromes",
    "best_predictor",
    "check_rows",
    "product_first",
    "product_first_levels",
]

Form = Literal["product", "lfsr", "rows"]


def check_rows(code: BchCode) -> tuple[int, ...]:
    """Check bits as a map of the m data bits."""
    p, g = code.parity_bits, code.generator
    return linear.linear_rows(lambda c: poly.remainder(c << p, g), code.m, p)


def product_first(m: Module, field: Gf2m, rows: Sequence[int], a: Value, b: Value) -> Value:
    """Map *rows* of the product of *a* and *b*, by an unreduced product of its own."""
    d = karatsuba.karatsuba(m, a, b, karatsuba.best_cut(field.m), name="own")
    return linear.apply(m, _of_unreduced(field, rows), d, name="check")


def product_first_levels(field: Gf2m, rows: Sequence[int]) -> int:
    """Longest path of :func:`product_first` in two-input gates."""
    array = karatsuba.Plan(field.m, karatsuba.best_cut(field.m)).level(0)
    return array + linear.plan(_of_unreduced(field, rows), 2 * field.m - 1).levels


def best_predictor(field: Gf2m, code: BchCode) -> Form:
    """The form with fewer gates as written: "lfsr" for few check bits, else "product"."""
    cut = karatsuba.best_cut(field.m)
    shared = linear.plan(_of_unreduced(field, check_rows(code)), 2 * field.m - 1)
    whole = karatsuba.gates(field.m, cut) + len(shared.gates)
    return "lfsr" if _lfsr_gates(field, code) <= whole else "product"


class ProductPredictor(wiring.Component):
    """Check bits of the product a b, from the operands alone.

    Parameters
    ----------
    field : Gf2m
    code : BchCode
        A product code for the field's m.
    form : {"product", "lfsr", "rows"}
        ``product``: an unreduced product of its own by Karatsuba's method, then one linear map.
        ``lfsr``: check bits of a x^i, one step of a shift register for each i, ANDed with bit i of b; few
        gates for few check bits, and about 1.5 m levels.
        ``rows``: each check bit by gates of its own, as in earlier schemes; many gates, few levels.
    inject : bool
        Adds the port ``flip_p``.

    Ports
    -----
    a, b : In(m)
    flip_p : In(parity_bits)
        XORed onto *p*, with *inject* only.
    p : Out(parity_bits)

    Raises
    ------
    ValueError
        *code* is not a product code for the field's m, or there is no such form.
    """

    def __init__(self, field: Gf2m, code: BchCode, form: Form = "product", inject: bool = False) -> None:
        _check_code(code, field.m)
        if form not in _FORMS:
            raise ValueError(f"form must be one of {', '.join(_FORMS)}, not {form!r}.")
        self.field = field
        self.code = code
        self.form = form
        self.inject = inject
        flip = {"flip_p": In(code.parity_bits)} if inject else {}
        super().__init__({"a": In(field.m), "b": In(field.m), **flip, "p": Out(code.parity_bits)})

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return _FORMS[self.form][1](self.field, self.code) + self.inject

    def elaborate(self, platform) -> Module:
        m = Module()
        value = _FORMS[self.form][0](m, self.field, self.code, self.a, self.b)
        m.d.comb += self.p.eq(value ^ self.flip_p if self.inject else value)
        return m


class ProductChecker(wiring.Component):
    """Predicted check bits against those of the product.

    Ports
    -----
    c : In(m)
    p : In(parity_bits)
        Of :class:`ProductPredictor`.
    residual : Out(parity_bits)
        The word modulo the generator: *p* plus the check bits of *c*.
    error : Out(1)
        The residual is not 0.

    Raises
    ------
    ValueError
        *code* is not a product code for the field's m.
    """

    def __init__(self, field: Gf2m, code: BchCode) -> None:
        _check_code(code, field.m)
        self.code = code
        bits = code.parity_bits
        super().__init__({"c": In(field.m), "p": In(bits), "residual": Out(bits), "error": Out(1)})

    @property
    def rows(self) -> tuple[int, ...]:
        """The residual as a map of c, then p."""
        return tuple(row | 1 << self.code.m + bit for bit, row in enumerate(check_rows(self.code)))

    @property
    def levels(self) -> int:
        """Longest path in two-input gates, to ``error``."""
        inputs = self.code.m + self.code.parity_bits
        return linear.plan(self.rows, inputs).levels + product.tree_levels(self.code.parity_bits)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += [
            self.residual.eq(linear.apply(m, self.rows, Cat(self.c, self.p), name="sum")),
            self.error.eq(self.residual.any()),
        ]
        return m


class Syndromes(wiring.Component):
    """Values of the residual at the channels; these are the values of the word there.

    Ports
    -----
    residual : In(parity_bits)
    syndrome : Out(r * channels)
        Channel index n in bits n * r .. n * r + r - 1.
    """

    def __init__(self, code: BchCode) -> None:
        _check_code(code, code.m)
        self.code = code
        width = code.r * len(code.channels)
        super().__init__({"residual": In(code.parity_bits), "syndrome": Out(width)})

    @property
    def rows(self) -> tuple[int, ...]:
        """The syndrome as a map of the residual."""
        bits = range(self.code.parity_bits)
        return tuple(
            row
            for channel in self.code.channels
            for row in linear.transpose([self.code.column(channel, k) for k in bits], self.code.r)
        )

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return linear.plan(self.rows, self.code.parity_bits).levels

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.syndrome.eq(linear.apply(m, self.rows, self.residual, name="sum"))
        return m


def _check_code(code: BchCode, m: int) -> None:
    if code.kind != "product":
        raise ValueError(f"The code must be a product_code, not a {code.kind}_code; take product_code.")
    if code.m != m:
        raise ValueError(f"The code is for m = {code.m}, but the field has m = {m}.")


def _of_unreduced(field: Gf2m, rows: Sequence[int]) -> tuple[int, ...]:
    """Map *rows* of a reduced product, as a map of the unreduced one."""
    return linear.compose(rows, product.reduction_rows(field))


def _product(m: Module, field: Gf2m, code: BchCode, a: Value, b: Value) -> Value:
    return product_first(m, field, check_rows(code), a, b)


def _product_levels(field: Gf2m, code: BchCode) -> int:
    return product_first_levels(field, check_rows(code))


def _step(field: Gf2m, code: BchCode) -> tuple[int, int, int]:
    """What a bit shifted out adds: of a to a, of a to its check bits, of the check bits to themselves."""
    p, g = code.parity_bits, code.generator
    return field.polynomial ^ 1 << field.m, poly.remainder(field.polynomial << p, g), g ^ 1 << p


def _lfsr(m: Module, field: Gf2m, code: BchCode, a: Value, b: Value) -> Value:
    """Sum over i of b_i times the check bits of a x^i."""
    feed_a, feed_check, feed_self = _step(field, code)
    check = Signal(code.parity_bits, name="check_0")
    m.d.comb += check.eq(linear.apply(m, check_rows(code), a, name="first"))
    terms = [check & b[0].replicate(code.parity_bits)]
    for k in range(1, field.m):
        top, out = a[-1], check[-1]
        after = Signal(field.m, name=f"a_{k}")
        m.d.comb += after.eq(Cat(Const(0, 1), a[:-1]) ^ _gated(top, feed_a, field.m))
        a = after
        after = Signal(code.parity_bits, name=f"check_{k}")
        fed = _gated(top, feed_check, code.parity_bits) ^ _gated(out, feed_self, code.parity_bits)
        m.d.comb += after.eq(Cat(Const(0, 1), check[:-1]) ^ fed)
        check = after
        terms.append(check & b[k].replicate(code.parity_bits))
    return linear.combine(terms)


def _gated(bit: Value, pattern: int, width: int) -> Value:
    return Cat(bit if pattern >> k & 1 else Const(0, 1) for k in range(width))


def _lfsr_levels(field: Gf2m, code: BchCode) -> int:
    """A walk through the steps with the level of every bit."""
    feed_a, feed_check, feed_self = _step(field, code)
    rows = check_rows(code)
    a, check = [0] * field.m, [product.tree_levels(row.bit_count()) for row in rows]
    latest = max(check)
    for _ in range(1, field.m):
        top, out = a[-1], check[-1]
        a = [_joined([v] * (k > 0) + [top] * (feed_a >> k & 1)) for k, v in enumerate([0, *a[:-1]])]
        check = [
            _joined([v] * (k > 0) + [top] * (feed_check >> k & 1) + [out] * (feed_self >> k & 1))
            for k, v in enumerate([0, *check[:-1]])
        ]
        latest = max(latest, *check)
    return latest + 1 + product.tree_levels(field.m)


def _joined(levels: Sequence[int]) -> int:
    """Level of a sum of up to three terms, those that arrive first joined first."""
    if len(levels) < 2:
        return max(levels, default=0)
    _, late, *rest = sorted(levels)
    return max(late + 1, *rest) + 1 if rest else late + 1


def _lfsr_gates(field: Gf2m, code: BchCode) -> int:
    feeds = [pattern.bit_count() - (pattern & 1) for pattern in _step(field, code)]
    bits = code.parity_bits
    first = len(linear.plan(check_rows(code), field.m).gates)
    return first + (field.m - 1) * (sum(feeds) + bits) + field.m * bits


def _rows(m: Module, field: Gf2m, code: BchCode, a: Value, b: Value) -> Value:
    """Each check bit as the sum over j of b_j times a sum of bits of a."""
    bits = []
    for index, row in enumerate(_of_unreduced(field, check_rows(code))):
        sums = Signal(field.m, name=f"sums_{index}")
        masks = [row >> j & (1 << field.m) - 1 for j in range(field.m)]
        m.d.comb += sums.eq(Cat((a & Const(mask, field.m)).xor() for mask in masks))
        bits.append((sums & b).xor())
    return Cat(bits)


def _rows_levels(field: Gf2m, code: BchCode) -> int:
    mask = (1 << field.m) - 1
    longest = max(
        (row >> j & mask).bit_count()
        for row in _of_unreduced(field, check_rows(code))
        for j in range(field.m)
    )
    return product.tree_levels(longest) + 1 + product.tree_levels(field.m)


_FORMS = {
    "product": (_product, _product_levels),
    "lfsr": (_lfsr, _lfsr_levels),
    "rows": (_rows, _rows_levels),
}
