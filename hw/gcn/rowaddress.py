"""Where a slice of a row stands in the row store."""

from amaranth import Cat, Const, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.lines import ROW_BITS, SLICE_BITS
from pyralis.hw.gcn.matching import address_bits

__all__ = ["RowAddress"]


class RowAddress(wiring.Component):
    """``base + slice * stride + row * columns + column`` for a stream of slices, with what goes along.

    Parameters
    ----------
    column : int
    payload
        Shape of what goes along; None: nothing does.

    Ports
    -----
    base, stride : In(address_bits + 1)
        Constant while a slice is inside.
    input : In(stream of {row, slice, payload})
        ``row``: number in the column.
    output : Out(stream of {address, payload})
    busy : Out(1)
        A slice is inside.

    Timing
    ------
    Two cycles, one slice a cycle.
    """

    def __init__(self, config: GcnConfig, column: int, payload=None) -> None:
        self.config, self.column, self.has_payload = config, column, payload is not None
        bits = address_bits(config)
        along = {"payload": payload} if self.has_payload else {}
        given = data.StructLayout({"row": ROW_BITS, "slice": SLICE_BITS, **along})
        found = data.StructLayout({"address": bits, **along})
        super().__init__({
            "base": In(bits + 1),
            "stride": In(bits + 1),
            "input": In(stream.Signature(given)),
            "output": Out(stream.Signature(found)),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        bits, column_bits = address_bits(self.config), (self.config.columns - 1).bit_length()
        move, valid = Signal(), Signal()
        row, offset = Signal(bits, reset_less=True), Signal(bits, reset_less=True)
        number = Signal(ROW_BITS + column_bits)
        given = self.input.p
        m.d.comb += [
            number.eq(Cat(Const(self.column, column_bits), given.row) if column_bits else given.row),
            move.eq(~self.output.valid | self.output.ready),
            self.input.ready.eq(move | ~valid),
            self.busy.eq(valid | self.output.valid),
        ]
        with m.If(self.input.ready):
            m.d.sync += [
                valid.eq(self.input.valid),
                row.eq(number + self.base),
                offset.eq(given.slice * self.stride),
            ]
        with m.If(move):
            m.d.sync += [
                self.output.valid.eq(valid),
                self.output.p.address.eq(row + offset),
            ]
        if self.has_payload:
            payload = Signal.like(given.payload, reset_less=True)
            with m.If(self.input.ready):
                m.d.sync += payload.eq(given.payload)
            with m.If(move):
                m.d.sync += self.output.p.payload.eq(payload)
        return m
