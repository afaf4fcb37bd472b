"""A corrector that works for some hundred cycles, and only when there is an error: the least area."""

from amaranth import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.folded_key import FoldedClock, FoldedKey, KeyTiming
from pyralis.hw.gf.linear import apply
from pyralis.hw.gf.serial_search import advance, first_position, roots, search_cycles, shift_rows

__all__ = ["FoldedCorrector"]


class FoldedCorrector(wiring.Component):
    """Corrects up to *t* errors of a product, one after the other.

    Berlekamp and Massey's algorithm on one multiplier (:mod:`pyralis.hw.gf.folded_key`), then Chien's search
    (:mod:`pyralis.hw.gf.serial_search`) in the registers in which the locator was made.

    Ports
    -----
    start : In(1)
        Taken while ``busy`` is 0.
    syndrome : In(r * channels)
        Held by the sender from ``start`` until ``done``.
    busy : Out(1)
    done : Out(1)
        For one cycle, ``busy`` being 0 again; the next start may come with it.
    flips : Out(m)
        What to add to the product; 0 if ``uncorrectable``. Held from ``done`` until the next start.
    corrected, uncorrectable : Out(1)
        Whether a pattern of at most *t* errors has this syndrome, in all channels of the code. Held likewise,
        0 before the first ``done`` and while busy. A syndrome of 0 is the pattern without errors: corrected.

    Timing
    ------
    ``cycles`` from ``start`` to ``done``, whatever the syndrome. Only ``busy``, ``done`` and the flags have a
    reset; two cycles of it put the rest in order.

    Parameters
    ----------
    field : Gf2m
        Of the product.
    code : BchCode
    t : int
        Errors to correct, at most those of the code.
    points : int
        Positions searched in a cycle.

    Raises
    ------
    ValueError
        *t* or *points* is out of range, or the field and the code differ in m.
    """

    def __init__(self, field: Gf2m, code: BchCode, t: int, points: int = 1) -> None:
        if field.m != code.m:
            raise ValueError(f"The field has m = {field.m} and the code m = {code.m}; they must be the same.")
        if not 1 <= t <= code.t:
            raise ValueError(f"t must be in 1..{code.t}, the errors that the code corrects, not {t}.")
        if not 1 <= points <= code.length:
            raise ValueError(f"points must be in 1..{code.length}, the positions of the code, not {points}.")
        self.field, self.code, self.t, self.points = field, code, t, points
        self.timing = KeyTiming(code.r, t, code.t)
        super().__init__({
            "start": In(1),
            "syndrome": In(code.r * len(code.channels)),
            "busy": Out(1),
            "done": Out(1),
            "flips": Out(field.m),
            "corrected": Out(1),
            "uncorrectable": Out(1),
        })

    @property
    def cycles(self) -> int:
        """Cycles from ``start`` to ``done``."""
        pipeline = 1 if self.points == 1 else 2
        return self.timing.cycles + search_cycles(self.code, self.points) + pipeline + 1

    def elaborate(self, platform) -> Module:
        m = Module()
        code, points = self.code, self.points
        clock = FoldedClock(m, self.timing, self.cycles - 1, self.start)
        key = FoldedKey(m, code, self.t, self.syndrome, clock)
        begin = clock.at(self.timing.cycles)
        moving, shifting = Signal(), Signal()
        m.d.comb += [
            self.busy.eq(clock.busy),
            moving.eq(clock.search & ~clock.last),
            shifting.eq(moving & ~begin if points > 1 else moving),
        ]
        m.d.sync += self.done.eq(clock.busy & clock.last)

        moved = advance(m, code, points, key.words)
        for word, turning, other in zip(key.words, key.following, moved, strict=True):
            m.d.sync += word.eq(turning & clock.key.replicate(code.r) | other & moving.replicate(code.r))
        found = self._found(m, roots(m, code, points, key.words), begin, shifting)
        match = self._count(m, clock, key, found)
        flips = Signal(self.field.m, reset_less=True)
        rows = shift_rows(self.field, code, points)
        shifted = apply(m, rows, Cat(flips, found), name="shifted")
        keep = ~clock.busy | clock.last & match
        m.d.sync += flips.eq(shifted & shifting.replicate(len(flips)) | flips & keep.replicate(len(flips)))
        m.d.comb += self.flips.eq(flips)
        return m

    def _found(self, m: Module, wrong: Value, begin: Value, shifting: Value) -> Value:
        """The positions in error: those of the cycle before if there are several, for short paths."""
        found = Signal(self.points)
        if self.points > 1:
            outside = -first_position(self.code, self.points)
            held = Signal(self.points, reset_less=True)
            m.d.sync += held.eq(Cat(wrong[:outside] & (~begin).replicate(outside), wrong[outside:]))
            wrong = held
        m.d.comb += found.eq(wrong & shifting.replicate(self.points))
        return found

    def _count(self, m: Module, clock: FoldedClock, key: FoldedKey, found: Value) -> Value:
        """Compares the errors found with the length; returns whether all are found, valid after the search.

        One counter serves both: rounds less length, then plus the roots. In round k the length L may become
        2 k + 1 - L if it is at most k: then the difference, not negative, changes its sign; else it grows by
        one. A length beyond *t* stays beyond, and the locator has at most *t* roots.
        """
        rounds = self.timing.rounds
        count = Signal(signed(rounds.bit_length() + 1))
        end = clock.key & clock.round_end
        turned = Signal()
        total = Signal(range(self.t + 1))
        m.d.comb += [
            key.shorter.eq(~count[-1]),
            turned.eq(end & key.change),
            total.eq(sum(found[n] for n in range(self.points))),
        ]
        grown = Signal.like(count)
        m.d.comb += grown.eq((count ^ turned.replicate(len(count))) + Mux(end, 1, total))
        match = Signal()
        m.d.comb += match.eq(count == rounds)
        beyond = clock.last & ~match  # makes the count negative, for good
        clear = (self.start & ~clock.busy).replicate(len(count))
        m.d.sync += count.eq(Cat(grown[:-1], grown[-1] | beyond) & ~clear)
        lowest = (rounds & -rounds).bit_length() - 1  # set when all are found, not after reset
        m.d.comb += [
            self.corrected.eq(~clock.busy & ~count[-1] & count[lowest]),
            self.uncorrectable.eq(~clock.busy & count[-1]),
        ]
        return match
