"""``pyralis bitstream``: what it asks for, and what it refuses."""

import json

import pytest

from pyralis.gen.boards import options


@pytest.fixture
def asked(monkeypatch):
    """What would be built: the arguments of the flow."""
    calls = []

    def build(board, design, folder, **how):
        calls.append((board, design, folder, how))
        return {
            "ok": True,
            "verdict": "Asked for 50 MHz, reached 51.0 MHz.",
            "folder": folder,
            "files": {"x.bit": "00"},
            "resources": [{"name": "LUT", "detail": "TRELLIS_COMB", "used": 2000, "available": 80000}],
        }

    monkeypatch.setattr(options, "build", build)
    return calls


def test_a_multiplier(command, asked):
    words = ("gf", "--board", "ulx3s", "--m", 8, "--protect", "none", "--clock", 50, "--seed", 3)
    code, out, err = command("bitstream", *words)
    assert (code, err) == (0, "")
    assert "LUT       TRELLIS_COMB   2,000     80,000  2.5 %" in out
    assert out.endswith("Asked for 50 MHz, reached 51.0 MHz.\nWritten to build/boards/ulx3s/gf: x.bit.\n")
    ((board, design, folder, how),) = asked
    assert (board.name, design.core, folder) == ("ulx3s", "gf", "build/boards/ulx3s/gf")
    assert design.facts["core"]["m"] == 8 and not design.keep_hierarchy
    assert (how["clock_mhz"], how["seed"]) == (50, 3)
    assert how["reproduce"] == ["pyralis bitstream gf --board ulx3s --m 8 --protect none --clock 50 --seed 3"]


def test_the_spiking_core_with_a_network(command, asked, network_file, core_file, tmp_path):
    words = ("--network", network_file, "--config", core_file, "--images", 2, "-o", tmp_path, "--json")
    code, out, _ = command("bitstream", "--board", "zcu104", *words)
    assert code == 0 and json.loads(out)["ok"]
    ((board, design, folder, how),) = asked
    assert (board.name, design.core, folder) == ("zcu104", "snn", str(tmp_path))
    assert list(design.memory) == ["program", "weights"] and how["clock_mhz"] is None
    assert design.facts["core"]["out_lanes"] == 4


def refused(command, *words) -> list[str]:
    code, _, err = command("bitstream", *words)
    assert code == 1
    return err.splitlines()


def test_what_is_refused(command, asked):
    assert refused(command, "gf", "--board", "zcu140") == [
        "pyralis: There is no board 'zcu140'; there are kv260, pynq_z2, ulx3s, zcu104.",
        "  where: BOARD",
        "  next:  did you mean zcu104?",
    ]
    assert refused(command, "gf", "--board", "ulx3s", "--clock", "fast")[0] == (
        "pyralis: Argument --clock: 'fast' is no clock in MHz"
    )
    assert refused(command, "snn", "--board", "ulx3s", "--clock", "0")[0].endswith("'0' is no clock in MHz")
    assert refused(command, "snn", "--board", "ulx3s", "--images", "4")[0] == (
        "pyralis: --images 4 says how a network is compiled, and none is named."
    )
    assert "--board" in refused(command, "snn")[0]
    assert asked == []
