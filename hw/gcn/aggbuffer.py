"""Aggregation Buffer of one column: rows come as they are ready, and leave as groups, skewed."""

from amaranth import Array, Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.lines import ROW_BITS, SLICE_BITS

__all__ = ["FETCH_LATENCY", "AggBuffer", "GroupSettings", "fetch_layout"]

FETCH_LATENCY = 2
"""Cycles from a fetch to the element of PE row 0."""


def _words(config: GcnConfig) -> int:
    """Words of ``lanes`` elements that a PE row has: two chunks of the widest row."""
    return 2 * config.group_bytes // config.lanes


def chunks(config: GcnConfig) -> int:
    """Most groups that are in the buffer at a time."""
    return min(8, _words(config))


def fetch_layout(config: GcnConfig) -> data.StructLayout:
    """One element of every PE row: byte address in the buffer; ``release``: the last one of a group."""
    return data.StructLayout({"address": range(2 * config.group_bytes), "release": 1})


def GroupSettings(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """What holds for a phase.

    ``rows``: of the column. ``slices``: of a row, at least 1. ``stride``: exponent of the words from a group
    to the next; ``2**stride >= slices``, and at least two groups must fit.
    """
    return data.StructLayout({
        "rows": ROW_BITS,
        "slices": SLICE_BITS,
        "stride": range((_words(config) - 1).bit_length()),
    })


class AggBuffer(wiring.Component):
    """Ping-pong buffer between two engines: groups of ``pe_rows`` rows.

    Rows come in any order, and in slices of ``lanes`` elements, each with its number. A group is offered when
    all of its slices are there. It is HyGCN's buffer of two chunks for rows of ``group_bytes``; where rows
    are shorter, the same memory holds 4 or 8 groups, which hides how long it takes to fill and to empty one.

    Ports
    -----
    settings : In(GroupSettings)
        Constant from ``start`` until the last group has been released.
    start : In(1)
        Forgets everything; row 0 comes next.
    rows : In(stream of {row, slice, data})
        A row waits while its group has no chunk. The groups of a column must be begun in order, and rows in
        front of it must not depend on it: see ``allowed``.
    offered : Out(1)
        The next group is complete; without rows, it is complete at once. From two cycles after ``take`` on it
        is about the group after.
    take : In(1)
        The group that is offered will be fetched.
    allowed : Out(ROW_BITS)
        Groups that have, or have had, a chunk: those released and out of the memory, and as many as fit, at
        most 8. Rows of later ones wait: whoever starts work on rows begins no group that is not allowed.
        Of a phase from 2 cycles after its ``start`` on.
    fetch : In(fetch_layout)
        Groups begin at word ``group << stride`` modulo the words of the buffer. Without work,
        ``release`` is 0.
    next_fetch : Out
        The fetch of ``pe_rows`` cycles before.
    elements : Out(ArrayLayout(8, pe_rows))
        Element of PE row i, ``FETCH_LATENCY + i`` cycles after its fetch.

    Timing
    ------
    One slice and one fetch a cycle. A group is offered 4 cycles after its last slice; its chunk is free
    ``pe_rows + 3`` cycles after the fetch that releases it.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        row = data.StructLayout({"row": ROW_BITS, "slice": SLICE_BITS, "data": c.row_bits})
        super().__init__({
            "settings": In(GroupSettings(c)),
            "start": In(1),
            "rows": In(stream.Signature(row)),
            "offered": Out(1),
            "take": In(1),
            "allowed": Out(ROW_BITS),
            "fetch": In(fetch_layout(c)),
            "next_fetch": Out(fetch_layout(c)),
            "elements": Out(data.ArrayLayout(8, c.pe_rows)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        self._released = Signal(ROW_BITS)
        m.d.sync += self.allowed.eq(self._released + self._wraps() + 1)
        written = self._write(m)
        self._read(m)
        self._groups(m, *written)
        return m

    def _write(self, m: Module) -> tuple[Signal, Signal]:
        """Writes slices; returns that one has been written, and the chunk."""
        c = self.config
        row_bits, word_bits = (c.pe_rows - 1).bit_length(), (_words(c) - 1).bit_length()
        number = Signal(ROW_BITS)
        group, ahead, wraps = Signal(ROW_BITS), Signal(ROW_BITS), Signal(range(chunks(c)))
        m.d.comb += [
            number.eq(self.rows.p.row),
            group.eq(number >> row_bits),
            ahead.eq(group - self._released),
            wraps.eq(self._wraps()),
            self.rows.ready.eq(ahead <= wraps),
        ]
        valid, chunk = Signal(), Signal(range(chunks(c)), reset_less=True)
        pe_row, place = Signal(row_bits, reset_less=True), Signal(word_bits, reset_less=True)
        word = Signal(c.row_bits, reset_less=True)
        wrapped = Signal.like(chunk, name="wrapped")
        m.d.comb += wrapped.eq(group & wraps)
        m.d.sync += [
            valid.eq(self.rows.valid & self.rows.ready & ~self.start),
            chunk.eq(wrapped),
            pe_row.eq(number),
            place.eq((group << self.settings.stride) + self.rows.p.slice),
            word.eq(self.rows.p.data),
        ]
        self._memories = []
        for i in range(c.pe_rows):
            m.submodules[f"row_{i}"] = memory = Memory(shape=c.row_bits, depth=_words(c), init=[])
            write = memory.write_port()
            m.d.comb += [write.addr.eq(place), write.data.eq(word), write.en.eq(valid & (pe_row == i))]
            self._memories.append(memory)
        return valid, chunk

    def _wraps(self):
        """Groups that fit, less one: a mask for the number of a group."""
        most = (_words(self.config) - 1) >> self.settings.stride
        return Mux(most > chunks(self.config) - 1, chunks(self.config) - 1, most)

    def _read(self, m: Module) -> None:
        c = self.config
        fetch = self.fetch
        lane_bits = (c.lanes - 1).bit_length()
        for i, memory in enumerate(self._memories):
            late = Signal(fetch_layout(c), name=f"fetch_{i}")
            m.d.sync += late.eq(fetch)
            fetch = late
            read = memory.read_port(domain="comb")
            address = Signal(range(2 * c.group_bytes), name=f"address_{i}")
            m.d.comb += [address.eq(fetch.address), read.addr.eq(address[lane_bits:])]
            element = Signal(8, name=f"element_{i}", reset_less=True)
            lanes = Array(read.data[8 * k : 8 * k + 8] for k in range(c.lanes))
            m.d.sync += element.eq(lanes[address[:lane_bits]])
            m.d.comb += self.elements[i].eq(element)
        m.d.comb += self.next_fetch.eq(fetch)

    def _groups(self, m: Module, written: Signal, chunk: Signal) -> None:
        """Counts slices of each chunk, and tells when the next group is complete."""
        c = self.config
        row_bits = (c.pe_rows - 1).bit_length()
        most = c.pe_rows * (c.group_bytes // c.lanes)
        counts = [Signal(range(most + 1), name=f"slices_{n}") for n in range(chunks(c))]
        wraps, following = Signal(range(chunks(c))), Signal(ROW_BITS)  # the next group to be offered
        whole, rest, wanted = Signal(range(most + 1)), Signal(range(most + 1)), Signal(range(most + 1))
        complete = Signal()
        oldest = Signal.like(chunk, name="oldest")
        leaving = Signal(c.pe_rows + 2)
        rows = Signal(ROW_BITS)
        m.d.comb += rows.eq(self.settings.rows)
        m.d.sync += [
            wraps.eq(self._wraps()),
            whole.eq(self.settings.slices << row_bits),
            rest.eq(self.settings.slices * rows[:row_bits]),
            leaving.eq(Cat(self.fetch.release, leaving)),
        ]
        with m.If(following < rows[row_bits:]):
            m.d.comb += wanted.eq(whole)
        with m.Elif(following == rows[row_bits:]):
            m.d.comb += wanted.eq(rest)
        taken = Signal(ROW_BITS)  # groups taken and not released: they still have their chunks
        m.d.comb += [
            taken.eq(following - self._released),
            complete.eq((Array(counts)[following & wraps] == wanted) & (taken <= wraps)),
            oldest.eq(self._released & wraps),
        ]
        m.d.sync += [
            self.offered.eq(complete & ~self.take),
            following.eq(following + self.take),
            self._released.eq(self._released + leaving[-1]),
        ]
        for n, count in enumerate(counts):
            with m.If(leaving[-1] & (oldest == n)):
                m.d.sync += count.eq(0)
            with m.Elif(written & (chunk == n)):
                m.d.sync += count.eq(count + 1)
            with m.If(self.start):
                m.d.sync += count.eq(0)
        with m.If(self.start):
            m.d.sync += [self._released.eq(0), following.eq(0), leaving.eq(0), self.offered.eq(0)]
