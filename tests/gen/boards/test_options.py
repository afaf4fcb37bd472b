"""What the verbs that build for a board print."""

from pyralis.gen.boards.options import render_build

RESULT = {"ok": True, "verdict": "A sentence.", "folder": "out", "files": {"x.bit": "00"}}


def printed(*rows: dict) -> list[str]:
    return render_build({**RESULT, "resources": list(rows)}).splitlines()


def test_a_device_without_a_resource_or_of_unknown_size():
    rows = (
        {"name": "LUT", "detail": "CLB LUTs", "used": 1200, "available": 4800},
        {"name": "URAM", "detail": "URAM", "used": 0, "available": 0},
        {"name": "DSP", "detail": "DSPs", "used": 3},
    )
    assert printed(*rows) == [
        "",
        "resource  of the device   used  available   share",
        "--------  -------------  -----  ---------  ------",
        "LUT       CLB LUTs       1,200      4,800  25.0 %",
        "URAM      URAM               0          0       -",
        "DSP       DSPs               3          -       -",
        "",
        "A sentence.",
        "Written to out: x.bit.",
    ]


def test_without_figures_there_is_no_table():
    assert printed() == ["", "", "A sentence.", "Written to out: x.bit."]
