"""What is read from a report of nextpnr 0.11, stored here as it was written for a small multiplier."""

import json
from pathlib import Path

import pytest

from pyralis.gen.boards.ecp5.nextpnr import read_report, signal_of
from pyralis.gen.errors import ToolError

TEXT = Path(__file__).with_name("report.json").read_text()


def test_resources_and_clock():
    report = read_report(TEXT, 100.0)
    assert report.resources == [
        {"name": "LUT", "detail": "TRELLIS_COMB", "used": 2126, "available": 83640},
        {"name": "FF", "detail": "TRELLIS_FF", "used": 1345, "available": 83640},
        {"name": "BRAM", "detail": "DP16KD", "used": 2, "available": 208},
        {"name": "DSP", "detail": "MULT18X18D", "used": 0, "available": 156},
    ]
    assert report.clock["name"] == "clk" and report.clock["asked_mhz"] == 100
    assert report.clock["reached_mhz"] == pytest.approx(66.600067) and not report.clock["met"]


def test_a_miss_says_by_how_much_and_where():
    report = read_report(TEXT, 100.0)
    assert report.verdict == (
        "Asked for 100 MHz, reached 66.6 MHz: 5.01 ns too slow "
        "from shell.core.b_0__value[6] to shell.core.core.result__payload."
    )
    assert report.hint == "--clock 66 or less, or another --seed"


def test_a_clock_that_is_met():
    content = json.loads(TEXT)
    content["fmax"]["$glbnet$clk"] = {"achieved": 60.0024, "constraint": 60.0024}
    report = read_report(json.dumps(content), 60.0)  # periods of nextpnr are whole picoseconds
    assert report.clock["met"] and report.verdict == "Asked for 60 MHz, reached 60.0 MHz."
    content["fmax"]["$glbnet$clk"]["achieved"] = 59.99
    assert not read_report(json.dumps(content), 60.0).clock["met"]


def test_the_longest_path_step_by_step():
    (path,) = read_report(TEXT, 100.0).paths  # those from and to pins are not of the clock
    assert path["delay_ns"] == pytest.approx(15.015) and path["asked_ns"] == 10
    assert path["logic_ns"] == pytest.approx(4.034) and path["routing_ns"] == pytest.approx(10.981)
    assert sum(step["delay_ns"] for step in path["steps"]) == pytest.approx(path["delay_ns"])
    assert [step["kind"] for step in path["steps"][:3]] == ["clk-to-q", "routing", "logic"]
    cells = [step["cell"] for step in path["steps"]]
    assert cells[:3] == [
        "shell.core.registers.b_0__value",
        "shell.core.b_0__value[6]",
        "shell.core.core.front.datapath.multiplier_0",
    ]
    assert not [cell for cell in cells if "$" in cell or "LUT4" in cell or "PFUMX" in cell]


def test_names_of_cells_lead_back_to_signals():
    names = {
        "$glbnet$clk": "clk",
        "shell.core.count": "shell.core.count",
        "a.level_TRELLIS_FF_Q_2_DI_PFUMX_Z_BLUT_LUT4_Z": "a.level",
        "core.weights$446.tile_TRELLIS_FF_Q_CE_LUT4_Z_C[3]": "core.weights.tile",
        "a.b$39[0]": "a.b[0]",
        "a.block.port$1293$0_LUT4_D": "a.block",
        "a.block.$signal$28_CCU2C_S1": "a.block",
        "ram.memory.0.0_DP16KD_DOA": "ram.memory.0.0",
        "my_LUT4": "my_LUT4",
    }
    assert {name: signal_of(name) for name in names} == names


def test_another_clock_is_no_answer():
    with pytest.raises(ToolError, match=r"of the clocks \$glbnet\$clk 100 MHz, not of one of 62.5 MHz\."):
        read_report(TEXT, 62.5)
    content = json.loads(TEXT) | {"fmax": {}}
    with pytest.raises(ToolError, match=r"speaks of the clocks none, not"):
        read_report(json.dumps(content), 100.0)
