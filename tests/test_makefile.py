"""The Makefile explains itself, and each of its failures names the next step."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "Makefile").read_text()


def make(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess:
    """Runs make in the repository; *path* replaces the whole PATH. JOBS of an outer make must not leak in."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    if path:
        environment["PATH"] = str(path)
    command = [shutil.which("make"), "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def targets() -> set[str]:
    """The names in .PHONY, internal ones (without a help text) left out."""
    names = re.search(r"^\.PHONY:((?:.*\\\n)*.*)", TEXT, re.MULTILINE)[1].replace("\\", "").split()
    return set(names) - {"tools", "view"}


@pytest.fixture
def bare_path(tmp_path) -> Path:
    """A PATH with a shell and what the checks call, and no compiler."""
    for tool in ("sh", "printf", "cat", "rm", "perl", "mkdir", "awk", "sed"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    (tmp_path / "python3").symlink_to(Path(sys.executable).resolve())
    return tmp_path


def test_help_is_the_default_and_lists_every_target():
    result = make()
    assert result.returncode == 0
    assert result.stdout == make("help").stdout
    listed = set(re.findall(r"^  ([a-z-]+) +\S", result.stdout, re.MULTILINE))
    assert listed == targets()
    assert {"install", "demo", "test", "bench", "regress", "lint", "bitstream", "wheel", "clean"} <= listed


@pytest.mark.parametrize("target", ["bitstream", "deploy"])
def test_an_unknown_board_is_answered_with_the_near_ones(target):
    result = make(target, "BOARD=zcu140")
    assert result.returncode != 0
    assert "There is no board 'zcu140'; there are kv260, pynq_z2, ulx3s, zcu104." in result.stderr
    assert "did you mean zcu104?" in result.stderr


def test_an_unknown_design_is_answered_with_the_cores():
    result = make("bitstream", "DESIGN=snm")
    assert result.returncode != 0
    assert "pyralis bitstream has no core 'snm'; there are gcn, gf, snn." in result.stderr
    assert "did you mean 'pyralis bitstream snn'?" in result.stderr


def test_missing_python_is_named():
    result = make("tools", "PYTHON=no-such-python")
    assert result.returncode != 0
    assert "There is no no-such-python on PATH." in result.stderr
    assert "Next step: install Python 3.11 or newer" in result.stderr


def test_old_python_is_named(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    result = make("tools", f"PYTHON={old}")
    assert result.returncode != 0
    assert f"{old} is Python 3.9.2; Pyralis needs 3.11 or newer." in result.stderr
    assert "Next step: install one and name it: make PYTHON=python3.12" in result.stderr


def test_missing_compiler_is_named(bare_path):
    result = make("tools", path=bare_path)
    assert result.returncode != 0
    assert "There is no g++ on PATH; Verilator needs it to build a simulation." in result.stderr
    assert "Next step: on Debian and Ubuntu: apt install g++ make perl" in result.stderr


def test_complete_machine_passes_the_checks():
    result = make("tools")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_failed_install_names_its_log(tmp_path):
    """A pip that fails: the last lines of its log, its name, and no stamp, so the next call tries again."""
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin" / "python"
    python.write_text("#!/bin/sh\necho 'No matching distribution found for torch'\nexit 1\n")
    python.chmod(0o755)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    result = make("-C", str(copy), "install", f"VENV={environment}")
    assert result.returncode != 0
    assert "No matching distribution found for torch" in result.stderr
    assert "The packages could not be installed: see above and build/install.log." in result.stderr
    assert "Next step: check the network and PIP_INDEX_URL, then make install" in result.stderr
    assert not (environment / ".installed").exists()


def test_moved_folder_gets_a_new_environment(tmp_path):
    """Scripts of a virtual environment hold its absolute path."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    environment = tmp_path / ".venv"
    environment.mkdir()
    (environment / ".installed").write_text("/somewhere/else\n")
    make("-C", str(tmp_path), "help")
    assert not environment.exists()
    environment.mkdir()
    (environment / ".installed").write_text(f"{tmp_path}\n")
    make("-C", str(tmp_path), "help")
    assert environment.exists()


@pytest.mark.parametrize("absolute", [True, False])
def test_environment_of_another_folder_is_left_alone(tmp_path, absolute):
    """VENV may name one that another checkout uses: only that checkout may remove it."""
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(ROOT / "Makefile", copy)
    stamp = tmp_path / "shared" / ".installed"
    stamp.parent.mkdir()
    stamp.write_text("/somewhere/else\n")
    result = make("-C", str(copy), "view", f"VENV={stamp.parent if absolute else '../shared'}")
    assert result.returncode == 0
    assert stamp.exists()


def test_ci_calls_the_same_commands():
    script = (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    for command in ("make lint", "make test"):
        assert command in script
        assert command in workflow
    for command in ("make wheel-test", "make regress"):
        assert command in workflow
    assert "pip install" not in script
