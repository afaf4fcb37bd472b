"""The ``.core`` file beside the Verilog, by FuseSoC and Edalize themselves."""

import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pyralis.gen.config import from_toml
from pyralis.gen.gf.generate import core_files as gf_files
from pyralis.gen.gf.vectors import make_vectors
from pyralis.gen.snn.generate import core_files as snn_files
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.ports import Operands
from pyralis.hw.snn.config import SnnConfig
from pyralis.sim.bench.build import use_verilator

PROGRAM = shutil.which(
    "fusesoc", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
)
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="FuseSoC is not installed")
needs_yosys = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("pyosys", "tkinter")),
    reason="pyosys or Python's Tcl is not installed",
)

FIELD = GfConfig(m=8, t=2, correct=1)
PRIMITIVES = SnnConfig(out_lanes=4, in_lanes=4, pixel_lanes=1)


@pytest.fixture(scope="module")
def gf(tmp_path_factory) -> Path:
    return write(gf_files(FIELD), tmp_path_factory.mktemp("gf"))


@pytest.fixture
def fabric(tmp_path, core_file) -> Path:
    """A spiking core without primitives."""
    folder = tmp_path / "snn"
    folder.mkdir()
    return write(snn_files(from_toml(core_file.read_text())), folder)


def write(files: dict[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def fusesoc(tmp_path):
    """Runs ``fusesoc`` where it finds Verilator and a yosys, and no settings of the user's."""
    use_verilator()
    programs = tmp_path / "programs"
    programs.mkdir()
    yosys = programs / "yosys"
    yosys.write_text(
        f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("yosys_program.py")} "$@"\n'
    )
    yosys.chmod(yosys.stat().st_mode | stat.S_IXUSR)
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    settings = {"PATH": path, "XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}

    def run(*words: str | Path, fails: bool = False) -> str:
        command = [PROGRAM, *map(str, words)]
        environment = {**os.environ, **settings, "XDG_DATA_HOME": str(tmp_path)}
        result = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert (result.returncode != 0) == fails, result.stdout + result.stderr
        return result.stdout + result.stderr

    return run


def test_fusesoc_finds_the_core_and_its_targets(fusesoc, gf):
    assert re.search(r"^pyralis:cores:gf:0.1.0 ", fusesoc("--cores-root", gf, "core", "list"), re.MULTILINE)
    shown = fusesoc("--cores-root", gf, "core", "show", "pyralis:cores:gf")
    assert "Multiplier of GF(2^8). Up to 1 wrong bits" in shown
    targets = re.findall(r"^(\w+) +:", shown.partition("Targets:")[2], re.MULTILINE)
    tops = ("", "_gf_axis", "_gf_lite")
    expected = {f"{kind}{top}" for kind in ("lint", "synth_ecp5", "synth_xilinx") for top in tops}
    assert set(targets) == {"default", "sim", *expected}


def test_the_testbench_passes_and_can_fail(fusesoc, gf):
    words = ("--cores-root", gf, "run", "--target=sim", "pyralis:cores:gf")
    assert f"PASS: {len(make_vectors(FIELD))} products in " in fusesoc(*words)
    right = (gf / "gf_mul_vectors.hex").read_text()
    first, rest = right.split("\n", 1)
    alarm = 1 << 3 + 2 * FIELD.m + Operands(FIELD).size
    try:
        (gf / "gf_mul_vectors.hex").write_text(f"{int(first, 16) ^ alarm:0{len(first)}x}\n{rest}")
        assert "FAIL: 1 differences" in fusesoc(*words[:3], "--run", *words[3:], fails=True)
    finally:
        (gf / "gf_mul_vectors.hex").write_text(right)


@pytest.mark.parametrize("target", ["lint", "lint_gf_axis", "lint_gf_lite"])
def test_the_multiplier_has_no_lint(fusesoc, gf, target):
    output = fusesoc("--cores-root", gf, "run", f"--target={target}", "pyralis:cores:gf")
    assert "verilator -f " in output and "%Warning" not in output


def test_lint_finds_a_mistake(fusesoc, gf, tmp_path):
    folder = tmp_path / "spoilt"
    shutil.copytree(gf, folder)
    text = (folder / "gf_mul.v").read_text()
    (folder / "gf_mul.v").write_text(text.replace("  output operands__ready;\n", "", 1))
    output = fusesoc("--cores-root", folder, "run", "--target=lint", "pyralis:cores:gf", fails=True)
    assert "operands__ready" in output and "%Error" in output


def test_the_spiking_core_has_no_lint(fusesoc, fabric):
    output = fusesoc("--cores-root", fabric, "run", "--target=lint", "pyralis:cores:snn")
    assert "verilator -f " in output and "%Warning" not in output


def test_a_core_of_primitives_is_linted_with_their_model_and_not_for_ecp5(fusesoc, tmp_path):
    folder = tmp_path / "dsp"
    folder.mkdir()
    write(snn_files(PRIMITIVES), folder)
    output = fusesoc("--cores-root", folder, "run", "--target=lint", "pyralis:cores:snn")
    assert "verilator -f " in output and "%Warning" not in output
    text = (folder / "pyralis_snn.core").read_text()
    assert "synth_xilinx:" in text and "synth_ecp5" not in text


@needs_yosys
@pytest.mark.parametrize(
    ("target", "cells"),
    [("synth_ecp5", {"LUT4", "TRELLIS_FF"}), ("synth_xilinx", {"LUT6", "FDRE"})],
)
def test_synthesis_of_the_multiplier(fusesoc, gf, tmp_path, target, cells):
    fusesoc("--cores-root", gf, "run", f"--target={target}", "pyralis:cores:gf")
    folder = tmp_path / "build" / "pyralis_cores_gf_0.1.0" / target
    assert cells <= kinds(folder / "pyralis_cores_gf_0.1.0.json")
    commands = (folder / "yosys.log").read_text()
    assert f"{target} " in commands and "gf_mul_tb" not in commands


@needs_yosys
@pytest.mark.slow
@pytest.mark.parametrize("target", ["synth_ecp5", "synth_xilinx"])
def test_synthesis_of_the_spiking_core(fusesoc, fabric, tmp_path, target):
    fusesoc("--cores-root", fabric, "run", f"--target={target}", "pyralis:cores:snn")
    netlist = tmp_path / "build" / "pyralis_cores_snn_0.1.0" / target / "pyralis_cores_snn_0.1.0.json"
    assert kinds(netlist) & {"DP16KD", "RAMB36E2", "RAMB18E2"}, "feature maps are memories"


@needs_yosys
@pytest.mark.slow
def test_synthesis_leaves_the_primitives_to_the_tool(fusesoc, tmp_path):
    folder = tmp_path / "dsp"
    folder.mkdir()
    write(snn_files(PRIMITIVES), folder)
    fusesoc("--cores-root", folder, "run", "--target=synth_xilinx", "pyralis:cores:snn")
    netlist = tmp_path / "build" / "pyralis_cores_snn_0.1.0" / "synth_xilinx" / "pyralis_cores_snn_0.1.0.json"
    assert "DSP48E2" in kinds(netlist)


def kinds(netlist: Path) -> set[str]:
    """Kinds of the cells that Yosys wrote."""
    modules = json.loads(netlist.read_text())["modules"]
    return {cell["type"] for module in modules.values() for cell in module["cells"].values()}
