"""``pyralis generate gf``: the folder, its defaults, and what it refuses."""

import json

from pyralis.gen.errors import UserError
from pyralis.gen.gf import measure
from pyralis.gen.gf.config import from_toml
from pyralis.gen.synthesis import yosys
from pyralis.hw.gf.config import GfConfig


def test_a_folder_for_one_configuration(command, tmp_path):
    line = "--m 6 --protect residue_bch --t 2 --correct 1 --corrector folded"
    code, out, err = command("generate", "gf", *line.split(), "--no-report", "-o", tmp_path / "rtl")
    assert (code, err) == (0, "")
    assert "gf_mul_sva.sv" in out
    assert f"Written to {tmp_path / 'rtl'}; README.txt says how to simulate and synthesise it." in out
    config = GfConfig(m=6, t=2, correct=1, corrector="folded", digit=6)
    assert from_toml((tmp_path / "rtl" / "config.toml").read_text()) == config
    words = ("--no-report", "--config", tmp_path / "rtl" / "config.toml", "-o", tmp_path / "again", "--json")
    code, out, _ = command("generate", "gf", *words)
    assert code == 0
    assert json.loads(out)["core"]["name"] == "config"
    assert json.loads(out)["report"] is None
    for path in (tmp_path / "rtl").iterdir():
        if path.name not in ("README.txt", "manifest.json"):  # these hold the name
            assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


SMALLEST = ("generate", "gf", "--m", "3", "--correct", "0", "-o")


def refuse(*_, **__):
    raise UserError("pyosys is not installed.")


def test_a_report_lies_beside_the_files(command, tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "FAMILIES", ())  # tables take a minute
    code, out, err = command(*SMALLEST, tmp_path)
    assert (code, err) == (0, "")
    assert f"What it costs: {tmp_path / 'report.html'}" in out
    found = json.loads((tmp_path / "report.json").read_text())
    assert found["config"]["m"] == 3
    assert found["name"] in (tmp_path / "report.html").read_text()


def test_without_yosys_the_files_come_all_the_same(command, tmp_path, monkeypatch):
    monkeypatch.setattr(yosys, "require", refuse)
    code, out, err = command(*SMALLEST, tmp_path)
    assert (code, err) == (0, "")
    assert "\nNo report: pyosys is not installed.\n" in out
    assert (tmp_path / "gf_mul.v").is_file()
    assert not (tmp_path / "report.html").exists()


def test_a_long_report_is_announced(command, tmp_path, monkeypatch):
    monkeypatch.setattr("pyralis.gen.gf.report.report", refuse)
    monkeypatch.setattr("pyralis.gen.verbs.generate.gf.LONG", 3)
    assert "At m = 3 the report may take hours; --no-report leaves it out." in command(*SMALLEST, tmp_path)[1]


def test_a_long_search_is_announced(command, tmp_path, monkeypatch):
    monkeypatch.setattr("pyralis.gen.gf.options.SEARCH", 3)
    said = "Looking for a polynomial of degree 3, which may take minutes; --polynomial gives one.\n"
    assert said in command(*SMALLEST, tmp_path, "--no-report")[1]
    assert said not in command(*SMALLEST, tmp_path, "--no-report", "--polynomial", "0xb")[1]


def test_a_block_that_is_too_deep_is_named(command, tmp_path):
    code, _, err = command("generate", "gf", "--corrector", "pipelined", "--levels", "1", "-o", tmp_path)
    assert code == 1
    assert err.startswith("pyralis: levels = 1 is too few: the block 'multiplier_0' ")
    assert "\n  where: gf45-two_step-residue_bch-t1-c1-pipelined\n" in err
    assert not list(tmp_path.iterdir())


def test_arguments_of_the_other_core_are_refused(command):
    assert command("generate", "gf", "--preset", "tiny") == (
        1,
        "",
        (
            "pyralis: pyralis generate gf has no argument '--preset'.\n"
            "  where: pyralis generate gf\n  next:  pyralis generate gf --help\n"
        ),
    )
    assert "pyralis generate snn has no argument '--m'." in command("generate", "--m", "45")[2]


def test_wrong_values_are_three_lines(command):
    assert command("generate", "gf", "--t", "9")[2] == (
        "pyralis: t must be in 1..5, not 9; the nearest is t = 5.\n"
        "  where: arguments\n  next:  the arguments and their values: --help\n"
    )
