"""``pyralis boards``."""

import json

import pytest


def test_every_board_with_what_it_holds(command):
    code, out, err = command("boards")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert next(line[:6] for line in lines if line[:1] == ["ulx3s"]) == [
        "ulx3s",
        "Radiona",
        "ULX3S",
        "85F",
        "LFE5U-85F-6BG381C",
        "ecp5",
    ]
    fits = {(line[0], line[2]): line[6] for line in lines if line[1:2] == ["snn"]}
    assert fits["ulx3s", "tiny"] == "yes" and fits["ulx3s", "zcu104"] == "no:"
    fits = {(line[0], *line[2:5]): line[-1] for line in lines if line[1:2] == ["gf"] and line[-1] == "yes"}
    assert ("ulx3s", "m=45", "two_step", "residue_bch") in fits
    assert ("ulx3s", "m=163", "karatsuba", "none") in fits and (
        "ulx3s",
        "m=571",
        "karatsuba",
        "none",
    ) not in fits
    graph = {(line[0], line[2]): " ".join(line[6:]) for line in lines if line[1:2] == ["gcn"]}
    assert graph["ulx3s", "tiny"] == "yes"
    assert graph["zcu104", "z8"] == "yes" and graph["zcu104", "z32"].startswith("no: LUT 703,584 > ")
    note = out.partition("What the cores take is estimated, without synthesis, or counted.\n")[2]
    assert [line.split(":")[0] for line in note.splitlines()] == ["  snn", "  gcn", "  gf"]


def test_the_same_as_json(command):
    code, out, _ = command("boards", "--json")
    boards = {board["name"]: board for board in json.loads(out)["boards"]}
    assert code == 0 and set(boards) == {"kv260", "pynq_z2", "ulx3s", "zcu104"}
    assert boards["ulx3s"]["resources"]["dsps"] == 156
    rows = boards["ulx3s"]["holds"]
    assert [row["preset"] for row in rows if row["core"] == "snn" and row["fits"]] == ["tiny"]
    assert [row["fits"] for row in rows if row["core"] == "gcn"] == [True]
    (row,) = (row for row in rows if row["arguments"] == "--m 45 --t 3")
    assert (row["m"], row["t"], row["protect"], row["corrector"]) == (45, 3, "residue_bch", "pipelined")
    assert row["fits"] and row["estimated"] and row["luts"] == pytest.approx(7_202, rel=0.1), "as placed"
    assert set(json.loads(out)["estimates"]) == {"snn", "gcn", "gf"}
