"""The key equation on one multiplier of GF(2^r): Berlekamp and Massey's algorithm, word after word.

Binary codes need one round for each error (E. R. Berlekamp, Algebraic Coding Theory, 1968, chapter 7).
Round k takes the discrepancy D, the sum of Lambda_j S_(2k + 1 - j), divides it by the discrepancy G of the
last round that changed the length, F = D / G, and adds F T to Lambda. x^2 T follows for T, T being the old
Lambda if the length changes in this round. Lambda_0 stays 1, and 1 / G is needed anew only when the length
changes: the old one divided by F, that is multiplied by F to the power 2^r - 2.

Storage costs more than time here, so words circulate past one multiplier: Lambda_t .. Lambda_0 pass in
places 0 .. t of a turn. Turn 0 of a round sums the discrepancy and divides it in its last place, turn 1
changes Lambda, the others invert. T needs words for T_t .. T_2 only, t - 1 of them, since a new word is
written no earlier than the old one in its place was used.
"""

from dataclasses import dataclass

from amaranth import Cat, Const, Module, Mux, Signal, Value

from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.linear import apply
from pyralis.hw.gf.smallfield import power_rows, product, reduce
from pyralis.hw.gf.step import syndromes

__all__ = ["Binary", "FoldedClock", "FoldedKey", "Johnson", "KeyTiming"]


