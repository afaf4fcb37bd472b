"""Requests from frames: what a frame says, whether it is sound, and its words in block RAM."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.crc.catalog import CRC32_ETHERNET
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.memory import RACELESS
from pyralis.hw.serial.protocol import MAX_WORDS, REQUEST_HEADER_BYTES, Command, Status
from pyralis.hw.serial.slip import RECEIVED_ITEM

__all__ = ["CRC_BYTES", "REQUEST", "WORD_INDEX_BITS", "FrameReceiver"]

CRC_BYTES = 4
WORD_INDEX_BITS = (MAX_WORDS - 1).bit_length()
LONGEST = REQUEST_HEADER_BYTES + 4 * MAX_WORDS + CRC_BYTES

REQUEST = data.StructLayout({
    "status": 4,
    "command": 2,
    "sequence": 8,
    "count": WORD_INDEX_BITS + 1,
    "address": 32,
    "crc": 32,
})
"""``status``: OK, or why the request must not be carried out; of the rest, ``sequence`` alone holds then."""


class FrameReceiver(wiring.Component):
    """Collects a frame and judges it at its end.

    While a request waits for its transfer, the registers and the words belong to it. A frame that comes
    meanwhile counts as damaged; of all that end meanwhile, one request with CHECKSUM and sequence 0 is made
    after the transfer.

    Ports
    -----
    items : In(stream of RECEIVED_ITEM)
        Never waits for ``requests``.
    requests : Out(stream of REQUEST)
        One for each frame that is not empty.
    index : In(7), word : Out(32)
        Words of a WRITE, two cycles after their index.

    Timing
    ------
    ``requests.valid`` 4 cycles after the transfer of a frame's end.
    """

    def __init__(self) -> None:
        super().__init__({
            "items": In(stream.Signature(RECEIVED_ITEM)),
            "requests": Out(stream.Signature(REQUEST)),
            "index": In(WORD_INDEX_BITS),
            "word": Out(32),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        item, request = self.items.p, self.requests.p
        held = self.requests.valid
        m.submodules.crc = crc = CRC32_ETHERNET(8).create()

        # Position in the frame; it stops one byte after the longest frame.
        position = Signal(range(LONGEST + 2))
        sequence, damaged, lost = Signal(8), Signal(), Signal()
        command, count = Signal(8), Signal(16)
        last = Signal(32)  # the last four bytes: a word of the header, of the payload, or the CRC
        latest = Signal(32)
        byte, decide = Signal(), Signal()
        m.d.comb += [
            latest.eq(Cat(last[8:], item.data)),
            crc.data.eq(item.data),
            crc.valid.eq(byte),
            request.crc.eq(last),
            request.command.eq(command),
            request.count.eq(count),
        ]
        with m.FSM():
            with m.State("RECEIVE"):
                m.d.comb += [self.items.ready.eq(1), byte.eq(self.items.valid & ~item.end)]
                with m.If(self.items.valid & item.end & (position != 0)):
                    m.d.sync += damaged.eq(damaged | item.damaged)
                    m.next = "MEASURE"
            with m.State("MEASURE"):
                m.next = "COMPARE"
            with m.State("COMPARE"):
                m.next = "DECIDE"
            with m.State("DECIDE"):
                m.d.comb += [decide.eq(1), crc.start.eq(1)]
                m.d.sync += [position.eq(0), damaged.eq(0), sequence.eq(0)]
                m.next = "RECEIVE"

        with m.If(byte):
            m.d.sync += damaged.eq(damaged | item.damaged | held)
            with m.If(position != LONGEST + 1):
                m.d.sync += position.eq(position + 1)
            with m.If(position == 1):
                m.d.sync += sequence.eq(item.data)
        with m.If(byte & ~held):
            m.d.sync += last.eq(latest)
            with m.If(position == 0):
                m.d.sync += command.eq(item.data)
            with m.If(position == 3):
                m.d.sync += count.eq(latest[16:])
            with m.If(position == 7):
                m.d.sync += request.address.eq(latest)
        self._store(m, byte & ~held, position, latest)
        status = self._judge(m, position, damaged, crc.match_detected, command, count, request.address)

        with m.If(self.requests.ready):
            m.d.sync += held.eq(0)
        with m.If(~held & lost):
            m.d.sync += [held.eq(1), lost.eq(0), request.status.eq(Status.CHECKSUM), request.sequence.eq(0)]
        with m.If(decide & (held | lost)):
            m.d.sync += lost.eq(1)
        with m.Elif(decide):
            m.d.sync += [held.eq(1), request.status.eq(status), request.sequence.eq(sequence)]
        return m

    def _store(self, m: Module, enable, position, latest) -> None:
        """Payload words go to memory as they become complete; so does the CRC after a short payload."""
        # A word is read cycles after it was written: nothing is needed for both at once.
        m.submodules.words = words = Memory(shape=32, depth=MAX_WORDS, init=[], attrs=RACELESS)
        write, read = words.write_port(), words.read_port()
        start, stop = REQUEST_HEADER_BYTES, REQUEST_HEADER_BYTES + 4 * MAX_WORDS
        offset = Signal.like(position)
        m.d.comb += offset.eq(position - start)
        m.d.sync += [
            write.en.eq(enable & (position[:2] == 3) & (position >= start) & (position < stop)),
            write.addr.eq(offset[2:]),
            write.data.eq(latest),
        ]
        fetched = Signal(32, reset_less=True)  # block RAM is slow: not even a reset behind it
        m.d.sync += fetched.eq(read.data)
        m.d.comb += [read.addr.eq(self.index), self.word.eq(fetched)]

    @staticmethod
    def _judge(m: Module, position, damaged, crc_right, command, count, address) -> Signal:
        """Status of a frame, right from three cycles after its last byte on."""
        short, long, wrong_crc, unknown = Signal(), Signal(), Signal(), Signal()
        wrong_count, wrong_length, misaligned, status = Signal(), Signal(), Signal(), Signal(4)
        is_write, is_hello = command == Command.WRITE, command == Command.HELLO
        expected = Signal.like(position)
        least = REQUEST_HEADER_BYTES + CRC_BYTES
        words = count[: WORD_INDEX_BITS + 1]
        m.d.sync += [
            unknown.eq(command > max(Command)),
            wrong_count.eq(~is_hello & ((count == 0) | (count > MAX_WORDS))),
            wrong_crc.eq(~crc_right),
            short.eq(position < least),
            long.eq(position > LONGEST),
            expected.eq(Mux(is_write, (words << 2) + least, least)),
            wrong_length.eq(position != expected),
            misaligned.eq(~is_hello & (address[:2] != 0)),
            status.eq(Status.OK),
        ]
        with m.If(short):
            m.d.sync += status.eq(Status.SHORT)
        with m.Elif(long):
            m.d.sync += status.eq(Status.LONG)
        with m.Elif(damaged | wrong_crc):
            m.d.sync += status.eq(Status.CHECKSUM)
        with m.Elif(unknown):
            m.d.sync += status.eq(Status.COMMAND)
        with m.Elif(wrong_count):
            m.d.sync += status.eq(Status.COUNT)
        with m.Elif(wrong_length):
            m.d.sync += status.eq(Status.LENGTH)
        with m.Elif(misaligned):
            m.d.sync += status.eq(Status.ADDRESS)
        return status
