"""The demo's network through the drivers: all images at the AXI ports, some over the serial port."""

import json
import subprocess
import sys

import pytest

from pyralis.boards.runtime.errors import CoreError
from pyralis.boards.runtime.serial import SerialTransport
from pyralis.boards.runtime.snn import SnnDriver
from pyralis.boards.runtime.throughput import throughput
from pyralis.boards.runtime.validate import validate
from pyralis.boards.ulx3s import BOARD
from pyralis.gen.boards.deploy import deploy
from pyralis.gen.boards.designs.snn import design, digits
from pyralis.gen.demo.snn import FOLDER
from pyralis.gen.emit.registers import to_json
from pyralis.hw.snn.config import PRESETS
from pyralis.sim.board.serial import SimulatedSerialBoard, build_board
from pyralis.sim.board.transport import SimulatedTransport
from pyralis.sim.snn.bench import build_bench

pytestmark = pytest.mark.slow

TINY = PRESETS["tiny"]
IMAGES = 360

PATIENT = 500
"""Bits a second that a driver believes in: it waits for them, and this machine may have other work."""

HASTY = 20_000
"""The same where answers get lost, and every one of them is waited for."""


@pytest.fixture(scope="module")
def net():
    compiled, samples = digits(TINY, FOLDER)
    return design(TINY, "tiny", compiled, samples)


@pytest.fixture(scope="module")
def serial_bench(net):
    return build_board(BOARD, net)


@pytest.fixture
def serial_board(serial_bench):
    with SimulatedSerialBoard(serial_bench, seed=3) as board:
        yield board


def driver(transport, net) -> SnnDriver:
    """With the network loaded."""
    registers, network = json.loads(to_json(net.registers)), json.loads(json.dumps(net.facts["network"]))
    made = SnnDriver(transport, registers, network)
    made.load(net.memory["program"], net.memory["weights"])
    return made


def some(net, count: int) -> dict:
    return {name: array[:count] for name, array in net.samples.items()}


def test_all_images_at_the_ports_of_the_core(net):
    with SimulatedTransport(build_bench(TINY)) as transport, driver(transport, net) as core:
        facts = validate(core, net.samples)
        assert facts["ok"] and facts["equal"] == IMAGES and not facts["saturated"]
        assert facts["accuracy"] > 0.98
        assert 1000 < throughput(core, some(net, 20))["cycles_per_sample"] < 2000


def test_validate_of_the_deploy_folder_over_the_serial_port(net, serial_board, tmp_path):
    """A process of its own, without Pyralis on its path; the network lies in block RAM from the start."""
    deploy(BOARD, net, tmp_path, tmp_path / "build")
    command = [sys.executable, tmp_path / "validate.py", "--port", serial_board.url, "--seconds", "20"]
    done = subprocess.run([*command, "--images", "20", "--json"], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["ok"] and facts["equal"] == 20 and facts["accuracy"] > 0.9


def test_the_network_in_the_bitstream_is_used_and_can_be_replaced(net, serial_board):
    program, weights = net.memory["program"], net.memory["weights"]
    with driver(SerialTransport(serial_board.url, PATIENT), net) as core:
        assert core.written == {"program": 0, "weights": 0}
        core.load(b"\x4d" + program[1:], weights)
        with pytest.raises(CoreError, match="it holds an opcode that this core does not know"):
            core.run(net.samples["inputs"][:2])
        core.load(program, weights)
        assert core.written["program"] > 0 and core.written["weights"] == 0
        assert validate(core, some(net, 3))["ok"]
        assert core.transport.bridge.repeated == 0


def test_bit_errors_change_nothing_but_the_time(net, serial_board):
    with driver(SerialTransport(serial_board.url, HASTY, seconds=1.0), net) as core:
        serial_board.disturb(0.0002, 0.0002)
        assert validate(core, some(net, 20))["ok"]
        counts = serial_board.counts()
        serial_board.disturb(0, 0)
        assert counts["flipped_to"] and counts["flipped_from"]
        assert core.transport.bridge.repeated >= 2


def test_a_reset_brings_back_the_core_and_leaves_the_memory(net, serial_board):
    with driver(SerialTransport(serial_board.url, PATIENT), net) as core:
        place = core.transport.allocate(64)
        place.write(bytes(range(64)))
        core.registers.write("input_stride", 1234)
        core.transport.reset()
        assert core.registers.read("input_stride") == 0 and place.read(64) == bytes(range(64))
        assert validate(core, some(net, 2))["ok"]
