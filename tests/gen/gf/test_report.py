"""The figures of one configuration, in its two files."""

import json

import pytest

from pyralis.gen.gf import measure
from pyralis.gen.gf.report import report, text
from pyralis.hw.gf.config import GfConfig


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "FAMILIES", ("ecp5",))  # the other takes a minute
        config = GfConfig(m=4, t=1, correct=0, corrector="none", digit=4)
        return folder, report(config, folder, vectors=16)


def test_json_and_page_hold_the_same(found):
    folder, result = found
    assert json.loads((folder / "report.json").read_text()) == result
    page = (folder / "report.html").read_text()
    assert result["name"] in page
    assert "predictor_0" in page
    assert "<script" not in page
    assert str(result["gates"]) in page


def test_detection_finds_every_flip_of_the_multiplier(found):
    coverage = found[1]["coverage"]
    assert coverage["silent"] == coverage["miscorrected"] == 0
    assert coverage["multiplier_flips_corrected"] + coverage["multiplier_flips_flagged"] == pytest.approx(1)


def test_blocks_and_tables_are_told(found):
    lines = text(found[1])
    assert "multiplier_0" in lines
    assert "ecp5: " in lines
    assert "flagged." in lines
    assert found[1]["overhead"].keys() == {"two_step"}


def test_what_is_not_asked_for_is_left_out(found):
    config = GfConfig(m=4, t=1, correct=0, corrector="none", digit=4)
    result = report(config, luts=False, coverage=False)
    assert result["coverage"] is None
    assert result["luts"] == {}
    assert result["gates"] == found[1]["gates"]
