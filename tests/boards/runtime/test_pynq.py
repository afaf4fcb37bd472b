"""The transport on a Zynq board, with a module in place of PYNQ that behaves as its documentation says.

Its memory has a cache: what is not flushed, the core does not see; what is not invalidated, the processor
does not see.
"""

import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from pyralis.boards.runtime.errors import DriverError, MemoryFullError, TransportError
from pyralis.boards.runtime.pynq import PynqTransport
from pyralis.boards.runtime.snn import SnnDriver
from pyralis.boards.runtime.transport import ResettableTransport


class Array(np.ndarray):
    """An array in the processor's cache over ``memory`` at ``device_address``."""

    def flush(self):
        self.memory[self.device_address : self.device_address + self.nbytes] = self.tobytes()

    def invalidate(self):
        self[:] = np.frombuffer(self.memory, np.uint8, self.nbytes, self.device_address)

    def freebuffer(self):
        self.board.freed.append(self.device_address)

    def __array_finalize__(self, other):
        for name in ("memory", "device_address", "board"):
            setattr(self, name, getattr(other, name, None))


class Board:
    """The module ``pynq`` of a board with one core."""

    Clocks = SimpleNamespace(fclk0_mhz=150.0)

    def __init__(self, core):
        self.core, self.freed, self.asked, self.downloads = core, [], [], 0
        self.fault, self.alignment = None, 4096

    def Overlay(self, path):  # noqa: N802
        if self.fault:
            raise self.fault
        self.asked.append(path)

        def download():
            self.downloads += 1

        cells = {"core": {"phys_addr": 0xA000_0000, "addr_range": 0x1000}, "reset_0": {}}
        return SimpleNamespace(ip_dict=cells, download=download)

    def MMIO(self, base, length):  # noqa: N802
        assert (base, length) == (0xA000_0000, 0x1000)
        return self.core

    def allocate(self, shape, dtype="u4", **settings):
        assert settings == {"cacheable": False} and np.dtype(dtype) == np.uint8
        if shape[0] > 1 << 16:
            raise MemoryError("Failed to allocate Memory!")
        array = np.zeros(shape, np.uint8).view(Array)
        array.memory, array.board = self.core.memory, self
        array.device_address = self.core.window.reserve(shape[0]) // 4096 * self.alignment
        return array


@pytest.fixture
def bitfile(tmp_path):
    for suffix in (".bit", ".hwh"):
        (tmp_path / f"design{suffix}").write_bytes(b"")
    return tmp_path / "design.bit"


@pytest.fixture
def board(small, monkeypatch):
    monkeypatch.setattr("fakecores.BASE", 0)
    board = Board(small.board())
    monkeypatch.setitem(sys.modules, "pynq", board)
    return board


def test_a_network_runs(small, board, bitfile):
    transport = PynqTransport(bitfile)
    assert transport.clock_hz == 150e6 and board.asked == [str(bitfile)]
    board.core.job_seconds = 1e-5  # time of this core passes with every access only
    with SnnDriver(transport, small.map, small.network) as driver:
        driver.load(small.program, small.weights)
        assert (driver.run(small.images) == small.scores).all()
        assert (driver.run(small.images[::-1]) == small.scores[::-1]).all()
    assert len(board.freed) == 4


def test_the_clock_can_be_given(board, bitfile):
    assert PynqTransport(bitfile, clock_hz=1e8).clock_hz == 1e8


def test_buffers(board, bitfile):
    transport = PynqTransport(bitfile)
    buffer = transport.allocate(100)
    assert (buffer.address, buffer.size) == (0, 100)
    assert transport.allocate(10).address == 4096
    buffer.write(b"abc", 5)
    assert board.core.memory[:9] == b"\0\0\0\0\0abc\0"
    board.core.memory[6] = 0x58
    assert buffer.read(3, 5) == b"aXc"
    board.core.memory[7] = 0x59
    buffer.write(b"d", 8)
    assert board.core.memory[5:9] == b"aXYd", "what the core wrote is not overwritten by an old cache line"
    with pytest.raises(TransportError) as caught:
        buffer.read(1, 100)
    assert caught.value.what == "bytes 100 to 100 lie outside of this buffer of 100 bytes"
    buffer.free()
    buffer.free()
    assert board.freed == [0]
    with pytest.raises(TransportError) as caught:
        buffer.read(1)
    assert (caught.value.what, caught.value.hint) == ("this buffer was given back", "allocate another one")


def test_memory_that_is_not_there(board, bitfile):
    transport = PynqTransport(bitfile)
    with pytest.raises(MemoryFullError) as caught:
        transport.allocate(1 << 17)
    assert caught.value.what == "there is no room for 131072 bytes in one piece: Failed to allocate Memory!"
    assert caught.value.hint == (
        "free a buffer, run fewer images at a time, or give Linux more contiguous memory (cma=)"
    )


def test_memory_that_begins_inside_a_page(board, bitfile):
    transport = PynqTransport(bitfile)
    transport.allocate(1)
    board.alignment = 64
    with pytest.raises(TransportError) as caught:
        transport.allocate(1)
    assert caught.value.what == "a buffer begins at 0x40, which is no multiple of 4096"
    assert caught.value.hint == "take PYNQ 3.0, whose buffers do"
    assert board.freed == [64]


def test_time_passes_in_short_pieces(board, bitfile):
    transport = PynqTransport(bitfile)
    began = time.monotonic()
    transport.wait(60)
    transport.wait(0)
    assert time.monotonic() - began < 1
    assert abs(transport.now() - time.monotonic()) < 1


def test_a_reset_loads_the_bitstream_again(board, bitfile):
    transport = PynqTransport(bitfile)
    assert isinstance(transport, ResettableTransport)
    transport.reset()
    assert board.downloads == 1


def test_no_pynq(monkeypatch, bitfile):
    monkeypatch.setitem(sys.modules, "pynq", None)
    with pytest.raises(DriverError) as caught:
        PynqTransport(bitfile)
    assert (caught.value.what, caught.value.hint) == (
        "PYNQ is not installed here",
        "run this on the board, as root, with its own Python (PYNQ 3.0)",
    )


@pytest.mark.parametrize("suffix", [".bit", ".hwh"])
def test_missing_files(board, bitfile, suffix):
    missing = bitfile.with_suffix(suffix)
    missing.unlink()
    with pytest.raises(DriverError) as caught:
        PynqTransport(bitfile)
    assert caught.value.what == f"there is no file {missing}"
    assert caught.value.hint == "build the bitstream, and copy .bit and .hwh to one folder"


def test_another_design(board, bitfile):
    with pytest.raises(DriverError) as caught:
        PynqTransport(bitfile, cell="cores")
    assert (caught.value.what, caught.value.hint) == (
        "the bitstream has no core called 'cores'",
        "did you mean core?",
    )


def test_a_bitstream_that_is_not_loaded(board, bitfile):
    board.fault = OSError("Permission denied")
    with pytest.raises(TransportError) as caught:
        PynqTransport(bitfile)
    assert caught.value.what == "the bitstream design.bit could not be loaded: Permission denied"
    assert caught.value.hint == "run this as root, on the board that the bitstream was built for"
