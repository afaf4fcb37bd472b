"""Whether the located errors are all there are: their number, and the syndromes that located nothing."""

from collections.abc import Callable, Sequence
from operator import and_, or_, xor

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import linear
from pyralis.hw.gf.code import MAX_T, BchCode

__all__ = ["RestSyndrome", "RootCount", "Verdict", "rest_channels"]

Gate = Callable[[Value, Value], Value]


def rest_channels(code: BchCode, t: int) -> tuple[int, ...]:
    """Indices of the channels that locating *t* < ``code.t`` errors does not use; at least the last one."""
    used = 1 + max(code.conjugate(odd)[0] for odd in range(1, 2 * t, 2))
    last = len(code.channels)
    return tuple(range(min(used, last - 1), last))


class _Gates:
    """Two-input gates, as a list: operand *k* is an input, or the gate ``k - inputs``."""

    def __init__(self, inputs: int) -> None:
        self.gates: list[tuple[Gate, int, int]] = []
        self.level = [0] * inputs

    def add(self, gate: Gate, a: int, b: int) -> int:
        self.gates.append((gate, a, b))
        self.level.append(1 + max(self.level[a], self.level[b]))
        return len(self.level) - 1

    def earliest(self, operands: list[int], count: int) -> list[int]:
        """Takes the *count* operands of the lowest level out of *operands*."""
        operands.sort(key=lambda k: self.level[k])
        taken, operands[:count] = operands[:count], []
        return taken

    def tree(self, gate: Gate, operands: Sequence[int]) -> int:
        """All *operands* joined."""
        left = list(operands)
        while len(left) > 1:
            left.append(self.add(gate, *self.earliest(left, 2)))
        return left[0]


class RootCount(wiring.Component):
    """How many positions are marked.

    Full adders leave the lowest bit of the number, and a carry for each two. Of at most five marks come at
    most two carries, so whether their number is odd and whether there are any say how many: cheaper than
    adding them.

    Parameters
    ----------
    code : BchCode
    t : int, optional
        Marks that there can be, at most 5, which is the default.

    Ports
    -----
    errors : In(length of the code)
        At most *t* of them are 1, as of a locator polynomial of that degree that is not 0.
    count : Out(3)
        Without meaning if there are more.

    Raises
    ------
    ValueError
        *t* is not in 1..5.
    """

    def __init__(self, code: BchCode, t: int = MAX_T) -> None:
        if not 1 <= t <= MAX_T:
            raise ValueError(f"t must be in 1..{MAX_T}, not {t}.")
        self.code = code
        self.t = t
        super().__init__({"errors": In(code.length), "count": Out(3)})

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        gates, count = self._plan()
        return max(gates.level[k] for k in count)

    def elaborate(self, platform) -> Module:
        m = Module()
        gates, count = self._plan()
        operands: list[Value] = list(self.errors)
        for index, (gate, a, b) in enumerate(gates.gates):
            output = Signal(name=f"gate_{index}")
            m.d.comb += output.eq(gate(operands[a], operands[b]))
            operands.append(output)
        m.d.comb += self.count.eq(Cat(operands[k] for k in count))
        return m

    def _plan(self) -> tuple[_Gates, list[int]]:
        """The gates, and the operands that are the bits of the count."""
        gates = _Gates(self.code.length)
        left, carries = list(range(self.code.length)), []
        if self.t == 1:
            return gates, [gates.tree(or_, left)]
        while len(left) > 1:
            a, b, *more = gates.earliest(left, 3)
            odd, carry = gates.add(xor, a, b), gates.add(and_, a, b)
            for c in more:
                carry = gates.add(or_, carry, gates.add(and_, odd, c))
                odd = gates.add(xor, odd, c)
            left.append(odd)
            carries.append(carry)
        some = gates.tree(or_, carries)
        if self.t < 4:
            return gates, [left[0], some]
        one = gates.tree(xor, carries)
        return gates, [left[0], one, gates.add(xor, some, one)]


class RestSyndrome(wiring.Component):
    """What the located errors give at the channels that did not help to locate them.

    Ports
    -----
    errors : In(length of the code)
    rest : Out(r * number of channels)
        The channels :func:`rest_channels`, the first one lowest.
    """

    def __init__(self, code: BchCode, t: int) -> None:
        self.code = code
        self.t = t
        super().__init__({"errors": In(code.length), "rest": Out(code.r * len(rest_channels(code, t)))})

    @property
    def rows(self) -> tuple[int, ...]:
        """The output as a map of the positions."""
        code = self.code
        return tuple(
            row
            for index in rest_channels(code, self.t)
            for row in linear.transpose(
                [code.column(code.channels[index], k) for k in range(code.length)], code.r
            )
        )

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return linear.plan(self.rows, self.code.length).levels

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.rest.eq(linear.apply(m, self.rows, self.errors, name="sum"))
        return m


class Verdict(wiring.Component):
    """Whether the located errors explain the syndrome.

    A locator of degree L stands for L errors only if all of its L roots are positions of the code. If fewer
    errors are located than the code could (*t* < ``code.t``), the other channels must agree as well; then
    patterns of up to 2 ``code.t`` - *t* errors are never taken for others.

    Ports
    -----
    count : In(3)
        Roots, from :class:`RootCount`.
    degree : In(3), fail : In(1)
        From the key equation.
    error : In(1)
        The syndrome is not 0.
    rest : In(r * number of channels)
        From :class:`RestSyndrome`, with *t* < ``code.t`` only.
    syndrome : In(r * channels)
        With *t* < ``code.t`` only.
    corrected, uncorrectable : Out(1)
        One of them, if ``error``.

    Raises
    ------
    ValueError
        *t* is not in 1..``code.t``.
    """

    def __init__(self, code: BchCode, t: int) -> None:
        if not 1 <= t <= code.t:
            raise ValueError(f"t must be in 1..{code.t}, what the code corrects, not {t}.")
        self.code = code
        self.t = t
        self._rest = rest_channels(code, t) if t < code.t else ()
        more = {"rest": In(code.r * len(self._rest)), "syndrome": In(code.r * len(code.channels))}
        super().__init__({
            "count": In(3),
            "degree": In(3),
            "fail": In(1),
            "error": In(1),
            **(more if self._rest else {}),
            "corrected": Out(1),
            "uncorrectable": Out(1),
        })

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        compared = 3 + self.code.r * len(self._rest)
        return 1 + (compared - 1).bit_length() + 2 + 1

    def elaborate(self, platform) -> Module:
        m = Module()
        wrong = self.count != self.degree
        if self._rest:
            given = Cat(self.syndrome.word_select(index, self.code.r) for index in self._rest)
            wrong |= given != self.rest
        doubt = Signal()
        m.d.comb += [
            doubt.eq(wrong | self.fail),
            self.corrected.eq(self.error & ~doubt),
            self.uncorrectable.eq(self.error & doubt),
        ]
        return m
