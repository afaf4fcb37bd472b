"""Rows of the row store to an Aggregation Buffer, for combinations without an aggregation before them."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import INDEX_BITS, GcnConfig
from pyralis.hw.gcn.lines import ROW_BITS, SLICE_BITS
from pyralis.hw.gcn.matching import address_bits
from pyralis.hw.gcn.reserve import ReservedQueue

__all__ = ["FEED_SETTINGS", "Feed"]

_DEPTH = 16  # words on their way: more than a read of the row store takes

FEED_SETTINGS = data.StructLayout({
    "begin": SLICE_BITS,
    "boundary": SLICE_BITS,
    "end": SLICE_BITS,
    "base": INDEX_BITS,
    "stride": INDEX_BITS,
    "second_base": INDEX_BITS,
    "second_stride": INDEX_BITS,
})
"""Slices ``begin`` to ``end - 1`` of each row are fed: that of number s of row v stands at
``base + s * stride + v``, and from ``boundary`` on at ``second_base + (s - boundary) * second_stride + v``.
``begin`` is 0 or ``boundary``."""


class Feed(wiring.Component):
    """Reads all rows of one column in order, each with its slices.

    Parameters
    ----------
    column : int

    Ports
    -----
    settings : In(FEED_SETTINGS), row_count : In(ROW_BITS)
        Constant from ``start`` until ``busy`` falls.
    start : In(1)
        Not while ``busy``. Without rows or slices nothing happens.
    allowed : In(ROW_BITS)
        Groups of ``pe_rows`` rows that may be fed; see :class:`pyralis.hw.gcn.aggbuffer.AggBuffer`. Looked at
        from the second cycle after ``start`` on.
    requests : Out(stream of address), word : In({valid, data})
        See :class:`pyralis.hw.gcn.storeread.StoreReads`.
    rows : Out(stream of {row, slice, data})
    busy : Out(1)
        A row has still to be fed.

    Timing
    ------
    A slice a cycle, if each read is taken at once.
    """

    def __init__(self, config: GcnConfig, column: int) -> None:
        self.config, self.column = config, column
        row = data.StructLayout({"row": ROW_BITS, "slice": SLICE_BITS, "data": config.row_bits})
        super().__init__({
            "settings": In(FEED_SETTINGS),
            "row_count": In(ROW_BITS),
            "start": In(1),
            "allowed": In(ROW_BITS),
            "requests": Out(stream.Signature(address_bits(config))),
            "word": In(wiring.Signature({"valid": Out(1), "data": Out(config.row_bits)})),
            "rows": Out(stream.Signature(row)),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c, settings = self.config, self.settings
        m.submodules.words = words = ReservedQueue(c.row_bits, _DEPTH)
        group_bits = (c.pe_rows - 1).bit_length()
        any_rows, asked, fed, ready = Signal(), Signal(), Signal(), Signal()
        m.d.comb += any_rows.eq((self.row_count != 0) & (settings.begin < settings.end))
        place, asking = self._count(m, "asked", asked, any_rows)
        sent, self_busy = self._count(m, "fed", fed, any_rows)

        # The address goes along with the place: one addition a slice.
        row, slice_offset = Signal(INDEX_BITS), Signal(INDEX_BITS)
        begin = Signal(INDEX_BITS)
        m.d.comb += begin.eq(settings.base)
        with m.If(settings.begin == settings.boundary):
            m.d.comb += begin.eq(settings.second_base)
        with m.If(self.start):
            m.d.sync += [row.eq(self.column), slice_offset.eq(begin)]
        with m.If(asked):
            with m.If(place.last):
                m.d.sync += [row.eq(row + c.columns), slice_offset.eq(begin)]
            with m.Elif(place.slice + 1 == settings.boundary):
                m.d.sync += slice_offset.eq(settings.second_base)
            with m.Elif(place.slice < settings.boundary):
                m.d.sync += slice_offset.eq(slice_offset + settings.stride)
            with m.Else():
                m.d.sync += slice_offset.eq(slice_offset + settings.second_stride)

        # Register between the choice of an address and the row store.
        address, shown, free = Signal(address_bits(c), reset_less=True), Signal(), Signal()
        m.d.sync += ready.eq(~self.start)  # `allowed` of the phase before counts no more
        m.d.comb += [
            free.eq(~shown | self.requests.ready),
            asked.eq(
                asking
                & ready
                & ~self.start
                & free
                & (words.spare != 0)
                & ((place.row >> group_bits) < self.allowed)
            ),
            self.requests.valid.eq(shown),
            self.requests.payload.eq(address),
            words.reserve.eq(asked),
            words.put.eq(self.word.valid),
            words.word.eq(self.word.data),
        ]
        with m.If(free):
            m.d.sync += [shown.eq(asked), address.eq(row + slice_offset)]
        m.d.comb += [
            self.rows.valid.eq(words.output.valid),
            self.rows.p.row.eq(sent.row),
            self.rows.p.slice.eq(sent.slice),
            self.rows.p.data.eq(words.output.payload),
            words.output.ready.eq(self.rows.ready),
            fed.eq(self.rows.valid & self.rows.ready),
            self.busy.eq(self_busy),
        ]
        return m

    def _count(self, m: Module, name: str, step: Signal, any_rows: Signal) -> tuple[Signal, Signal]:
        """Row and slice of the next one, and whether there is one; moved on by *step*."""
        place = Signal(data.StructLayout({"row": ROW_BITS, "slice": SLICE_BITS, "last": 1}), name=name)
        row, index = Signal(ROW_BITS, name=f"{name}_row"), Signal(SLICE_BITS, name=f"{name}_slice")
        left = Signal(name=f"{name}_left")
        settings = self.settings
        m.d.comb += [
            place.row.eq(row),
            place.slice.eq(index),
            place.last.eq(index + 1 == settings.end),
        ]
        with m.If(self.start):
            m.d.sync += [row.eq(0), index.eq(settings.begin), left.eq(any_rows)]
        with m.Elif(step):
            m.d.sync += index.eq(index + 1)
            with m.If(place.last):
                m.d.sync += [index.eq(settings.begin), row.eq(row + 1), left.eq(row + 1 != self.row_count)]
        return place, left
