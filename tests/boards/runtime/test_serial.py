"""A board behind a serial port: buffers by the byte, reset, and a whole network over a bad line."""

import threading
import time

import pytest
from fakeboard import FakePort, board_of, served

from pyralis.boards.runtime.errors import MemoryFullError, TimeLimitError, TransportError, WrongCoreError
from pyralis.boards.runtime.serial import SerialTransport
from pyralis.boards.runtime.snn import SnnDriver
from pyralis.boards.runtime.transport import BlockTransport, ResettableTransport


@pytest.fixture
def world(small, monkeypatch):
    monkeypatch.setattr("fakecores.BASE", 0)
    core = small.board()
    return core, board_of(core, {"program": small.program, "weights": small.weights})


def opened(board, **settings):
    return SerialTransport(FakePort(board, **settings), 1_000_000, seconds=0.02, attempts=40)


def test_the_board_tells_of_itself(small, world):
    _, board = world
    transport = opened(board)
    assert transport.clock_hz == 62.5e6
    assert {name: (b.address, b.size) for name, b in transport.preloaded.items()} == {
        "program": (0, len(small.program)),
        "weights": (4096, len(small.weights)),
    }
    assert transport.preloaded["weights"].read(len(small.weights)) == small.weights
    assert isinstance(transport, BlockTransport) and isinstance(transport, ResettableTransport)


def test_buffers_take_any_bytes_and_leave_their_neighbours(world):
    core, board = world
    buffer = opened(board).allocate(64)
    assert buffer.address == 8192 and buffer.size == 64
    buffer.write(b"\xaa" * 64)
    model = bytearray(b"\xaa" * 64)
    for offset in range(8):
        for size in range(10):
            data = bytes(range(offset, offset + size))
            buffer.write(data, offset)
            model[offset : offset + size] = data
            assert core.memory[8192:8256] == model
            assert buffer.read(size, offset) == data
    assert buffer.read(64) == bytes(model)
    with pytest.raises(TransportError) as caught:
        buffer.write(bytes(8), 60)
    assert caught.value.what == "bytes 60 to 67 lie outside of this buffer of 64 bytes"
    assert caught.value.hint == "allocate a larger one"


def test_memory_is_given_out_behind_the_contents(world):
    transport = opened(world[1])
    first = transport.allocate(1)
    assert first.address == 8192 and first.size == 4
    assert transport.allocate(5000).address == 12288
    with pytest.raises(
        MemoryFullError, match="the board's memory has 65536, and the largest free piece has 45056"
    ):
        transport.allocate(1 << 16)
    first.free()
    first.free()
    assert transport.allocate(4).address == 8192
    with pytest.raises(TransportError) as caught:
        first.write(b"abc")
    assert (caught.value.what, caught.value.hint) == ("this buffer was given back", "allocate another one")
    transport.preloaded["program"].free()
    assert transport.preloaded["program"].read(8) == bytes(world[0].memory[:8]), "it stays preloaded"
    assert transport.allocate(4).address == 20480


def test_waiting_ends_with_the_interrupt_or_the_time(world):
    _, board = world
    transport = opened(board)
    board.shell[0x20] = 0
    began = time.monotonic()
    transport.wait(0.05)
    assert 0.05 <= time.monotonic() - began < 1
    threading.Timer(0.05, lambda: board.shell.update({0x20: 1})).start()
    began = time.monotonic()
    transport.wait(20)
    assert time.monotonic() - began < 5


def test_the_core_is_reset_by_the_board(world):
    _, board = world
    opened(board).reset()
    assert board.shell["resets"] == 1


@pytest.mark.parametrize("settings", [{}, {"flip": 0.0005, "drop": 0.0005}])
def test_a_network_runs_over_the_line(small, world, settings):
    core, board = world
    board.shell[0x20] = 1
    transport = opened(board, pause=0.0005, seed=5, **settings)
    with SnnDriver(transport, small.map, small.network) as driver:
        driver.load(small.program, small.weights)
        assert driver.written == {"program": 0, "weights": 0}
        core.job_seconds = 1e-5  # time of this core passes with every access only
        assert (driver.run(small.images) == small.scores).all()
        assert driver.counters()["images"] == len(small.images)
    assert (transport.bridge.repeated > 0) == bool(settings)


def test_other_logic_is_refused_and_the_port_closed(world):
    _, board = world
    board.shell[0] = 7
    port = FakePort(board)
    with pytest.raises(
        WrongCoreError, match="the board's own registers begin with 0x00000007, not 0x50794264"
    ):
        SerialTransport(port)
    assert port.closed


def test_a_silent_port_is_closed(world):
    port = FakePort(world[1])
    port.silent = True
    with pytest.raises(TimeLimitError):
        SerialTransport(port, seconds=0.01, attempts=2)
    assert port.closed


def test_closing_twice_closes_once(world):
    transport = opened(world[1])
    transport.close()
    transport.close()


def test_over_a_socket(small, world):
    """The same through pyserial itself, by the URL of a simulated board."""
    _, board = world
    with served(board) as url:
        transport = SerialTransport(url, 1_000_000, seconds=5)
        assert transport.preloaded["weights"].read(len(small.weights)) == small.weights
        buffer = transport.allocate(4000)
        buffer.write(bytes(range(250)) * 16)
        assert buffer.read(4000) == bytes(range(250)) * 16
        assert transport.read(0) == small.map["words"][0]["reset"]
        transport.close()
