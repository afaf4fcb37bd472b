"""Requests over a port that loses and damages bytes: carried out once, or given up in words."""

import sys
import time

import pytest
from fakeboard import FakeBoard, FakePort

from pyralis.boards.runtime import bridge
from pyralis.boards.runtime.bridge import BridgeClient, open_port
from pyralis.boards.runtime.errors import DriverError, TimeLimitError, TransportError
from pyralis.hw.serial.protocol import CORE, MAX_WORDS, Command

BAUD = 1_000_000


class Core:
    """Counts every write, so that one that is carried out twice shows."""

    def __init__(self):
        self.writes, self.value = [], 5

    def read(self, offset):
        if offset >= 0x100:
            raise LookupError
        return self.value + offset

    def write(self, offset, value):
        if offset >= 0x100:
            raise LookupError
        self.writes.append((offset, value))


def connected(*, attempts=8, seconds=0.03, **settings):
    board = FakeBoard(Core(), bytearray(8192), {})
    port = FakePort(board, **settings)
    return BridgeClient(port, BAUD, seconds=seconds, attempts=attempts), board, port


def test_long_transfers_are_cut_into_frames():
    client, board, _ = connected()
    data = [n * 0x01020304 & 0xFFFFFFFF for n in range(300)]
    client.write(0x100, data)
    assert client.read(0x100, 300) == data
    assert [(command, count) for command, _, count in board.carried_out] == [
        (Command.WRITE, 128),
        (Command.WRITE, 128),
        (Command.WRITE, 44),
        (Command.READ, 128),
        (Command.READ, 128),
        (Command.READ, 44),
    ]
    assert client.repeated == 0 and client.max_words == MAX_WORDS


def test_every_byte_passes():
    client, board, _ = connected()
    client.write(0, [0xC0DBDCDD, 0xDBDBC0C0, 0, 0xFFFFFFFF])
    assert board.memory[:16].hex() == "dddcdbc0" + "c0c0dbdb" + "00000000" + "ffffffff"
    assert client.read(0, 4) == [0xC0DBDCDD, 0xDBDBC0C0, 0, 0xFFFFFFFF]


@pytest.mark.parametrize("settings", [{"flip": 0.004}, {"drop": 0.004}, {"flip": 0.002, "drop": 0.002}])
def test_damage_and_loss_change_nothing_but_the_time(settings):
    client, board, _ = connected(attempts=40, seconds=0.01, seed=3, pause=0.0005, **settings)
    for n in range(150):
        client.write(CORE + 4 * (n % 64), [n])
        assert client.read(CORE + 8, 2) == [13, 17]
    assert board.core.writes == [(4 * (n % 64), n) for n in range(150)], "each once, in order"
    assert client.repeated > 10


def test_equal_writes_are_all_carried_out():
    """Also if so many reads lie between them that the sequence number comes round to the same value."""
    client, board, _ = connected()
    for reads in (0, 254, 255, 256, 511):
        client.write(CORE, [1])
        before = len(board.core.writes)
        for _ in range(reads):
            client.read(CORE, 1)
        client.write(CORE, [1])
        assert len(board.core.writes) == before + 1, reads


def test_late_answers_are_not_taken_for_others():
    client, board, port = connected(seconds=0.02)
    port.delay = 0.06
    board.core.value = 1
    try:
        client.read(CORE, 1)
    except TimeLimitError:
        pass
    port.delay, board.core.value = 0.0, 2
    assert client.read(CORE + 4, 1) == [6]


