"""Building a simulator: what is shared, what Python sees, what is told when it fails."""

import importlib.metadata
import shutil
from pathlib import Path

import pytest

from pyralis.gen.errors import ToolError, UserError
from pyralis.sim.bench.build import build

INVERTER = """\
module inverter(clk, a, b);
  input clk;
  input a;
  output b;
  wire hidden;
  assign hidden = ~a;
  assign b = hidden;
endmodule
"""


def test_the_folder_is_named_by_what_goes_in(tmp_path):
    folders = [
        build({"inverter.v": text}, "inverter", root=tmp_path, args=args)[1]
        for text, args in ((INVERTER, ()), (INVERTER, ()), (INVERTER + "\n", ()), (INVERTER, ("-Wno-fatal",)))
    ]
    assert folders[0] == folders[1] and len(set(folders)) == 3
    assert all(folder.is_absolute() and (folder / "inverter").is_file() for folder in folders)


def test_python_sees_the_ports_and_nothing_inside(tmp_path):
    _, folder = build({"inverter.v": INVERTER}, "inverter", root=tmp_path)
    assert (folder / "visible.vlt").read_text().splitlines() == [
        "`verilator_config",
        *(f'public_flat_rw -module "inverter" -var "{name}"' for name in ("clk", "a", "b")),
    ]


def test_a_design_that_does_not_build_names_its_log(tmp_path):
    with pytest.raises(ToolError) as caught:
        build({"inverter.v": INVERTER.replace("~a", "~nowhere")}, "inverter", root=tmp_path)
    assert caught.value.what == "The simulator of inverter could not be built."
    log = Path(caught.value.log)
    assert log.parent.parent == tmp_path and "nowhere" in log.read_text()


@pytest.mark.parametrize("tool", ["make", "perl", "verilator"])
def test_a_missing_tool_is_a_clear_sentence(monkeypatch, tmp_path, tool):
    which, version = shutil.which, importlib.metadata.version

    def hidden_version(name):
        if name == tool:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(shutil, "which", lambda name: None if name == tool else which(name))
    monkeypatch.setattr(importlib.metadata, "version", hidden_version)
    with pytest.raises(UserError) as caught:
        build({"inverter.v": INVERTER}, "inverter", root=tmp_path)
    assert caught.value.what == (
        f"{tool} is not installed; 'simulate' needs it (generated hardware under Verilator, golden models)."
    )
    assert not list(tmp_path.iterdir()), "something was begun"