@dataclass(frozen=True)
class KeyTiming:
    """When what happens: rounds of turns of places.

    Attributes
    ----------
    r : int
        Degree of the locator field.
    t : int
        Errors that are corrected.
    rounds : int
        Errors that the code is able to correct; rounds beyond *t* find out whether the rest of the syndrome
        agrees, and change nothing if so.
    """

    r: int
    t: int
    rounds: int

    @property
    def places(self) -> int:
        """Cycles of a turn: words of Lambda."""
        return self.t + 1

    @property
    def turns(self) -> int:
        """Turns of a round: at least as many as the inversion needs."""
        if self.t == 1:  # no T, so no division
            return 2
        turns = 2 + -(-(self.r - 1) // self.places)
        while 2 * (turns - 1) % (self.t - 1):
            turns += 1
        return turns

    @property
    def round_cycles(self) -> int:
        """Cycles of a round."""
        return self.turns * self.places

    @property
    def cycles(self) -> int:
        """Cycles of the key equation."""
        return self.rounds * self.round_cycles

    def exponents(self, place: int) -> dict[int, int]:
        """Round -> exponent of the syndrome that meets the word in *place*, where there is one."""
        found = {k: 2 * k + 1 - self.t + place for k in range(self.rounds)}
        return {k: exponent for k, exponent in found.items() if exponent > 0}


class Johnson:
    """A counter of *states* states that costs no gates to decode but one each; stands at 0 while *run* is 0.

    A shift register fed back inverted (of an odd number of states: without the state of all ones).
    """

    def __init__(self, m: Module, states: int, *, run: Value, step: Value, name: str) -> None:
        size = states + 1 >> 1 if states > 1 else 0
        bits = Signal(size, name=name, reset_less=True) if size else Const(0, 0)
        self._bits, self._states = bits, states
        if not size:
            return
        back = ~bits[-1] & ~bits[-2] if states % 2 else ~bits[-1]
        following = Cat(back, bits[:-1])
        m.d.sync += bits.eq(Mux(step, following, bits) & run.replicate(size))

    def at(self, state: int) -> Value:
        """Whether the counter stands at *state*."""
        q, half = self._bits, len(self._bits)
        if not half:
            return Const(1, 1)
        if half == 1:
            return q[0] if state else ~q[0]
        if state == 0:
            return ~q[0] & ~q[-1]
        if state < half:
            return q[state - 1] & ~q[state]
        if state == half and self._states % 2 == 0:
            return q[0] & q[-1]
        index = state - half + self._states % 2
        return ~q[index - 1] & q[index]

    def below(self, state: int) -> Value:
        """Whether the counter stands before *state*, which is neither the first one nor beyond the last."""
        q, half = self._bits, len(self._bits)
        if state >= self._states:
            return Const(1, 1)
        if state < half:
            return ~q[-1] & ~q[state - 1]
        if state == half:
            return ~q[-1]
        return ~q[-1] | q[state - half - 1 + self._states % 2]


class Binary:
    """As :class:`Johnson`, with fewer bits and more gates: smaller from 11 states on."""

    def __init__(self, m: Module, states: int, *, run: Value, step: Value, name: str) -> None:
        self._bits = Signal(range(max(states, 2)), name=name, reset_less=True)
        m.d.sync += self._bits.eq((self._bits + step) & run.replicate(len(self._bits)))

    def at(self, state: int) -> Value:
        """Whether the counter stands at *state*."""
        return self._bits == state

    def below(self, state: int) -> Value:
        """Whether the counter stands before *state*."""
        return self._bits < state


class FoldedClock:
    """Where a folded corrector stands: rounds of turns of places, first of the key equation, then on.

    Attributes
    ----------
    timing : KeyTiming
    busy : Signal
    key : Value
        The key equation is being solved.
    search : Value
        Later.
    place, turn, round : Johnson or Binary
    """

    def __init__(self, m: Module, timing: KeyTiming, cycles: int, start: Value) -> None:
        self.timing = timing
        self.busy = Signal()
        self.place = Johnson(m, timing.places, run=self.busy, step=Const(1, 1), name="place")
        turned = Signal()
        m.d.comb += turned.eq(self.place.at(timing.places - 1))
        self.turn = Johnson(m, timing.turns, run=self.busy, step=turned, name="turn")
        self.round_end = Signal()
        self.last = Signal()
        key = Signal()
        rounds = -(-cycles // timing.round_cycles)
        m.d.comb += self.round_end.eq(turned & self.turn.at(timing.turns - 1))
        counter = Johnson if rounds <= 10 else Binary
        self.round = counter(m, rounds, run=self.busy, step=self.round_end, name="round")
        m.d.comb += [key.eq(self.round.below(timing.rounds)), self.last.eq(self.at(cycles - 1))]
        m.d.sync += self.busy.eq(Mux(self.busy, ~self.last, start))
        self.key = self.busy & key
        self.search = self.busy & ~key

    def at(self, cycle: int) -> Value:
        """Whether this is that cycle."""
        number, rest = divmod(cycle, self.timing.round_cycles)
        turn, place = divmod(rest, self.timing.places)
        return self.round.at(number) & self.turn.at(turn) & self.place.at(place)


class FoldedKey:
    """Registers and logic of the key equation.

    Attributes
    ----------
    words : list of Signal
        Lambda_1 .. Lambda_t, at the first place of any turn after the last round.
    following : list of Value
        What the words become while the key equation is being solved.
    change : Signal
        The length changes in this round; valid at its end.
    """

    def __init__(self, m: Module, code: BchCode, t: int, syndrome: Value, clock: FoldedClock) -> None:
        self._m, self._code, self._t = m, code, t
        self._clock = clock
        r = code.r
        self.words = [Signal(r, name=f"lambda_{j}", reset_less=True) for j in range(1, t + 1)]
        self.change, self.shorter = Signal(), Signal()
        place, turn = clock.place, clock.turn
        gather, update, divide = Signal(), Signal(), Signal()
        m.d.comb += [
            gather.eq(clock.key & turn.at(0)),
            update.eq(clock.key & turn.at(1)),
            divide.eq(gather & place.at(t)),
        ]
        head = self.words[-1]
        discrepancy = Signal(r, reset_less=True)
        m.d.comb += self.change.eq(discrepancy.any() & self.shorter)

        # The multiplier: x takes Lambda, the inverse or T, y the syndrome or the discrepancy.
        one = Signal()  # in the first step of an inversion, which only squares
        x, y, result = Signal(r), Signal(r), Signal(r)
        unreduced = Signal(2 * r - 1)
        m.d.comb += [
            y.eq(
                (discrepancy & (divide | ~(gather | one)).replicate(r)) ^ self._select(syndrome, gather) ^ one
            ),
            unreduced.eq(product(x, y)),
            result.eq(reduce(code.locator_field, unreduced)),
        ]
        first = update & clock.round.at(0) & place.at(t - 1)  # T is x before the first round
        if t == 1:
            m.d.comb += x.eq((head & (gather & ~divide).replicate(r)) | divide | first)
        else:
            root = self._inverse(result, one, update)
            shift = self._shifted(head, first, update, gather & clock.round.at(0))
            m.d.comb += x.eq(
                (head & (gather & ~divide).replicate(r))
                | (root & (divide | one | ~(gather | update)).replicate(r))
                | (shift & (update & ~one).replicate(r))
            )
        begin = gather & place.at(0)
        m.d.sync += discrepancy.eq(
            (result & gather.replicate(r)) ^ (discrepancy & ~(begin | divide).replicate(r))
        )

        unit = Signal(r, name="lambda_0", reset_less=True)
        m.d.sync += unit.eq(head ^ (result & (update & ~one).replicate(r)) | ~clock.busy)
        self.following = [unit, *self.words[:-1]]

    def _select(self, syndrome: Value, gather: Value) -> Value:
        """The S_i that belongs to the word at the head, 0 if there is none."""
        clock = self._clock
        uses: dict[int, list[Value]] = {}
        for place in range(self._t + 1):
            for k, exponent in clock.timing.exponents(place).items():
                uses.setdefault(exponent, []).append(clock.round.at(k) & clock.place.at(place))
        chosen = Const(0, self._code.r)
        for exponent, value in syndromes(self._m, self._code, syndrome, uses).items():
            line = Signal(name=f"takes_s{exponent}")
            self._m.d.comb += line.eq(gather & Cat(uses[exponent]).any())
            chosen |= value & line.replicate(self._code.r)
        return chosen

    def _inverse(self, result: Value, one: Signal, update: Value) -> Value:
        """The inverse of the discrepancy at the last change of length; its square root is what is stored."""
        m, clock, code = self._m, self._clock, self._code
        timing, r = clock.timing, code.r
        inversion = Signal()
        steps = [divmod(2 * timing.places + n, timing.places) for n in range(r - 1)]
        whole = {turn for turn, place in steps if (turn, timing.places - 1) in steps}
        lines = [clock.turn.at(turn) for turn in sorted(whole)]
        lines += [clock.turn.at(turn) & clock.place.at(place) for turn, place in steps if turn not in whole]
        root, square = Signal(r, reset_less=True), Signal(r)
        m.d.comb += [
            one.eq(update & clock.place.at(self._t)),
            inversion.eq(clock.key & self.change & (one | Cat(lines).any())),
            square.eq(apply(m, power_rows(code.locator_field, 1), root, name="root_square")),
        ]
        m.d.sync += root.eq(
            (root & (clock.key & ~inversion).replicate(r)) | (result & inversion.replicate(r)) | ~clock.busy
        )
        return square

    def _shifted(self, head: Value, first: Value, update: Value, clear: Value) -> Value:
        """T, the words of which circulate at their own pace: the word that is due."""
        m, r = self._m, self._code.r
        words = [Signal(r, name=f"t_{n}", reset_less=True) for n in range(self._t - 1)]
        due, write = Signal(r), Signal()
        m.d.comb += [due.eq(words[-1] | first), write.eq(update & self.change)]
        # What places 0 and 1 write would pass the end and stays in the register instead. It is 0 as long as
        # the length can still become t or less, so it never counts.
        entering = (head & write.replicate(r)) | (due & ~(write | clear).replicate(r))
        for word, following in zip(words, [entering, *words[:-1]], strict=True):
            m.d.sync += word.eq(following)
        return due