def test_noise_before_a_request_is_overcome():
    client, board, port = connected()
    for noise in (b"garbage", b"\xdb", b"x" * 3000, b"\xc0\xc0"):
        port.waiting += board.feed(noise)
        assert client.read(CORE, 1) == [5]


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (
            lambda client: client.read(CORE + 0xFC, 2),
            "the board has nothing at address 0x80000100, or it may not be accessed that way",
        ),
        (
            lambda client: client.write(CORE + 0x200, [1]),
            "the board has nothing at address 0x80000200, or it may not be accessed that way",
        ),
    ],
)
def test_refusals_are_sentences(call, what):
    client, _, _ = connected()
    with pytest.raises(TransportError) as caught:
        call(client)
    assert (caught.value.what, caught.value.hint) == (what, "load the bitstream that belongs to this driver")
    assert client.read(CORE, 1) == [5]


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ("COMMAND", "the board does not know the command READ"),
        ("COUNT", "the board does not transfer so many words at once"),
        ("ADDRESS", "the board takes addresses that are multiples of 4 only"),
        ("BUS", "the board has nothing at address 0x80000000, or it may not be accessed that way"),
        ("TIMEOUT", "the board got no answer from its bus at address 0x80000000"),
    ],
)
def test_every_refusal_has_its_sentence(status, what):
    client, board, _ = connected()
    board.carry_out = lambda command, sequence, *rest: board.reply(bridge.Status[status], sequence)
    with pytest.raises(TransportError) as caught:
        client.read(CORE, 1)
    hung, other = "reset the board, and start again", "load the bitstream that belongs to this driver"
    assert (caught.value.what, caught.value.hint) == (what, hung if status == "TIMEOUT" else other)
    assert set(bridge.REFUSED) | set(bridge.DAMAGED) == set(bridge.Status) - {bridge.Status.OK}


def test_nobody_answers():
    port = FakePort(FakeBoard(Core(), bytearray(), {}))
    port.silent = True
    began = time.monotonic()
    with pytest.raises(TimeLimitError) as caught:
        BridgeClient(port, BAUD, seconds=0.02, attempts=3)
    assert caught.value.what == "the board was asked 3 times, and at last there was no answer"
    assert caught.value.hint == "is the bitstream loaded, and is this the right port and baud rate?"
    assert time.monotonic() - began < 1


def test_a_line_that_damages_everything():
    client, _, port = connected(attempts=3)
    port.flip = 1.0
    with pytest.raises((TransportError, TimeLimitError), match="the board was asked 3 times, and at last "):
        client.read(CORE, 1)
    port.flip = 0.0
    assert client.read(CORE, 1) == [5]


@pytest.mark.parametrize(
    ("bad", "last"),
    [("answer", "its answer was damaged"), ("request", "it had got a damaged request (CHECKSUM)")],
)
def test_what_was_damaged_is_said(bad, last):
    client, board, _ = connected(attempts=2)
    answer = board.answer
    if bad == "answer":
        board.answer = lambda frame: answer(frame)[:-1] + b"?"
    else:
        board.answer = lambda frame: answer(frame[:-1] + bytes([frame[-1] ^ 1]))
    with pytest.raises(TransportError) as caught:
        client.read(CORE, 1)
    assert caught.value.what == f"the board was asked 2 times, and at last {last}"
    assert caught.value.hint == "check the cable, and try a lower baud rate"


def test_another_version_of_the_protocol():
    board = FakeBoard(Core(), bytearray(), {})
    board.version = 2
    with pytest.raises(TransportError) as caught:
        BridgeClient(FakePort(board), BAUD)
    assert caught.value.what == "the board speaks version 2 of the protocol, and this driver speaks 1"
    assert caught.value.hint == "take the driver that was made with the bitstream"


def test_a_port_that_goes_away():
    client, _, port = connected()
    client.close()
    assert port.closed
    with pytest.raises(TransportError) as caught:
        client.read(CORE, 1)
    assert caught.value.what == ("the serial port went away: device reports readiness but returned no data")
    assert caught.value.hint == "plug the board in again, and start again"


def test_a_port_that_is_not_there():
    with pytest.raises(TransportError) as caught:
        open_port("/dev/no-such-port", BAUD)
    assert caught.value.what.startswith("the port /dev/no-such-port cannot be opened: ")
    assert caught.value.hint == (
        "is the board plugged in, is this its port, and may you use it (group dialout on Linux)?"
    )
    with pytest.raises(TransportError, match="the port what://x cannot be opened: "):
        open_port("what://x", BAUD)


def test_no_pyserial(monkeypatch):
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(DriverError) as caught:
        open_port("/dev/ttyUSB0", BAUD)
    assert (caught.value.what, caught.value.hint) == (
        "serial ports need pyserial, which is not installed",
        "pip install pyserial",
    )
