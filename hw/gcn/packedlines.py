"""Lines of short entries from beats of the bus: one line of every stream at a time."""

from math import gcd

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["PackedLines"]


class PackedLines(wiring.Component):
    """Cuts beats, between which nothing is, to rows of lines: the next line of each stream.

    Rows begin at few places of a beat, each a multiple of what divides both sizes. What comes of a row before
    its last beat is kept where it stands in the row, so that a row is offered as soon as its last beat is.

    Parameters
    ----------
    bus_bits : int
    row_bits : int
        Of a row, at least *bus_bits*: with 16 streams 1,280 or 1,664, which is 2.5 or 3.25 beats of 512.

    Ports
    -----
    clear : In(1)
        The next beat begins with a row. What is kept is dropped, and no beat is taken.
    beats : In(stream of bus_bits)
    rows : Out(stream of row_bits)
        Line s of a row in bits ``s * row_bits / streams`` and above.

    Timing
    ------
    A row is offered in the cycle of its last beat, which transfers with it; every other beat is taken at
    once.

    Raises
    ------
    ValueError
        A row is smaller than a beat.
    """

    def __init__(self, bus_bits: int, row_bits: int) -> None:
        if row_bits < bus_bits:
            raise ValueError(f"a row of {row_bits} bits is smaller than a beat of {bus_bits}")
        self.bus_bits, self.row_bits = bus_bits, row_bits
        super().__init__({
            "clear": In(1),
            "beats": In(stream.Signature(bus_bits)),
            "rows": Out(stream.Signature(row_bits)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        unit = gcd(self.bus_bits, self.row_bits)
        places, units = self.bus_bits // unit, self.row_bits // unit  # of a beat, of a row
        beat = [self.beats.payload[unit * n :][:unit] for n in range(places)]
        kept = [Signal(unit, name=f"kept_{w}", reset_less=True) for w in range(units)]
        # The row begins at place `at` of its beat 0; this one is its beat `number`.
        at, number = Signal(range(max(places, 2))), Signal(range(units // places + 2))
        following, last = Signal.like(at), Signal.like(number)
        complete, takes = Signal(), Signal()
        with m.Switch(at):
            for a in range(places):
                with m.Case(a):
                    m.d.comb += [following.eq((a + units) % places), last.eq((a + units - 1) // places)]
        m.d.comb += [
            complete.eq(number == last),
            takes.eq(self.beats.valid & self.beats.ready),
            self.beats.ready.eq((~complete | self.rows.ready) & ~self.clear),
            self.rows.valid.eq(self.beats.valid & complete & ~self.clear),
        ]
        # A last beat is kept as beat 0 of the row that begins behind the end of this one.
        begin, current, after = Signal.like(at), Signal.like(number), Signal.like(number)
        m.d.comb += [
            begin.eq(Mux(complete, following, at)),
            current.eq(Mux(complete, 0, number)),
            after.eq(Mux(complete, following != 0, number + 1)),
        ]
        with m.If(self.clear):
            m.d.sync += [at.eq(0), number.eq(0)]
        with m.Elif(takes):
            m.d.sync += [at.eq(begin), number.eq(after)]
        turned = [Signal(unit, name=f"turned_{q}") for q in range(places)]  # as if the row began at place 0
        with m.Switch(begin):
            for a in range(places):
                with m.Case(a):
                    m.d.comb += [turned[q].eq(beat[(a + q) % places]) for q in range(places)]
        for w in range(units):
            late = Signal(name=f"late_{w}")  # it is in the beat behind the one that it would be in
            m.d.comb += late.eq(begin + w % places >= places)
            with m.If(takes & (current == w // places + late)):
                m.d.sync += kept[w].eq(turned[w % places])
        row = [Signal(unit, name=f"row_{w}") for w in range(units)]
        with m.Switch(at):
            for a in range(places):
                with m.Case(a):
                    final = (a + units - 1) // places
                    for w in range(units):
                        there = beat[(a + w) % places] if (a + w) // places == final else kept[w]
                        m.d.comb += row[w].eq(there)
        m.d.comb += self.rows.payload.eq(Cat(row))
        return m
