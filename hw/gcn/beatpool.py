"""One memory for the beats of all columns, so that those of a column can be written in runs."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import GcnConfig

__all__ = ["POOL_BEATS", "BeatPool", "pool_place", "pool_promise"]

POOL_BEATS = 16
"""Beats that the pool holds of each column: those of two jobs."""

_PLACE = (POOL_BEATS - 1).bit_length()


def pool_place(config: GcnConfig) -> data.StructLayout:
    """One beat of a column: its number there modulo ``POOL_BEATS``."""
    return data.StructLayout({"valid": 1, "column": range(max(2, config.columns)), "place": _PLACE})


def pool_promise(config: GcnConfig) -> data.StructLayout:
    """So many beats of a column will be read."""
    return data.StructLayout({
        "valid": 1,
        "column": range(max(2, config.columns)),
        "beats": range(POOL_BEATS + 1),
    })


class BeatPool(wiring.Component):
    """Takes one beat a cycle from the columns in turn, and gives one a cycle of any column.

    Ports
    -----
    begin : In(pool_place)
        Place of the first beat of a column, in front of which the column has none in the pool.
    beats : In(ArrayLayout(bus_bits, columns)), last, coming : In(columns), taken : Out(columns)
        See :class:`pyralis.hw.gcn.beatbuilder.BeatBuilder`.
    start : In(1), empty : In(columns)
        A phase begins; columns without a beat.
    there : Out(ArrayLayout(range(POOL_BEATS + 1), columns))
        Beats of each column that can be read and have not been promised.
    ended : Out(columns)
        The last beat of a column has come.
    promise : In(pool_promise)
        Not more than are there.
    read : In(pool_place)
        A beat that was promised; each is read once. ``beat``: one cycle later, until the next read.
    beat : Out(bus_bits)

    Timing
    ------
    A beat is there 5 cycles after it was ``coming``, or later; 4 of a column that is alone. In each direction
    one beat a cycle. Columns that wait are served in turn.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        super().__init__({
            "begin": In(pool_place(c)),
            "beats": In(data.ArrayLayout(c.bus_bits, c.columns)),
            "last": In(c.columns),
            "coming": In(c.columns),
            "taken": Out(c.columns),
            "start": In(1),
            "empty": In(c.columns),
            "there": Out(data.ArrayLayout(range(POOL_BEATS + 1), c.columns)),
            "ended": Out(c.columns),
            "promise": In(pool_promise(c)),
            "read": In(pool_place(c)),
            "beat": Out(c.bus_bits),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        m.submodules.memory = memory = Memory(shape=c.bus_bits, depth=c.columns * POOL_BEATS, init=[])
        m.submodules.places = places = Memory(shape=_PLACE, depth=max(2, c.columns), init=[])
        write, read = memory.write_port(), memory.read_port()
        m.d.comb += [
            read.en.eq(self.read.valid),
            read.addr.eq(Cat(self.read.place, self.read.column)),
            self.beat.eq(read.data),
        ]
        column, some = self._choose(m)
        # What was chosen one cycle ago leaves its column, and is written one cycle later.
        place, next_place = places.read_port(domain="comb"), places.write_port()
        moved, last = Signal(c.columns), Signal(reset_less=True)
        m.d.comb += [
            place.addr.eq(column),
            next_place.en.eq(some | self.begin.valid),
            next_place.addr.eq(Mux(self.begin.valid, self.begin.column, column)),
            next_place.data.eq(Mux(self.begin.valid, self.begin.place, place.data + 1)),
        ]
        address, beat = Signal.like(write.addr, reset_less=True), Signal(c.bus_bits, reset_less=True)
        beats = Signal(c.columns * c.bus_bits)
        m.d.comb += beats.eq(self.beats)
        m.d.sync += [
            moved.eq(self.taken),
            address.eq(Cat(place.data, column)),
            last.eq(self.last.bit_select(column, 1)),
            beat.eq(beats.word_select(column, c.bus_bits)),
        ]
        m.d.comb += [write.en.eq(moved.any()), write.addr.eq(address), write.data.eq(beat)]
        self._count(m, moved, last)
        return m

    def _choose(self, m: Module) -> tuple[Signal, Signal]:
        """Chooses a column whose beat leaves in the next cycle.

        Returns the number of that which leaves now, as ``taken`` has it, and whether there is one.
        """
        columns = self.config.columns
        waiting, able, chosen = Signal(columns), Signal(columns), Signal(columns)
        later, turn, served = Signal(columns), Signal(columns), Signal(columns)
        self._room = Signal(columns)
        # In turn, among those that have waited for a cycle. When nobody has, the column that was served last
        # may go on at once: to choose among all that come just now would be a long path.
        m.d.comb += [
            able.eq(self.coming & self._room),
            later.eq(waiting & (~served + 1) & ~served),  # those behind the one that was served last
            turn.eq(Mux(later.any(), later & (~later + 1), waiting & (~waiting + 1))),
            chosen.eq(Mux(waiting.any(), turn, able & served)),
        ]
        column, some = Signal(range(max(2, columns))), Signal()
        number = [Cat(turn[n] for n in range(columns) if n >> bit & 1).any() for bit in range(len(column))]
        m.d.sync += [
            waiting.eq(able & ~chosen),
            self.taken.eq(chosen),
            some.eq(chosen.any()),
        ]
        with m.If(waiting.any()):
            m.d.sync += [served.eq(turn), column.eq(Cat(number))]
        return column, some

    def _count(self, m: Module, moved: Signal, last: Signal) -> None:
        """Of each column, places that are free (those of ``taken`` included), and beats that are there."""
        for n in range(self.config.columns):
            free = Signal(range(POOL_BEATS + 1), init=POOL_BEATS, name=f"free_{n}")
            there = Signal(range(POOL_BEATS + 1), name=f"there_{n}")
            is_read, promised = Signal(name=f"is_read_{n}"), Signal.like(there, name=f"promised_{n}")
            m.d.comb += [
                self._room[n].eq(Mux(self.taken[n], free > 1, free != 0)),
                self.there[n].eq(there),
                is_read.eq(self.read.valid & (self.read.column == n)),
            ]
            with m.If(self.promise.valid & (self.promise.column == n)):
                m.d.comb += promised.eq(self.promise.beats)
            m.d.sync += [free.eq(free - self.taken[n] + is_read), there.eq(there + moved[n] - promised)]
            with m.If(self.start):
                m.d.sync += self.ended[n].eq(self.empty[n])
            with m.Elif(moved[n] & last):
                m.d.sync += self.ended[n].eq(1)
