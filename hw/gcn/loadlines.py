"""Lines of sparse matrices from beats of the bus to the line buffers."""

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.common.words import UnpackWords
from pyralis.hw.gcn.config import INDEX_BITS, LINE
from pyralis.hw.gcn.fork import fork
from pyralis.hw.gcn.gaps import GapDecoder
from pyralis.hw.gcn.lines import LOAD_JOB, LineLayout
from pyralis.hw.gcn.packedlines import PackedLines

__all__ = ["LINE_LOAD", "LineLoader"]

LINE_LOAD = data.StructLayout({
    "start": LOAD_JOB.members["start"],
    "lines": LOAD_JOB.members["lines"],
    "valued": 1,
    "compact": 1,
})
"""``lines`` lines of every stream, at least one, to ``start`` and after it. ``valued``: with values;
``compact``: with short entries (:mod:`pyralis.hw.gcn.program`)."""

_PLAIN = 16 * LINE  # bits of a line without values; half of one with values


class LineLoader(wiring.Component):
    """Gives line i of stream s, which is line ``i * streams + s`` of a load, to line buffer s.

    The lines of a beat belong to different streams, so that all of them are written in one cycle, and those
    of one place of the beat always to the same streams: nothing is rotated.

    Parameters
    ----------
    bus_bits : int
        At most those of a line of every stream, ``128 * streams``.
    streams : int
        Line buffers, a power of two.
    values : bool
        Whether they hold values.
    compact : int, optional
        Bits of an index, or of a gap, in compact lines; 0: there are none.
    gaps : bool, optional
        Whether entries of compact lines are gaps.
    fill : int, optional
        Value of the entries of lines without values. If there is none, these have values that say nothing.

    Ports
    -----
    load : In(stream of LINE_LOAD)
        Taken when the one before is done. ``valued`` only with *values*, ``compact`` only with *compact*.
    beats : In(stream of bus_bits)
        Those of the load. What comes after its last line, and before the next load, is dropped.
    loads : Out(stream of LOAD_JOB), lines : Out(stream of LineLayout), for each stream
    begun : Out(1)
        Pulse: the last line buffer takes its load job.
    done : Out(1)
        Pulse: the last line is taken.

    Timing
    ------
    A beat a cycle while the line buffers take their lines; of lines that are wider than a beat, in as many
    cycles as they have beats. Compact lines come to all streams together, with the last beat that has a part
    of them; where they are of gaps, up to 5 cycles later, while further beats come. Load jobs go in the cycle
    after that of ``load``, lines after them.

    Raises
    ------
    ValueError
        A beat would hold more lines than there are streams, or more compact ones, or less than a plain one.
    """

    def __init__(
        self,
        bus_bits: int,
        streams: int,
        *,
        values: bool,
        compact: int = 0,
        gaps: bool = False,
        fill: int | None = None,
    ) -> None:
        if bus_bits > _PLAIN * streams:
            raise ValueError(f"beats of {bus_bits} bits hold more lines than there are streams ({streams})")
        self.short = (compact + 1) * LINE * streams  # bits of a compact line of every stream
        if compact and not _PLAIN <= bus_bits <= self.short:
            what = f"compact lines must come in beats of {_PLAIN} to {self.short} bits"
            raise ValueError(f"{what}, for {streams} streams, not of {bus_bits}")
        self.bus_bits, self.streams, self.values, self.fill = bus_bits, streams, values, fill
        self.compact, self.gaps = compact, gaps
        super().__init__({
            "load": In(stream.Signature(LINE_LOAD)),
            "beats": In(stream.Signature(bus_bits)),
            "loads": Out(stream.Signature(LOAD_JOB)).array(streams),
            "lines": Out(stream.Signature(LineLayout(values))).array(streams),
            "begun": Out(1),
            "done": Out(1),
        })

    @property
    def parts(self) -> int:
        """Plain lines, or halves of valued ones, that are handed over together."""
        return max(1, self.bus_bits // _PLAIN)

    def elaborate(self, platform) -> Module:
        m = Module()
        load, left = Signal(LINE_LOAD, reset_less=True), Signal.like(self.load.p.lines, reset_less=True)
        at = Signal(max(1, (self.streams - 1).bit_length()))  # stream of the next line
        pieces = stream.Signature(max(self.bus_bits, _PLAIN)).create(path=("pieces",))
        begin, running, moved = Signal(), Signal(), Signal()
        self._pieces(m, pieces, begin)
        offer, lanes = self._lanes(m, pieces, load.valued, running)
        taken = Signal()  # what is offered of the beats goes on
        if self.compact:
            packed = PackedLines(self.bus_bits, self.short)
            there, short = self._compact_lanes(m, packed, begin, moved & load.compact)
            m.d.comb += [
                packed.beats.payload.eq(pieces.payload),
                packed.beats.valid.eq(pieces.valid & running & load.compact),
                taken.eq(Mux(load.compact, packed.beats.ready, moved | ~offer)),
            ]
            offered_lines = Mux(load.compact, running & there, offer)
        else:
            m.d.comb += taken.eq(moved | ~offer)
            offered_lines = offer
        wanted, last = self._turns(m, at, load, moved)
        for s, port in enumerate(self.lines):
            m.d.comb += port.payload.eq(lanes[s % self.parts])
            if self.compact:
                with m.If(load.compact):
                    m.d.comb += port.p.entries.eq(short[s])
                    if self.values and self.fill is None:  # not what further beats bring meanwhile
                        m.d.comb += port.p["values"].eq(0)
        for port in self.loads:
            m.d.comb += [port.p.start.eq(load.start), port.p.lines.eq(load.lines)]
        offered = Signal()
        m.d.comb += self.begun.eq(fork(m, "loads", offered, [Const(1)] * self.streams, self.loads))
        m.d.comb += moved.eq(fork(m, "lines", offered_lines, wanted, self.lines))
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += [self.load.ready.eq(1), begin.eq(self.load.valid), pieces.ready.eq(1)]
                m.d.sync += [load.eq(self.load.p), left.eq(self.load.p.lines), at.eq(0)]
                with m.If(self.load.valid):
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += offered.eq(1)
                with m.If(self.begun):
                    m.next = "RUN"
            with m.State("RUN"):
                m.d.comb += [running.eq(1), pieces.ready.eq(taken)]
                with m.If(moved & last):
                    m.d.sync += left.eq(left - 1)
                    m.d.comb += self.done.eq(left == 1)
                    with m.If(left == 1):
                        m.next = "IDLE"
        return m

    def _pieces(self, m: Module, pieces, begin: Signal) -> None:
        """Beats as they are, or joined to lines."""
        if self.bus_bits >= _PLAIN:
            m.d.comb += [
                pieces.payload.eq(self.beats.payload),
                pieces.valid.eq(self.beats.valid),
                self.beats.ready.eq(pieces.ready),
            ]
            return
        m.submodules.unpack = unpack = UnpackWords(_PLAIN, self.bus_bits)
        connect(m, flipped(self.beats), unpack.beats)
        m.d.comb += [
            unpack.clear.eq(begin),
            pieces.payload.eq(unpack.words.payload),
            pieces.valid.eq(unpack.words.valid),
            unpack.words.ready.eq(pieces.ready),
        ]

    def _lanes(self, m: Module, pieces, valued, running) -> tuple[Signal, list[Signal]]:
        """Whether lines are there, and the line in each place of them: of stream s in place s mod parts."""
        halves = [pieces.payload[_PLAIN * n :][:_PLAIN] for n in range(self.parts)]
        offer = Signal()
        m.d.comb += offer.eq(running & pieces.valid)
        if not self.values:
            return offer, halves
        lanes = []
        if self.parts == 1:  # the first half waits for the second one
            first, waiting = Signal(_PLAIN, reset_less=True), Signal()
            with m.If(~running):
                m.d.sync += waiting.eq(0)
            with m.Elif(pieces.valid & pieces.ready):
                m.d.sync += [waiting.eq(valued & ~waiting), first.eq(halves[0])]
            m.d.comb += offer.eq(running & pieces.valid & (waiting | ~valued))
        for n in range(self.parts):
            lane = Signal(LineLayout(True), name=f"lane_{n}")
            if self.parts == 1:
                plain, entries, values = halves[0], first, halves[0][: 8 * LINE]
            else:
                place = n % (self.parts // 2)  # of the valued line
                plain, entries, values = halves[n], halves[2 * place], halves[2 * place + 1][: 8 * LINE]
            m.d.comb += [lane.entries.eq(Mux(valued, entries, plain)), lane.values.eq(values)]
            if self.fill is not None:
                with m.If(~valued):
                    m.d.comb += lane.values.eq(Cat(Const(self.fill, 8) for _ in range(LINE)))
            lanes.append(lane)
        return offer, lanes

    def _compact_lanes(self, m: Module, packed: PackedLines, clear, takes) -> tuple[Value, list[Value]]:
        """Whether a compact line of every stream is there, and their entries, as wide as others."""
        m.submodules.packed = packed
        m.d.comb += packed.clear.eq(clear)
        if self.gaps:
            # So that a line takes no more cycles than its beats.
            steps = min(LINE, 1 << (self.short // self.bus_bits).bit_length() - 1)
            m.submodules.decoder = decoder = GapDecoder(self.streams, LINE // steps)
            m.d.comb += [
                decoder.clear.eq(clear),
                decoder.rows.payload.eq(packed.rows.payload),
                decoder.rows.valid.eq(packed.rows.valid),
                packed.rows.ready.eq(decoder.rows.ready),
                decoder.lines.ready.eq(takes),
            ]
            return decoder.lines.valid, [decoder.lines.p[s] for s in range(self.streams)]
        m.d.comb += packed.rows.ready.eq(takes)
        size, lanes = self.compact + 1, []
        for s in range(self.streams):
            entries = []
            for k in range(LINE):
                entry = packed.rows.payload[size * (LINE * s + k) :][:size]
                none = entry[self.compact - 3 : self.compact].all()  # see SHORT_ROWS
                index = Cat(entry[: self.compact], none.replicate(INDEX_BITS - self.compact))
                entries.append(Cat(index, entry[self.compact]))
            lanes.append(Cat(entries))
        return packed.rows.valid, lanes

    def _turns(self, m: Module, at: Signal, load, moved: Signal) -> tuple[list, Signal]:
        """Which streams the lines that are there belong to, and whether they are the last of their number."""
        last = Signal()
        valued = load.valued if self.values else Const(0)
        compact = load.compact if self.compact else Const(0)
        forms = [(self.parts, ~valued & ~compact)]
        if self.values:
            forms.append((max(1, self.parts // 2), valued))
        if self.compact:
            forms.append((self.streams, compact))
        turns = [self._turn(m, at, lines, moved & active, last, active) for lines, active in forms]
        wanted = []
        for s in range(self.streams):
            mine = [turn[s] & active for turn, (_, active) in zip(turns, forms, strict=True)]
            wanted.append(Cat(mine).any())
        return wanted, last

    def _turn(self, m: Module, at: Signal, lines: int, moved, last: Signal, active) -> list:
        """The same with *lines* lines at a time; moves on when these have *moved*."""
        if lines == self.streams:
            with m.If(active):
                m.d.comb += last.eq(1)
            return [Const(1)] * self.streams
        low = (lines - 1).bit_length()
        turn = at[low:]
        with m.If(active):
            m.d.comb += last.eq(turn.all())
        with m.If(moved):
            m.d.sync += at.eq(at + lines)
        return [turn == s >> low for s in range(self.streams)]
