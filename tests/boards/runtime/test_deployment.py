"""A deploy folder: opened, incomplete, damaged, of another kind; and its programs from the command line."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from fakeboard import board_of, served
from fakecores import FakeGf

from pyralis.boards.runtime import deployment
from pyralis.boards.runtime.deployment import Deployment, open_deployment
from pyralis.boards.runtime.errors import DriverError, WrongCoreError
from pyralis.boards.runtime.gf import GfDriver
from pyralis.boards.runtime.snn import SnnDriver
from pyralis.gen.boards.designs.gf import samples
from pyralis.gen.emit.registers import to_json
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.registers import register_map, words_of

GF = GfConfig(m=45)


def write(folder, files, facts):
    for name, content in files.items():
        (folder / name).write_bytes(content)
    listed = {name: {"sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()}
    manifest = {"format": deployment.FORMAT, "registers": "registers.json", "files": listed, **facts}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def snn_folder(small, tmp_path):
    np.savez(tmp_path / "samples.npz", inputs=small.images, scores=small.scores, labels=np.zeros(7, np.int64))
    files = {
        "registers.json": json.dumps(small.map).encode(),
        "program.bin": small.program,
        "weights.bin": small.weights,
        "samples.npz": (tmp_path / "samples.npz").read_bytes(),
    }
    facts = {
        "design": {"core": "snn", "name": "tiny"},
        "transport": "serial",
        "baud": 115_200,
        "bitstream": None,
        "memory": {"program": "program.bin", "weights": "weights.bin"},
        "samples": "samples.npz",
        "network": small.network,
    }
    return write(tmp_path, files, facts)


def test_the_network_is_loaded(small, snn_folder):
    board = small.board()
    with open_deployment(snn_folder, board) as driver:
        assert isinstance(driver, SnnDriver)
        assert (driver.run(small.images) == small.scores).all()
    assert board.closed == 1
    assert (Deployment(snn_folder).samples()["scores"] == small.scores).all()


def test_the_multiplier(tmp_path):
    registers = register_map(GF, operands=True)
    board = FakeGf(registers, GF.field, words_of(GF.m))
    folder = write(
        tmp_path,
        {"registers.json": to_json(registers).encode()},
        {"design": {"core": "gf"}, "transport": "serial", "memory": {}, "samples": None},
    )
    with open_deployment(folder, board) as driver:
        assert isinstance(driver, GfDriver)
        wanted = samples(GF, 10)
        assert (driver.multiply(wanted["a"], wanted["b"]) == wanted["product"]).all()
    with pytest.raises(DriverError) as caught:
        Deployment(folder).samples()
    assert (caught.value.what, caught.value.hint) == (
        "the folder has no samples",
        "write it again, with inputs: pyralis deploy snn --inputs FILE.npy",
    )


def test_the_way_to_the_board_is_that_of_the_folder(snn_folder, monkeypatch):
    made = []
    monkeypatch.setattr(deployment, "SerialTransport", lambda *rest, seconds: made.append((*rest, seconds)))
    monkeypatch.setattr(deployment, "PynqTransport", lambda *rest: made.append(rest))
    folder = Deployment(snn_folder)
    folder.transport()
    folder.transport(port="/dev/ttyACM3", baud=9600, seconds=3)
    folder.manifest["bitstream"] = "design.bit"
    folder.transport("pynq")
    assert made == [
        ("/dev/ttyUSB0", 115_200, 0.5),
        ("/dev/ttyACM3", 9600, 3),
        (snn_folder / "design.bit",),
    ]
    folder.manifest["bitstream"] = None
    with pytest.raises(DriverError) as caught:
        folder.transport("pynq")
    assert (caught.value.what, caught.value.hint) == (
        "the folder has no bitstream",
        "build it with Vivado, as README.txt says, and write the folder again",
    )
    with pytest.raises(DriverError) as caught:
        folder.transport("serail")
    assert (caught.value.what, caught.value.hint) == (
        "there is no transport 'serail'",
        "did you mean serial?",
    )


def test_another_board_is_refused_and_let_go(small, snn_folder):
    board = small.board()
    board.held["lanes"] += 8
    with pytest.raises(WrongCoreError, match="this core has 16 output lanes, the driver was made for 8"):
        open_deployment(snn_folder, board)
    assert board.closed == 1


@pytest.mark.parametrize("name", ["program.bin", "weights.bin", "registers.json"])
def test_damaged_and_missing_files(small, snn_folder, name):
    path = snn_folder / name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(DriverError) as caught:
        open_deployment(snn_folder, small.board())
    assert caught.value.what == f"{name} is not the file that the manifest describes"
    assert caught.value.hint == "copy the whole folder to the board again"
    path.unlink()
    with pytest.raises(DriverError) as caught:
        open_deployment(snn_folder, small.board())
    assert caught.value.what == f"{name} cannot be read: No such file or directory"


def test_what_is_no_deploy_folder(tmp_path):
    with pytest.raises(DriverError) as caught:
        Deployment(tmp_path)
    assert (caught.value.what, caught.value.hint) == (
        f"{tmp_path} has no manifest.json that can be read: No such file or directory",
        "give the folder that make deploy has written",
    )
    (tmp_path / "manifest.json").write_text("{]")
    with pytest.raises(DriverError, match=r"manifest\.json is no JSON: Expecting property name"):
        Deployment(tmp_path)
    for text, found in (('{"format": "pyralis core 1"}', "'pyralis core 1'"), ("[1]", "None")):
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(DriverError) as caught:
            Deployment(tmp_path)
        assert (caught.value.what, caught.value.hint) == (
            f"the folder has the format {found}, not 'pyralis deploy 1'",
            "give a folder that make deploy has written, with the driver that lies in it",
        )


@pytest.mark.parametrize(
    ("change", "what", "hint"),
    [
        ({"design": {"core": "gnn"}}, "there is no driver for the core 'gnn'", "did you mean snn or gcn?"),
        (
            {"network": None},
            "the folder has no network",
            "write it again, with one: pyralis deploy snn --network NET.npz",
        ),
    ],
)
def test_what_no_driver_can_do(small, snn_folder, change, what, hint):
    manifest = json.loads((snn_folder / "manifest.json").read_text()) | change
    (snn_folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DriverError) as caught:
        open_deployment(snn_folder, small.board())
    assert (caught.value.what, caught.value.hint) == (what, hint)


def test_the_folder_that_make_deploy_writes_is_opened(small, tmp_path):
    """The writer in gen and the reader here agree on every name."""
    from pyralis.boards.base import all_boards
    from pyralis.gen.boards.deploy import deploy
    from pyralis.gen.boards.designs.snn import design

    made = design(
        small.config,
        "tiny",
        small.compiled,
        {"inputs": small.images, "scores": small.scores, "labels": np.zeros(7, np.int64)},
    )
    deploy(all_boards()["ulx3s"], made, tmp_path / "deploy", tmp_path / "build")
    with open_deployment(tmp_path / "deploy", small.board()) as driver:
        wanted = Deployment(tmp_path / "deploy").samples()
        assert (driver.run(wanted["inputs"]) == wanted["scores"]).all()
    facts = Deployment(tmp_path / "deploy").manifest
    assert (facts["transport"], facts["baud"]) == ("serial", 1_000_000)


@pytest.mark.parametrize("program", ["validate", "throughput"])
def test_the_programs_of_the_folder_run_with_the_driver_beside_them(small, tmp_path, monkeypatch, program):
    from pyralis.boards.base import all_boards
    from pyralis.gen.boards.deploy import deploy
    from pyralis.gen.boards.designs.snn import design

    monkeypatch.setattr("fakecores.BASE", 0)
    core = small.board()
    core.job_seconds = 1e-5  # time of this core passes with every access only
    board = board_of(core, {"program": small.program, "weights": small.weights})
    board.shell[0x20] = 1
    samples = {"inputs": small.images, "scores": small.scores}
    deploy(all_boards()["ulx3s"], design(small.config, "tiny", small.compiled, samples), tmp_path, tmp_path)
    with served(board) as url:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", tmp_path / f"{program}.py", "--port", url, "--json"],
            capture_output=True,
            text=True,
            cwd=tmp_path.parent,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["samples"] == 7
    assert "amaranth" not in done.stderr and "pyralis.gen" not in done.stderr
