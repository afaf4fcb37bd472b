"""What every board holds of every core."""

import pytest

from pyralis.boards.base import all_boards
from pyralis.gen.boards.capacity import CORES, Need, bases, estimate, exceeded, holds
from pyralis.gen.gcn.capacity import COUNTED
from pyralis.hw.gcn.config import PRESETS as GRAPH_PRESETS
from pyralis.hw.snn.config import PRESETS

BOARDS = all_boards()


def test_every_board_holds_its_own_preset_and_a_multiplier():
    for board in BOARDS.values():
        rows = holds(board)
        assert {row["core"] for row in rows} >= {"snn", "gf", *board.presets}
        assert all(row["estimated"] == (row["core"] != "gcn") for row in rows)
        graphs = {row["preset"] for row in rows if row["core"] == "gcn"}
        assert graphs == {name for name, family in COUNTED if family == board.family} | (
            {board.presets["gcn"]} if "gcn" in board.presets else set()
        )
        fits = {row["preset"]: row["fits"] for row in rows if row["core"] == "snn"}
        assert set(fits) == set(PRESETS) and fits[board.presets["snn"]]
        assert any(row["fits"] for row in rows if row["core"] == "gf")


def test_what_is_exceeded_is_named():
    rows = {row["design"]: row for row in holds(BOARDS["ulx3s"]) if row["core"] != "gcn"}
    assert rows["tiny"]["fits"] and rows["tiny"]["limit"] == ""
    assert not rows["zcu104"]["fits"]
    assert rows["zcu104"]["limit"] == "LUT 273,691 > 71,094, BRAM 243 > 208"
    large = rows["m=571 karatsuba none"]
    assert not large["fits"] and large["limit"] == f"LUT {large['luts']:,} > 71,094"


def test_what_nobody_has_counted_is_not_judged():
    rows = {row["design"]: row for row in holds(BOARDS["ulx3s"]) if row["core"] == "gcn"}
    assert rows["tiny"]["fits"] and rows["tiny"]["limit"] == ""
    assert (rows["tiny"]["block_rams"], rows["tiny"]["dsps"]) == (199, 32)
    rows = {row["design"]: row for row in holds(BOARDS["zcu104"]) if row["core"] == "gcn"}
    assert set(rows) <= set(GRAPH_PRESETS)
    for name, row in rows.items():
        counted = COUNTED.get((name, BOARDS["zcu104"].family))
        assert row["luts"] == (counted.luts if counted else None)
        assert (row["fits"] is None) == (counted is None)


def test_a_share_of_the_tables_is_left_free():
    has = BOARDS["ulx3s"].resources
    wanted = Need(luts=has.luts, block_rams=has.block_rams, dsps=has.dsps)
    assert exceeded(wanted, BOARDS["ulx3s"], 1.0) == []
    assert exceeded(wanted, BOARDS["ulx3s"], 0.5) == ["LUT 83,640 > 41,820"]


def test_an_estimate_has_the_form_of_what_a_build_reports():
    assert [row["name"] for row in estimate(Need(luts=1000), BOARDS["ulx3s"])] == ["LUT"]
    assert estimate(Need(luts=1000, block_rams=2, dsps=3), BOARDS["ulx3s"]) == [
        {"name": "LUT", "used": 1000, "available": 83_640},
        {"name": "BRAM", "used": 2, "available": 208},
        {"name": "DSP", "used": 3, "available": 156},
    ]


@pytest.mark.parametrize("core", CORES)
def test_every_core_says_what_its_estimate_rests_on(core):
    assert ("counted with" if core == "gcn" else "fitted to") in bases()[core]
