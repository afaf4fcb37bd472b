"""The digit-serial multiplier: a few bits of one operand a cycle, the highest first."""

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import apply, linear_rows
from pyralis.hw.gf.product import schoolbook, tree_levels

__all__ = ["DigitSerial"]


class DigitSerial(wiring.Component):
    """c = a b modulo the field's polynomial f, by Horner's rule over the digits of b.

    Each cycle the partial product is shifted by a digit, the digit times a is added, and what stands above
    bit m - 1 is divided by f. The quotients, one behind the other, are that of the whole division: with them
    c can be traced back to the unreduced product. The remainder is made from the quotient, so that a fault of
    a gate of the quotient is an error of one bit of the unreduced product, in both.

    Parameters
    ----------
    field : Gf2m
    digit : int
        Bits of b a cycle, 1 .. m.
    inject : bool
        Adds the ports ``flip_d`` and ``flip_c``.

    Ports
    -----
    start : In(1), a, b : In(m)
        Operands, taken in a cycle in which ``start`` and ``ready`` are 1.
    ready : Out(1)
        Nothing is in progress.
    done : Out(1)
        1 for one cycle; ``c`` and ``quotient`` hold from then until the next start.
    c : Out(m), quotient : Out(m - 1)
        a b = c + f quotient.
    flip_d : In(2m - 1), flip_c : In(m)
        XORed onto the unreduced product (steady from start to done) and onto ``c``.

    Attributes
    ----------
    cycles : int
        From start to done: m / digit, rounded up.
    levels : int
        Two-input gates on the longest way between registers or ports.

    Timing
    ------
    Latency and initiation interval ``cycles``.

    Raises
    ------
    ValueError
        *digit* is not in 1..m.

    Golden model
    ------------
    :mod:`pyralis.sim.golden.gf.field`, bit exact.
    """

    def __init__(self, field: Gf2m, digit: int, inject: bool = False) -> None:
        n = field.m
        if not 1 <= digit <= n:
            near = 1 if digit < 1 else n
            raise ValueError(f"digit must be in 1..m = 1..{n}, not {digit}; the nearest is {near}.")
        self.field, self.digit, self.inject = field, digit, inject
        self.cycles = -(-n // digit)
        f = field.polynomial
        self._quotient = linear_rows(lambda high: poly.divide(high << n, f)[0], digit, digit)
        self._remainder = linear_rows(
            lambda value: value >> digit ^ poly.multiply(value & (1 << digit) - 1, f) & (1 << n) - 1,
            digit + n,
            n,
        )
        sums = sum(
            max(tree_levels(row.bit_count()) for row in rows) for rows in (self._quotient, self._remainder)
        )
        array = 1 + tree_levels(digit) + sums + (3 if inject else 0)
        hold, choose = 2, 3 if self.cycles > 1 else 0  # of the result; of ports, registers and nothing
        self.levels = choose + array + (self.cycles > 1) + hold
        super().__init__(
            {
                "start": In(1),
                "a": In(n),
                "b": In(n),
                "ready": Out(1),
                "done": Out(1),
                "c": Out(n),
                "quotient": Out(n - 1),
            }
            | ({"flip_d": In(2 * n - 1), "flip_c": In(n)} if inject else {})
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        n, w = self.field.m, self.digit
        busy, take, step = Signal(), Signal(), Signal()
        left = Signal(range(max(self.cycles, 2)))  # digits to come after this cycle's; never of no width
        after = Signal.like(left)
        m.d.comb += [
            self.ready.eq(~busy),
            take.eq(self.start & ~busy),
            step.eq(self.start | busy),
            after.eq(Mux(take, self.cycles - 1, left - 1)),
        ]
        a, digit = self._operands(m, take)
        c, quotient = Signal(n, reset_less=True), Signal(n - 1, reset_less=True)

        before = Mux(take, 0, c)
        partial = Signal(n + w)
        total = (before << w) ^ schoolbook(m, a, digit)
        if self.inject:
            flips = Cat(self.flip_d, Const(0, w))
            low = Mux(after == 0, flips[:n], 0)
            total = total ^ Cat(low, flips[n:].word_select(after, w))
        m.d.comb += partial.eq(total)
        divided = Signal(w)
        m.d.comb += divided.eq(apply(m, self._quotient, partial[n:], name="divided_sum", share=False))
        rest = apply(m, self._remainder, Cat(divided, partial[:n]), name="rest", share=False)
        with m.If(step):
            m.d.sync += [
                c.eq(rest),
                quotient.eq(Cat(divided, Mux(take, 0, quotient))),
                left.eq(after),
                busy.eq(after != 0),
            ]
        m.d.sync += self.done.eq(step & (after == 0))
        m.d.comb += [
            self.c.eq(c ^ self.flip_c if self.inject else c),
            self.quotient.eq(quotient),
        ]
        return m

    def _operands(self, m: Module, take: Value) -> tuple[Value, Value]:
        """The operand a and the digit of b of this cycle; the first digit comes straight from the ports."""
        n, w = self.field.m, self.digit
        digits = Cat(self.b, Const(0, self.cycles * w - n))
        if self.cycles == 1:
            return self.a, digits
        kept, coming = Signal(n, reset_less=True), Signal((self.cycles - 1) * w, reset_less=True)
        a, b = Signal(n, name="a_now"), Signal(self.cycles * w, name="b_now")
        m.d.comb += [a.eq(Mux(take, self.a, kept)), b.eq(Mux(take, digits, coming << w))]
        m.d.sync += [kept.eq(a), coming.eq(b)]
        return a, b[-w:]
