"""The host's side of the serial protocol, written from its description, and a UART in cocotb."""

import struct
import zlib

import cocotb
from cocotb.queue import Queue
from cocotb.triggers import FallingEdge, Timer

HELLO, READ, WRITE = 0, 1, 2
OK, CHECKSUM, SHORT, LONG, LENGTH, COMMAND, COUNT, ADDRESS, BUS, TIMEOUT = range(10)
LONGEST = 8 + 4 * 128 + 4
CYCLE_PS = 4000
"""Clock of :func:`pyralis.sim.bench.stream.start`."""


def checked(body: bytes) -> bytes:
    """*body* and its CRC."""
    return body + struct.pack("<I", zlib.crc32(body))


def request(command: int, sequence: int, address: int = 0, words=(), count: int | None = None) -> bytes:
    """A request without ENDs and escapes; *count* is the number of words if it is not given."""
    count = len(words) if count is None else count
    header = struct.pack("<BBHI", command, sequence, count, address)
    return checked(header + b"".join(struct.pack("<I", word) for word in words))


def verdict(body: bytes, damaged: bool = False) -> int:
    """Status of a frame before anything is carried out."""
    if len(body) < 12:
        return SHORT
    if len(body) > LONGEST:
        return LONG
    if damaged or struct.unpack("<I", body[-4:])[0] != zlib.crc32(body[:-4]):
        return CHECKSUM
    command, _, count, address = struct.unpack("<BBHI", body[:8])
    if command > WRITE:
        return COMMAND
    if command != HELLO and not 1 <= count <= 128:
        return COUNT
    if len(body) != 12 + 4 * count * (command == WRITE):
        return LENGTH
    if command != HELLO and address % 4:
        return ADDRESS
    return OK


def escape(body: bytes) -> bytes:
    """*body* as it stands between two ENDs."""
    return body.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")


def framed(body: bytes) -> bytes:
    return b"\xc0" + escape(body) + b"\xc0"


def open_reply(coded: bytes) -> tuple[int, int, list[int]]:
    """(status, sequence, words) of what stood between two ENDs; AssertionError unless it is sound."""
    body = coded.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
    assert escape(body) == coded, "escapes that are wrong"
    assert len(body) >= 8 and body == checked(body[:-4]), f"reply {body.hex()} has a wrong CRC"
    status, sequence, count = struct.unpack("<BBH", body[:4])
    assert len(body) == 8 + 4 * count, f"{count} words in {len(body)} bytes"
    return status, sequence, list(struct.unpack(f"<{count}I", body[4:-4]))


def line_levels(coded: bytes) -> list[int]:
    """What *coded* is on a line, a level for each bit's time."""
    return [level for byte in coded for level in (0, *(byte >> n & 1 for n in range(8)), 1)]


def line_bytes(levels: list[int]) -> list[tuple[int, bool]]:
    """(byte, damaged) that a UART makes of a line that is high afterwards."""
    levels, at, found = [*levels, *[1] * 10], 0, []
    while 0 in levels[at:]:
        at = levels.index(0, at)
        byte = sum(level << n for n, level in enumerate(levels[at + 1 : at + 9]))
        at += 9
        found.append((byte, not levels[at]))
        at = levels.index(1, at)
    return found


def decode(coded) -> list[tuple[int | None, bool]]:
    """(byte, or None for the end of a frame; damaged) of (byte, damaged) as they come from a line."""
    items: list[tuple[int | None, bool]] = []
    escaped = False
    for byte, damaged in coded:
        wrong = damaged or escaped
        if byte == 0xC0:
            items.append((None, wrong))
        elif escaped and not damaged and byte in (0xDC, 0xDD):
            items.append((0xC0 if byte == 0xDC else 0xDB, False))
        elif byte == 0xDB and not wrong:
            escaped = True
            continue
        else:
            items.append((byte, wrong))
        escaped = False
    return items


def frames(coded) -> list[tuple[bytes, bool]]:
    """(body, damaged) of the frames in (byte, damaged), without what no END has ended."""
    found: list[tuple[bytes, bool]] = []
    body, spoiled = bytearray(), False
    for byte, damaged in decode(coded):
        spoiled |= damaged
        if byte is not None:
            body.append(byte)
        else:
            if body:
                found.append((bytes(body), spoiled))
            body, spoiled = bytearray(), False
    return found


class Host:
    """Drives ``rx`` and listens to ``tx`` of *dut*.

    Attributes
    ----------
    replies : cocotb Queue of (status, sequence, words)
    starts : list of int
        Time of each start bit on ``tx``, in cycles.
    """

    def __init__(self, dut, divisor: int) -> None:
        self.rx, self.tx, self.bit_ps = dut.rx, dut.tx, divisor * CYCLE_PS
        self.rx.value = 1
        self.replies: Queue = Queue()
        self.starts: list[int] = []
        cocotb.start_soon(self._listen())

    async def send(self, coded: bytes, no_stop=()) -> None:
        """Bytes as they are; those with indices in *no_stop* have none, and the line is high after them."""
        for index, byte in enumerate(coded):
            word = byte << 1 | (index not in no_stop) << 9
            for n in range(10):
                self.rx.value = word >> n & 1
                await Timer(self.bit_ps, unit="ps")
            if index in no_stop:
                self.rx.value = 1
                await Timer(self.bit_ps, unit="ps")

    async def bits(self, levels) -> None:
        """Levels of one bit's length each, and then high."""
        for level in levels:
            self.rx.value = level
            await Timer(self.bit_ps, unit="ps")
        self.rx.value = 1

    async def ask(self, body: bytes) -> tuple[int, int, list[int]]:
        """Sends a request and waits for a reply."""
        await self.send(framed(body))
        return await self.replies.get()

    async def _listen(self) -> None:
        coded, within = bytearray(), False
        while True:
            await FallingEdge(self.tx)
            self.starts.append(round(cocotb.utils.get_sim_time("ps") / CYCLE_PS))
            byte = 0
            await Timer(self.bit_ps // 2, unit="ps")
            assert int(self.tx.value) == 0
            for n in range(8):
                await Timer(self.bit_ps, unit="ps")
                byte |= int(self.tx.value) << n
            await Timer(self.bit_ps, unit="ps")
            assert int(self.tx.value) == 1, "no stop bit"
            if byte != 0xC0:
                assert within, "a byte outside of a frame"
                coded.append(byte)
            elif coded:
                self.replies.put_nowait(open_reply(bytes(coded)))
                coded.clear()
                within = False
            else:
                within = True
