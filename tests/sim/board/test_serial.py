"""The simulated serial port: every byte through the line and back, whoever comes and goes, bit errors."""

import random
import time

import pytest
import serial
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.sim.board.serial import SimulatedSerialBoard, build_serial


class Echo(wiring.Component):
    """A board that sends back what it gets, bit by bit."""

    def __init__(self, **more) -> None:
        super().__init__({"rx": In(1), "tx": Out(1, init=1), "lamp": Out(1), **more})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.sync += [self.tx.eq(self.rx), self.lamp.eq(~self.rx)]
        return m


DIVISOR = 5
"""Odd; test_serial_board.py has the smallest even one."""


@pytest.fixture(scope="module")
def bench():
    return build_serial(Echo(), DIVISOR)


@pytest.fixture
def board(bench):
    with SimulatedSerialBoard(bench, seed=7) as board:
        yield board


def port(board, timeout: float = 5.0):
    return serial.serial_for_url(board.url, timeout=timeout)


def exchange(port, data: bytes) -> bytes:
    port.write(data)
    return port.read(len(data))


def test_every_byte_comes_back_in_order(board):
    data = bytes(range(256)) + random.Random(1).randbytes(1000)
    with port(board) as line:
        assert exchange(line, data) == data
        assert exchange(line, b"\x00") == b"\x00"
    counts = board.counts()
    assert (counts["bytes_to"], counts["bytes_from"]) == (1257, 1257)
    assert (counts["flipped_to"], counts["flipped_from"]) == (0, 0)


def test_the_line_is_hardly_idle_while_bytes_wait(board):
    data = bytes(2000)
    with port(board) as line:
        before = board.counts()["cycles"]
        assert exchange(line, data) == data
        passed = board.counts()["cycles"] - before
    assert 1 <= passed / (2000 * 10 * DIVISOR) < 1.3


def test_hosts_come_and_go(board):
    with port(board) as line:
        assert exchange(line, b"first") == b"first"
        line.write(bytes(100))  # and is gone before it comes back
    with port(board, timeout=1) as line:
        while line.read(200):
            pass
        assert exchange(line, b"second") == b"second"


@pytest.mark.parametrize("direction", ["to", "from"])
def test_bits_are_inverted_as_often_as_asked(board, direction):
    data = random.Random(2).randbytes(2000)
    rates = {"to": (0.002, 0.0), "from": (0.0, 0.002)}[direction]
    with port(board, timeout=1) as line:
        board.disturb(*rates)
        heard = exchange(line, data)
        counts = board.counts()
        other = {"to": "from", "from": "to"}[direction]
        assert counts[f"flipped_{other}"] == 0
        assert 20 <= counts[f"flipped_{direction}"] <= 65, "of 20,000 bits on the line"
        different = sum(a != b for a, b in zip(heard, data, strict=False)) + abs(len(data) - len(heard))
        assert heard != data and different > 5
        board.disturb(0.0, 0.0)
        while line.read(100):
            pass
        assert exchange(line, data) == data


def test_a_board_without_traffic_leaves_the_processor_alone(bench):
    with SimulatedSerialBoard(bench) as board, port(board) as line:
        assert exchange(line, b"x") == b"x"
        time.sleep(3)
        before, began = board.counts()["cycles"], time.monotonic()
        time.sleep(1)
        strides = (board.counts()["cycles"] - before) / (200 * DIVISOR)
        assert 3 < strides < 100 * (time.monotonic() - began), "time passes, slowly"
        assert exchange(line, b"y") == b"y"


def test_an_input_that_nobody_drives_is_told():
    with pytest.raises(ValueError, match=r"nothing drives the inputs \['button'\] of the board"):
        build_serial(Echo(button=In(1)), 4)
