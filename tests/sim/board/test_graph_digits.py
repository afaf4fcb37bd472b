"""The graph of digits through the driver: at the ports of the core, and over the serial port of the board."""

import json
import subprocess
import sys

import numpy as np
import pytest
from intgraphs import binary, gcn

from pyralis.boards.runtime.gcn import GcnDriver
from pyralis.boards.runtime.validate import validate
from pyralis.boards.ulx3s import BOARD
from pyralis.gen.boards.deploy import deploy
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.designs.gcn import design, digits, samples
from pyralis.gen.demo.gcn import FOLDER
from pyralis.gen.emit.registers import to_json
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.phases import phases
from pyralis.hw.gcn.config import PRESETS
from pyralis.sim.board.serial import SimulatedSerialBoard, build_board
from pyralis.sim.board.transport import SimulatedTransport
from pyralis.sim.gcn.bench import build_bench

pytestmark = pytest.mark.slow

TINY = PRESETS["tiny"]
NODES = 1797

PATIENT = 500
"""Bits a second that the driver believes in: it waits for them, and this machine may have other work."""


@pytest.fixture(scope="module")
def compiled() -> tuple:
    return digits(TINY, BOARD, FOLDER)


@pytest.fixture(scope="module")
def net(compiled) -> Design:
    network, program, found = compiled
    return design(TINY, "tiny", program, found, network)


def validated(net: Design, folder, seconds: int) -> dict:
    """What validate.py of the deploy folder says of the simulated board: a process without Pyralis."""
    deploy(BOARD, net, folder, folder / "build")
    with SimulatedSerialBoard(build_board(BOARD, net), seed=3) as board:
        command = [sys.executable, folder / "validate.py", "--port", board.url, "--baud", str(PATIENT)]
        done = subprocess.run(
            [*command, "--seconds", str(seconds), "--json"], capture_output=True, text=True, timeout=seconds
        )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_the_whole_graph_at_the_ports_of_the_core(net, compiled):
    memory = {"program": net.memory["program"], "weights": net.memory["weights"]}
    registers, network = json.loads(to_json(net.registers)), json.loads(json.dumps(net.facts["network"]))
    numbering = net.attachments["numbering.bin"]
    with (
        SimulatedTransport(build_bench(TINY), contents=memory) as transport,
        GcnDriver(transport, registers, network, numbering) as core,
    ):
        core.load(memory["program"], memory["weights"])
        facts = validate(core, net.samples)
        cycles = core.counters()["totals"]["cycles"]
    assert facts["ok"] and facts["equal"] == NODES and not facts["saturated"]
    assert facts["accuracy"] > 0.92
    # All entries one after the other, each column and each slice its own: the engines wait for little else.
    lists = [each for each in phases(compiled[1]) if each.source == "lists" or each.kind == "aggregation"]
    alone = sum(TINY.lanes * each.work // each.lanes for each in lists)
    assert alone > 190_000
    assert cycles < 1.07 * alone


def test_it_fits_the_memory_of_the_board_with_features_and_results(net):
    compiled = net.facts["network"]
    pages = [*map(len, net.memory.values()), compiled["input_stride"], compiled["output_stride"]]
    assert sum(-(-size // 4096) * 4096 for size in pages) <= BOARD.memory_for("gcn")


def test_a_small_graph_over_the_serial_port(tmp_path):
    rng = np.random.default_rng(5)
    network, features = gcn(rng, nodes=60), binary(rng, 60, 24)
    compiled = compile_network(network, TINY, features=features)
    net = design(TINY, "tiny", compiled, samples(network, features), network)
    facts = validated(net, tmp_path, 600)
    assert facts["ok"] and (facts["samples"], facts["equal"]) == (60, 60)


def test_the_whole_graph_over_the_serial_port(net, tmp_path):
    """Ten million cycles, nearly all of them bits on the line."""
    facts = validated(net, tmp_path, 3000)
    assert facts["ok"] and (facts["samples"], facts["equal"]) == (NODES, NODES)
    assert facts["accuracy"] > 0.92
