"""Finished rows, put together from parts, behind a pipeline that cannot stop."""

from amaranth import Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from pyralis.hw.gcn.lines import SLICE_BITS

__all__ = ["FinishedRow", "RowQueue"]


class FinishedRow(data.StructLayout):
    """A slice of a row of results: two's complement, or of uint8 zero-extended, to 32 bits."""

    def __init__(self, lanes: int, tag_bits: int) -> None:
        super().__init__({
            "tag": tag_bits,
            "slice": SLICE_BITS,
            "values": data.ArrayLayout(signed(32), lanes),
        })


class RowQueue(wiring.Component):
    """FIFO of *depth* rows, with a count of the places nobody has claimed.

    As :class:`pyralis.hw.gcn.reserve.ReservedQueue`, but a row comes in parts, each of which goes to a memory
    of its own, so that nothing has to keep the first parts until the last one is there.

    Parameters
    ----------
    lanes, tag_bits : int
        See :class:`FinishedRow`.
    part_lanes : int
        Elements of a part: *lanes*, or a power of two below.
    depth : int
        A power of two of at least 2.

    Ports
    -----
    narrow : In(1)
        Rows have one part, the others are 0. Constant while rows are inside.
    reserve : In(1)
        A place is claimed at this edge; not while ``spare`` is 0.
    put : In(1), part : In(range(lanes // part_lanes)), values : In(part_lanes elements), tag, slice : In
        A part of the row in the oldest claimed place that is not full. Parts come in order.
    output : Out(stream of FinishedRow)
    spare : Out(range(depth + 1))
        Places not claimed. A place is free again in the cycle after its row was taken from ``output``.

    Timing
    ------
    Two cycles from the last part to ``output.valid``; a part a cycle.
    """

    def __init__(self, lanes: int, part_lanes: int, tag_bits: int, depth: int) -> None:
        if depth < 2 or depth & (depth - 1):
            raise ValueError(f"depth must be a power of two of at least 2, not {depth}")
        self.lanes, self.part_lanes, self.parts, self.depth = lanes, part_lanes, lanes // part_lanes, depth
        self.row = FinishedRow(lanes, tag_bits)
        super().__init__({
            "narrow": In(1),
            "reserve": In(1),
            "put": In(1),
            "part": In(max(1, ceil_log2(self.parts))),
            "values": In(data.ArrayLayout(signed(32), part_lanes)),
            "tag": In(tag_bits),
            "slice": In(SLICE_BITS),
            "output": Out(stream.Signature(self.row)),
            "spare": Out(range(depth + 1), init=depth),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        head, tail = Signal(range(2 * self.depth)), Signal(range(2 * self.depth))
        row = Signal(self.row, reset_less=True)
        whole, move, taken = Signal(), Signal(), Signal()
        place = data.StructLayout({name: self.row.members[name] for name in ("tag", "slice")})
        m.submodules.places = memory = Memory(shape=place, depth=self.depth, init=[])
        write, read = memory.write_port(), memory.read_port(domain="comb")
        m.d.comb += [
            whole.eq(self.put & (self.narrow | (self.part == self.parts - 1))),
            move.eq(self.output.ready | ~self.output.valid),
            taken.eq(self.output.valid & self.output.ready),
            self.output.payload.eq(row),
            write.en.eq(self.put),
            write.addr.eq(tail[:-1]),
            write.data.tag.eq(self.tag),
            write.data.slice.eq(self.slice),
            read.addr.eq(head[:-1]),
        ]
        m.d.sync += [
            tail.eq(tail + whole),
            self.spare.eq(self.spare - self.reserve + taken),
        ]
        with m.If(move):
            m.d.sync += [
                self.output.valid.eq(head != tail),
                head.eq(head + (head != tail)),
                row.tag.eq(read.data.tag),
                row.slice.eq(read.data.slice),
            ]
        for n in range(self.parts):
            self._part(m, n, row, head, tail, move)
        return m

    def _part(self, m: Module, n: int, row: data.View, head: Signal, tail: Signal, move: Signal) -> None:
        """Memory of part *n* of all rows."""
        memory = Memory(shape=data.ArrayLayout(signed(32), self.part_lanes), depth=self.depth, init=[])
        m.submodules[f"values_{n}"] = memory
        write, read = memory.write_port(), memory.read_port(domain="comb")
        m.d.comb += [
            write.en.eq(self.put & (self.part == n)),
            write.addr.eq(tail[:-1]),
            write.data.eq(self.values),
            read.addr.eq(head[:-1]),
        ]
        lanes = [row["values"][n * self.part_lanes + j] for j in range(self.part_lanes)]
        with m.If(move):
            m.d.sync += [lane.eq(read.data[j]) for j, lane in enumerate(lanes)]
        if n:
            with m.If(self.narrow):
                m.d.sync += [lane.eq(0) for lane in lanes]
