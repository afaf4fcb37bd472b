"""Frames in a stream of bytes, and back (RFC 1055, SLIP)."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.serial.protocol import END, ESC, ESC_END, ESC_ESC
from pyralis.hw.serial.uart import RECEIVED_BYTE

__all__ = ["ITEM", "RECEIVED_ITEM", "SlipDecoder", "SlipEncoder"]

ITEM = data.StructLayout({"data": 8, "end": 1})
"""``end``: a frame ends (or begins) here and ``data`` means nothing; else a byte of a frame."""

RECEIVED_ITEM = data.StructLayout({"data": 8, "end": 1, "damaged": 1})
"""``damaged``: of the frame that ends here, or that this byte belongs to, something is not as it was sent."""


class SlipDecoder(wiring.Component):
    """Takes escapes away.

    A damaged byte stays what it is: END ends its frame, which is damaged then, and ESC escapes nothing. After
    ESC, a byte that makes no sense is passed on as damaged; END ends the frame all the same.

    Ports
    -----
    bytes : In(stream of RECEIVED_BYTE)
    items : Out(stream of RECEIVED_ITEM)

    Timing
    ------
    ``items.valid`` one cycle after a byte's transfer; one byte a cycle.
    """

    def __init__(self) -> None:
        super().__init__({
            "bytes": In(stream.Signature(RECEIVED_BYTE)),
            "items": Out(stream.Signature(RECEIVED_ITEM)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        byte, item = self.bytes.p, self.items.p
        escaped = Signal()
        m.d.comb += self.bytes.ready.eq(~self.items.valid | self.items.ready)
        with m.If(self.items.ready):
            m.d.sync += self.items.valid.eq(0)
        with m.If(self.bytes.valid & self.bytes.ready):
            m.d.sync += [
                escaped.eq(0),
                self.items.valid.eq(1),
                item.data.eq(byte.data),
                item.end.eq(byte.data == END),
                item.damaged.eq(byte.damaged | escaped),
            ]
            with m.If(~byte.damaged & escaped & (byte.data == ESC_END)):
                m.d.sync += [item.data.eq(END), item.damaged.eq(0)]
            with m.Elif(~byte.damaged & escaped & (byte.data == ESC_ESC)):
                m.d.sync += [item.data.eq(ESC), item.damaged.eq(0)]
            with m.Elif(~byte.damaged & ~escaped & (byte.data == ESC)):
                m.d.sync += [escaped.eq(1), self.items.valid.eq(0)]
        return m


class SlipEncoder(wiring.Component):
    """Puts escapes where they are needed.

    Ports
    -----
    items : In(stream of ITEM)
    bytes : Out(stream of 8 bits)

    Timing
    ------
    ``bytes.valid`` one cycle after an item's transfer; one byte a cycle.
    """

    def __init__(self) -> None:
        super().__init__({"items": In(stream.Signature(ITEM)), "bytes": Out(stream.Signature(8))})

    def elaborate(self, platform) -> Module:
        m = Module()
        second, code = Signal(), Signal(8)  # the second byte of an escape is owed
        free = ~self.bytes.valid | self.bytes.ready
        m.d.comb += self.items.ready.eq(free & ~second)
        with m.If(free):
            m.d.sync += [self.bytes.valid.eq(second | self.items.valid), second.eq(0)]
            with m.If(second):
                m.d.sync += self.bytes.payload.eq(code)
            with m.Elif(self.items.p.end):
                m.d.sync += self.bytes.payload.eq(END)
            with m.Else():
                m.d.sync += self.bytes.payload.eq(self.items.p.data)
                for special, replacement in ((END, ESC_END), (ESC, ESC_ESC)):
                    with m.If(self.items.valid & (self.items.p.data == special)):
                        m.d.sync += [self.bytes.payload.eq(ESC), code.eq(replacement), second.eq(1)]
        return m
