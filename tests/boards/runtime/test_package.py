"""The drivers run where nothing of ours is installed: Python 3.10 and numpy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from pyralis.boards import runtime
from pyralis.hw.serial import protocol

FILES = [*sorted(Path(runtime.__file__).parent.glob("*.py")), Path(protocol.__file__)]

BLOCKED = """
import importlib, importlib.abc, sys
ROOTS = {"pyralis", "numpy", *sys.stdlib_module_names}
PACKAGES = {"pyralis", "pyralis.boards", "pyralis.hw", "pyralis.hw.serial", "pyralis.hw.serial.protocol"}
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        ours = name in PACKAGES or name.startswith("pyralis.boards.runtime")
        if root not in ROOTS or root == "pyralis" and not ours:
            raise ImportError(f"{name} is not on the board")
sys.meta_path.insert(0, Block())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def imported_alone(*names):
    return subprocess.run([sys.executable, "-c", BLOCKED, *names], capture_output=True, text=True)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_syntax_is_that_of_python_3_10(file):
    ast.parse(file.read_text(), feature_version=(3, 10))


def test_every_module_is_imported_with_numpy_alone():
    names = [f"pyralis.boards.runtime.{file.stem}" for file in FILES[:-1] if file.stem != "__init__"]
    assert len(names) > 15
    done = imported_alone(*names)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["pyralis.boards.base", "pyralis.gen", "amaranth", "serial"])
def test_nothing_else_could_have_been_imported(name):
    assert f"{name} is not on the board" in imported_alone(name).stderr
