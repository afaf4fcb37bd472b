import pytest

from pyralis.gen.errors import ToolError, UserError
from pyralis.gen.synthesis import yosys

SCRIPT = "read_verilog top.v\nhierarchy -check -top top\nwrite_json out.json\n"
GOOD = "module top(input a, output y);\nassign y = ~a;\nendmodule\n"
BROKEN = "module top(input a, output y);\nassign y = a &&& ;\nendmodule\n"


def test_outputs_are_returned_and_kept(tmp_path):
    first = yosys.run(SCRIPT, {"top.v": GOOD}, ["out.json"], root=tmp_path)
    assert '"top"' in first["out.json"]
    (kept,) = tmp_path.glob("*/out.json")
    kept.write_text("from the folder")
    assert yosys.run(SCRIPT, {"top.v": GOOD}, ["out.json"], root=tmp_path) == {"out.json": "from the folder"}


def test_another_text_has_another_folder(tmp_path):
    for text in (GOOD, GOOD.replace("~", "")):
        yosys.run(SCRIPT, {"top.v": text}, ["out.json"], root=tmp_path)
    assert len(list(tmp_path.glob("*/out.json"))) == 2


def test_the_same_bytes_every_time(tmp_path):
    texts = {
        yosys.run(SCRIPT, {"top.v": GOOD}, ["out.json"], root=tmp_path / name)["out.json"] for name in "ab"
    }
    assert len(texts) == 1


def test_broken_text_names_the_line_and_the_log(tmp_path):
    for _ in range(2):  # a failure is not kept as a result
        with pytest.raises(ToolError, match=r"Yosys stopped: top\.v:2: ERROR: syntax error") as caught:
            yosys.run(SCRIPT, {"top.v": BROKEN}, ["out.json"], root=tmp_path)
        (log,) = tmp_path.glob("*/yosys.log")
        assert caught.value.log == str(log.resolve())
        assert "syntax error" in log.read_text()


def test_an_output_that_nobody_wrote(tmp_path):
    with pytest.raises(ToolError, match=r"Yosys wrote no other\.json\."):
        yosys.run(SCRIPT, {"top.v": GOOD}, ["other.json"], root=tmp_path)


def test_a_run_that_takes_too_long_is_ended(tmp_path):
    with pytest.raises(ToolError, match=r"Yosys was ended after 0\.001 s\."):
        yosys.run(SCRIPT, {"top.v": GOOD}, ["out.json"], root=tmp_path, timeout_s=0.001)


def test_without_yosys(tmp_path, monkeypatch):
    def missing(*names):
        raise UserError("pyosys is not installed.")

    monkeypatch.setattr(yosys, "require", missing)
    with pytest.raises(UserError, match="pyosys is not installed"):
        yosys.run(SCRIPT, {"top.v": GOOD}, ["out.json"], root=tmp_path)
