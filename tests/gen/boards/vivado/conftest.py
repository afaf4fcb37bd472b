"""A project of a small core for each board."""

import shutil

import pytest
from zynqcores import probe

from pyralis.boards.base import all_boards
from pyralis.gen.boards.vivado.project import project_files
from pyralis.gen.files import write_files

NAMES = ("kv260", "pynq_z2", "zcu104")


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Folders of projects by board, at 100 MHz, the core with blocks to keep; for reading only."""
    folders = {}
    for name in NAMES:
        folders[name] = tmp_path_factory.mktemp(name)
        board = all_boards()[name]
        design = probe(dsp=not board.fabric_cell, kept=True)
        write_files(folders[name], project_files(board, design, clock_mhz=100.0))
    return folders


@pytest.fixture
def project(written, tmp_path):
    """Copies the project of a board to a folder that a test may change."""

    def copy(name):
        shutil.copytree(written[name], tmp_path / name)
        return tmp_path / name

    return copy


@pytest.fixture
def tclsh():
    """Skips where there is no Tcl."""
    if shutil.which("tclsh") is None:
        pytest.skip("needs tclsh (on Debian and Ubuntu: apt install tcl)")
