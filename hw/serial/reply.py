"""Replies to frames: header, words, CRC and escapes."""

from amaranth import Cat, Const, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.crc.catalog import CRC32_ETHERNET
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.memory import RACELESS
from pyralis.hw.serial.frame import WORD_INDEX_BITS
from pyralis.hw.serial.protocol import MAX_WORDS
from pyralis.hw.serial.slip import ITEM

__all__ = ["REPLY", "WRITE_WORD", "ReplySender"]

REPLY = data.StructLayout({"status": 4, "sequence": 8, "count": WORD_INDEX_BITS + 1})
"""Header of a reply; ``count`` words of the memory follow."""

WRITE_WORD = data.StructLayout({"enable": 1, "index": WORD_INDEX_BITS, "data": 32})
"""``data`` becomes word ``index`` at the end of a cycle with ``enable``."""


class ReplySender(wiring.Component):
    """Sends a reply, between two ENDs.

    Ports
    -----
    word : In(WRITE_WORD)
        Fills the memory of words; only while no reply is offered.
    replies : In(stream of REPLY)
        Transferred when all of it has been handed out.
    items : Out(stream of ITEM)

    Timing
    ------
    One item a cycle, but one cycle more before each group of four bytes.
    """

    def __init__(self) -> None:
        super().__init__({
            "word": In(WRITE_WORD),
            "replies": In(stream.Signature(REPLY)),
            "items": Out(stream.Signature(ITEM)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        reply, item = self.replies.p, self.items.p
        m.submodules.crc = crc = CRC32_ETHERNET(8).create()
        # A word is read cycles after it was written: nothing is needed for both at once.
        m.submodules.words = words = Memory(shape=32, depth=MAX_WORDS, init=[], attrs=RACELESS)
        write, read = words.write_port(), words.read_port()
        fetched = Signal(32, reset_less=True)  # block RAM is slow: not even a reset behind it
        m.d.sync += fetched.eq(read.data)
        group, place = Signal(32), Signal(2)  # four bytes, and which of them is next
        index, left, closing = Signal(WORD_INDEX_BITS), Signal(WORD_INDEX_BITS + 1), Signal()
        m.d.comb += [
            write.en.eq(self.word.enable),
            write.addr.eq(self.word.index),
            write.data.eq(self.word.data),
            read.addr.eq(index),
            item.data.eq(group[:8]),
            crc.data.eq(group[:8]),
        ]
        with m.FSM():
            with m.State("IDLE"), m.If(self.replies.valid):
                count = Cat(reply.count, Const(0, 16 - len(reply.count)))
                m.d.comb += crc.start.eq(1)
                m.d.sync += [
                    group.eq(Cat(reply.status, Const(0, 4), reply.sequence, count)),
                    left.eq(reply.count),
                    index.eq(0),
                    closing.eq(0),
                ]
                m.next = "OPEN"
            with m.State("OPEN"):
                m.d.comb += [self.items.valid.eq(1), item.end.eq(1)]
                with m.If(self.items.ready):
                    m.next = "BYTES"
            with m.State("BYTES"):
                m.d.comb += self.items.valid.eq(1)
                with m.If(self.items.ready):
                    m.d.comb += crc.valid.eq(1)
                    m.d.sync += [group.eq(group >> 8), place.eq(place + 1)]
                    with m.If(place == 3):
                        m.next = "NEXT"
            with m.State("NEXT"):
                m.next = "BYTES"
                with m.If(left != 0):
                    m.d.sync += [group.eq(fetched), index.eq(index + 1), left.eq(left - 1)]
                with m.Elif(~closing):
                    m.d.sync += [group.eq(crc.crc), closing.eq(1)]
                with m.Else():
                    m.next = "CLOSE"
            with m.State("CLOSE"):
                m.d.comb += [self.items.valid.eq(1), item.end.eq(1), self.replies.ready.eq(self.items.ready)]
                with m.If(self.items.ready):
                    m.next = "IDLE"
        return m
