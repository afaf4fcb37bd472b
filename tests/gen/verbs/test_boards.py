"""``pyralis boards``."""

import json


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


def test_the_same_as_json(command):
    code, out, _ = command("boards", "--json")
    boards = {board["name"]: board for board in json.loads(out)["boards"]}
    assert code == 0 and set(boards) == {"kv260", "pynq_z2", "ulx3s", "zcu104"}
    assert boards["ulx3s"]["resources"]["dsps"] == 156
    assert [row["preset"] for row in boards["ulx3s"]["holds"] if row["fits"]] == ["tiny"]
