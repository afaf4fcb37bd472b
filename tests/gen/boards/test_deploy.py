"""The deploy folder: whole, standing on its own, and honest about its bitstream."""

import ast
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pyralis.boards.base import all_boards
from pyralis.gen.boards.deploy import deploy, driver_files
from pyralis.gen.boards.designs.gf import design
from pyralis.hw.gf.config import GfConfig

BOARD = all_boards()["ulx3s"]

COMMAND = "make bitstream BOARD=ulx3s DESIGN=gf with the same OPTIONS"

REPORTS = Path(__file__).parent / "vivado" / "reports"


@pytest.fixture(scope="module")
def small():
    return design(GfConfig(m=8, t=1))


def build_folder(folder, small, **changes):
    """A folder as a build leaves it."""
    result = {
        "ok": True,
        "verdict": "",
        "board": {"name": "ulx3s", "flow": "ecp5"},
        "design": {"config": dict(small.facts["core"])},
        "clocks": [{"asked_mhz": 80.0}],
        "files": {"gf.bit": "", "gf.v": ""},
        **changes,
    }
    (folder / "result.json").write_text(json.dumps(result))
    (folder / "gf.bit").write_bytes(b"bits")


def test_everything_is_there_and_the_manifest_says_so(small, tmp_path):
    build_folder(tmp_path, small)
    manifest = deploy(BOARD, small, tmp_path / "out", tmp_path)
    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    files = {name for name in written if (tmp_path / "out" / name).is_file()}
    assert files == {*manifest["files"], "manifest.json"}
    assert {
        "design.bit",
        "registers.json",
        "registers.h",
        "registers.svd",
        "samples.npz",
        "README.txt",
    } <= files
    assert {"validate.py", "throughput.py", "pyralis/boards/runtime/errors.py"} <= files
    assert manifest["bitstream"] == "design.bit"
    assert manifest["note"] == ""
    for name, facts in manifest["files"].items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == facts["sha256"]
    samples = np.load(io.BytesIO((tmp_path / "out" / "samples.npz").read_bytes()))
    assert (samples["product"] == small.samples["product"]).all()
    text = (tmp_path / "out" / "README.txt").read_text()
    assert "Bitstream: design.bit, clock 80 MHz." in text
    assert "openFPGALoader -b ulx3s design.bit " in text
    assert "python3 validate.py --port /dev/ttyUSB0" in text
    assert "&" not in text


def test_the_same_inputs_give_the_same_bytes(small, tmp_path):
    first = deploy(BOARD, small, tmp_path / "a", tmp_path)["files"]
    assert deploy(BOARD, small, tmp_path / "b", tmp_path)["files"] == first


def test_a_zynq_board_is_told_to_run_it_there(small, tmp_path):
    manifest = deploy(all_boards()["zcu104"], small, tmp_path / "out", tmp_path)
    assert manifest["transport"] == "pynq"
    assert "Copy this folder to the board" in (tmp_path / "out" / "README.txt").read_text()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            None,
            "There is no bitstream yet in {0}; {1} builds one.",
        ),
        (
            {"ok": False, "verdict": "The clock was not met."},
            "The build in {0} did not end well, so there is no bitstream: The clock was not met.",
        ),
        (
            {"design": {"config": {"m": 163}}},
            ("The bitstream in {0} is of another configuration; {1} builds this one."),
        ),
        (
            {"files": {}},
            "The build in {0} has left no bitstream; {1} builds one.",
        ),
    ],
)
def test_without_a_bitstream_it_says_why(small, tmp_path, changes, sentence):
    if changes is not None:
        build_folder(tmp_path, small, **changes)
    manifest = deploy(BOARD, small, tmp_path / "out", tmp_path)
    assert manifest["bitstream"] is None
    assert manifest["note"] == sentence.format(tmp_path, COMMAND)
    assert not (tmp_path / "out" / "design.bit").exists()
    assert manifest["note"] in (tmp_path / "out" / "README.txt").read_text()


def test_what_was_built_with_vivado_elsewhere_is_taken(small, tmp_path):
    """Copied back into the folder of the project, whose result.json says that Vivado was missing."""
    build_folder(tmp_path, small, ok=False, board={"name": "zcu104", "flow": "vivado"}, files={})
    for name in ("utilization", "timing_summary", "power"):
        report = REPORTS / f"{name}.rpt"
        (tmp_path / "reports").mkdir(exist_ok=True)
        (tmp_path / "reports" / report.name).write_bytes(report.read_bytes())
    board = all_boards()["zcu104"]
    assert deploy(board, small, tmp_path / "out", tmp_path)["bitstream"] is None
    for name in ("design.bit", "design.hwh"):
        (tmp_path / name).write_bytes(name.encode())
    manifest = deploy(board, small, tmp_path / "out", tmp_path)
    assert (manifest["bitstream"], manifest["note"]) == ("design.bit", "")
    assert (tmp_path / "out" / "design.hwh").read_bytes() == b"design.hwh"


def test_the_driver_is_whole_and_needs_nothing_else_of_ours():
    files = driver_files()
    for name, content in files.items():
        for node in ast.walk(ast.parse(content)):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            if module and module.startswith("pyralis."):
                path = module.replace(".", "/")
                assert f"{path}.py" in files or f"{path}/__init__.py" in files, f"{name} imports {module}"
    assert not [name for name in files if name.startswith(("pyralis/gen", "pyralis/sim"))]


def test_the_copied_driver_is_the_one_that_runs(small, tmp_path):
    deploy(BOARD, small, tmp_path, tmp_path)
    for script in ("validate.py", "throughput.py"):
        command = [sys.executable, script, "--help"]
        found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        assert "--port" in found.stdout
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    code += "import pyralis.boards.runtime as runtime\nprint(runtime.__file__)"
    found = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(tmp_path))
