"""A board behind a serial port, all of it RTL: the driver with pyserial at the other end of the line.

The multiplier stands for all cores here, because it is built quickly; test_digits.py has the spiking core.
"""

import json
import subprocess
import sys

import pytest

from pyralis.boards.runtime.errors import TimeLimitError, TransportError, WrongCoreError
from pyralis.boards.runtime.gf import GfDriver
from pyralis.boards.runtime.serial import SerialTransport
from pyralis.boards.runtime.validate import validate
from pyralis.boards.ulx3s import BOARD
from pyralis.gen.boards.deploy import deploy
from pyralis.gen.boards.designs import gf
from pyralis.gen.emit.registers import to_json
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.registers import register_map as snn_map
from pyralis.sim.board.serial import SimulatedSerialBoard, build_board

CONFIG = GfConfig(m=16, t=2, correct=2, inject=True, separate_operands=True)
DESIGN = gf.design(CONFIG)

PATIENT = 500
"""Bits a second that a driver believes in: it waits for them, and this machine may have other work."""

HASTY = 20_000
"""The same where answers get lost, and every one of them is waited for."""


@pytest.fixture(scope="module")
def bench():
    return build_board(BOARD, DESIGN)


@pytest.fixture
def board(bench):
    with SimulatedSerialBoard(bench, seed=3) as board:
        yield board


def driver(board, baud: int = PATIENT, **settings) -> GfDriver:
    transport = SerialTransport(board.url, baud, **settings)
    return GfDriver(transport, json.loads(to_json(DESIGN.registers)))


def samples(count: int):
    return gf.samples(CONFIG, count)


def test_validate_of_the_deploy_folder_runs_unchanged(board, tmp_path):
    """A process of its own, without Pyralis on its path, and nothing between it and the line but a socket."""
    deploy(BOARD, DESIGN, tmp_path, tmp_path / "build")
    command = [sys.executable, tmp_path / "validate.py", "--port", board.url, "--baud", str(PATIENT)]
    done = subprocess.run([*command, "--images", "5", "--json"], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["ok"] and (facts["samples"], facts["injected"], facts["missed"]) == (5, 5, 0)
    assert board.counts()["bytes_from"] > 500


def test_without_bit_errors_no_request_is_repeated(board):
    with driver(board) as multiplier:
        assert validate(multiplier, samples(4))["ok"]
        assert multiplier.transport.bridge.repeated == 0
        assert multiplier.transport.clock_hz == 4 * BOARD.baud


@pytest.mark.parametrize(("to_board", "from_board"), [(0.0008, 0.0), (0.0, 0.0008), (0.0004, 0.0004)])
def test_products_are_right_whatever_happens_on_the_line(board, to_board, from_board):
    with driver(board, HASTY, seconds=1.0) as multiplier:
        board.disturb(to_board, from_board)
        facts = validate(multiplier, samples(8))
        flipped = board.counts()
        assert facts["ok"] and facts["equal"] == 8 and facts["missed"] == 0
        assert bool(flipped["flipped_to"]) == (to_board > 0)
        assert bool(flipped["flipped_from"]) == (from_board > 0)
        assert multiplier.transport.bridge.repeated >= 2


def test_a_line_that_is_only_noise_is_given_up_and_works_again(board):
    with driver(board, HASTY, attempts=3, seconds=0.7) as multiplier:
        board.disturb(0.2, 0.2)
        with pytest.raises(
            (TransportError, TimeLimitError), match="the board was asked 3 times, and at last"
        ):
            multiplier.multiply(2, 3)
        board.disturb(0, 0)
        assert multiplier.multiply(2, 3) == CONFIG.field.multiply(2, 3)


def test_another_core_is_refused_and_the_next_driver_is_served(board):
    wanted = json.loads(to_json(snn_map(PRESETS["tiny"])))
    transport = SerialTransport(board.url, PATIENT)
    with pytest.raises(WrongCoreError, match=r"is 0x50794746 \('PyGF'\), and the driver is for 0x5079534e"):
        GfDriver(transport, wanted)
    transport.close()
    with driver(board) as multiplier:
        assert multiplier.multiply(4, 5) == CONFIG.field.multiply(4, 5)


def test_a_reset_brings_the_core_back(board):
    with driver(board) as multiplier:
        multiplier.multiply(2, 3)
        multiplier.registers.write("a_0", 77)
        assert multiplier.counters()["products"] and multiplier.registers.read("a_0") == 77
        multiplier.transport.reset()
        assert multiplier.counters()["products"] == multiplier.registers.read("a_0") == 0
        assert multiplier.multiply(2, 3) == CONFIG.field.multiply(2, 3)


# pyserial forgets to close its socket when the other end has gone
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_board_that_vanishes_is_told(bench):
    with SimulatedSerialBoard(bench) as board, driver(board) as multiplier:
        board.close()
        with pytest.raises(TransportError, match="the serial port went away"):
            multiplier.multiply(2, 3)
