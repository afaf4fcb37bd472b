"""Folders of cores: what every manifest begins with, and the files of a network in it."""

import json
from dataclasses import dataclass

from pyralis.gen.corefolder import CoreFolder, core_facts


@dataclass(frozen=True)
class Size:
    lanes: int = 4


FOLDER: CoreFolder[Size, str] = CoreFolder(
    top="some_top",
    core_files=lambda size: {"some_top.v": f"// {size.lanes} lanes".encode()},
    network_files=lambda compiled: {"program.bin": compiled.encode()},
    network_facts=lambda compiled: {"bytes": len(compiled)},
)


def test_a_core_alone(tmp_path):
    manifest = FOLDER.generate(Size(), tmp_path / "new")
    assert manifest == json.loads((tmp_path / "new" / "manifest.json").read_text())
    assert list(manifest) == ["format", "top", "core", "network", "made_with", "files"]
    assert manifest["format"] == "pyralis core 1"
    assert manifest["core"] == {"name": "custom", "lanes": 4} and manifest["network"] is None
    assert core_facts("some_top", "custom", Size()).items() <= manifest.items()
    assert (tmp_path / "new" / "some_top.v").read_text() == "// 4 lanes"


def test_with_a_network_and_the_file_that_it_comes_from(tmp_path):
    file = tmp_path / "mine.npz"
    file.write_bytes(b"a network")
    without = FOLDER.generate(Size(8), tmp_path / "one", name="wide", compiled="program")
    assert without["network"] == {"bytes": 7} and "network.npz" not in without["files"]
    manifest = FOLDER.generate(Size(8), tmp_path / "two", compiled="program", network_file=file)
    assert set(manifest["files"]) == {"some_top.v", "program.bin", "network.npz"}
    assert (tmp_path / "two" / "network.npz").read_bytes() == b"a network"
    assert (tmp_path / "two" / "program.bin").read_bytes() == b"program"
