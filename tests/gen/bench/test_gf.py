"""The comparison of protections: which designs there are, their figures, and files that go on."""

import json

import pytest

from pyralis.gen.bench import gf
from pyralis.gen.bench.gf import bench, design_rows, target_rows
from pyralis.gen.bench.gf_designs import designs, plain
from pyralis.gen.bench.gf_targets import targets
from pyralis.gen.cli import main
from pyralis.gen.errors import UserError
from pyralis.gen.gf import measure
from pyralis.hw.gf.config import GfConfig


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def result(folder):
    """Of designs that are mapped in no time."""

    def some(m, scope):
        found, missing = designs(m, scope)
        wanted = ("none", "tmr", "residue_bch")
        return [d for d in found if d.protect in wanted and d.t < 2 and d.mode != "folded"], missing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gf, "designs", some)
        return bench(folder / "gf.json", degrees=[4], scope="quick")


def test_overheads_are_those_of_the_gates(result):
    rows = {row["name"]: row for row in result["rows"]}
    bare, core = rows["two_step, no protection"], rows["two_step core, no protection"]
    assert bare["overhead"]["two_step"] == {"gates": 0, "gate_equivalents": 0}
    assert core["overhead"]["two_step"]["gate_equivalents"] == 0
    assert core["gates"] > bare["gates"]
    tmr = rows["three copies, voted"]
    assert tmr["overhead"]["two_step"]["gates"] == pytest.approx(tmr["gates"] / bare["gates"] - 1)
    assert tmr["overhead"]["two_step"]["gates"] > 1.9
    assert tmr["coverage"]["multiplier_flips_corrected"] == 1
    detect = rows["residue t = 1, detect"]
    assert detect["coverage"]["multiplier_flips_corrected"] < 1
    safe = sum(detect["coverage"][f"multiplier_flips_{how}"] for how in ("corrected", "flagged"))
    assert safe == pytest.approx(1)


def test_what_passes_unseen_is_counted(result):
    rows = {row["name"]: row for row in result["rows"]}
    # 7 positions and 3 check bits: every syndrome but 0 is that of one error.
    assert rows["residue t = 1, correct, hardened"]["miscorrected_share"] == 1
    assert rows["residue t = 1, detect"]["miscorrected_share"] == 1 / 8
    assert rows["three copies, voted"]["miscorrected_share"] is None


def test_a_code_that_does_not_exist_is_named():
    found, missing = designs(4, "default")
    assert all(entry["reason"] for entry in missing)
    assert len({design.name for design in found}) == len(found)
    assert any(
        "exactly 4" in entry["reason"] or "t = 5" in entry["reason"] for entry in designs(8, "full")[1]
    )


def test_the_field_of_the_papers_has_every_target():
    for scope in ("quick", "default"):
        found, _ = designs(45, scope)
        kinds = {(design.protect, design.t, design.mode) for design in found}
        for mode in ("detect", "combinational", "pipelined", "folded"):
            assert ("residue_bch", 5, mode) in kinds
        assert ("parallel_bch", 5, "combinational") in kinds
    assert all(entry["met"] is None for entry in targets([]))


def test_files_and_tables(result, folder):
    stored = json.loads((folder / "gf.json").read_text())
    assert stored == result
    assert stored["complete"]
    page = (folder / "gf.html").read_text()
    assert "m = 4" in page
    assert "<script" not in page
    assert all(len(row) == 12 for row in design_rows(stored))
    assert {row[3] for row in target_rows(stored)} == {"-"}


def test_degrees_without_a_field_are_refused(tmp_path):
    with pytest.raises(UserError):
        bench(tmp_path / "gf.json", degrees=[0])


def test_command_line_refuses_words_for_numbers(capsys):
    assert main(["bench", "gf", "--m", "eight"]) == 1
    assert "8,45,163" in capsys.readouterr().err


def test_gates_that_take_too_long_count_as_written():
    text = measure.verilog(GfConfig(m=5, protect="none", correct=0, corrector="none"))
    slow = measure.figures(text, families=["ecp5"], timeout_s=0.001)
    assert slow["mapping"] == "structural"
    assert slow["luts"] == {"ecp5": None}
    assert slow["gates"] == measure.figures(text, structural=True)["gates"]


def test_the_plain_core_has_registers():
    assert "always @(posedge clk)" in plain(4, core=True).verilog()
    assert "always @(posedge clk)" not in plain(4).verilog()
