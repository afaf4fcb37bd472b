"""Pages about finite-field cores: the comparison of ``bench gf``, and the figures of one configuration."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from pyralis.gen.report import gf_charts, template

__all__ = ["bench_page", "core_page"]

Row = Mapping[str, Any]

NAMES = {
    "residue_bch": "BCH on the unreduced product",
    "product_bch": "BCH on the reduced product",
    "parallel_bch": "earlier papers, rebuilt",
    "parallel_newer": "earlier papers, with newer blocks",
    "majority": "one-step majority",
    "hamming": "Hamming",
    "tmr": "three copies",
    "dwc": "two copies",
    "diverse_dwc": "two different copies",
}


def bench_page(result: Mapping[str, Any]) -> str:
    """The page of a result of :func:`pyralis.gen.bench.gf.bench`; the same text every time."""
    rows = result["rows"]
    charts = {
        "over_t": _over_t(rows),
        "over_m": _over_m(rows),
        "coverage": _coverage(rows),
        "levels": _levels(rows),
    }
    known = [entry for entry in result["targets"] if entry["met"] is not None]
    return template.render("gf_bench.html.j2", result=result, charts=charts, known=known, names=NAMES)


def core_page(result: Mapping[str, Any]) -> str:
    """The page of a result of :func:`pyralis.gen.gf.report.report`."""
    blocks = [(name, block["gate_equivalents"], "c1") for name, block in result["blocks"].items()]
    around = result["gate_equivalents"] - sum(value for _, value, _ in blocks)
    if around > 0.5:
        blocks.append(("around them", round(around, 1), "c3"))
    chart = gf_charts.bars("Area by block", blocks, "gate equivalents") if blocks else None
    return template.render("gf_core.html.j2", result=result, chart=chart, names=NAMES)


def _at(rows: list[Row], m: int, **wanted: Any) -> list[Row]:
    """Rows of one m with these values, the smaller t first."""
    found = [row for row in rows if row["m"] == m and all(row[key] == value for key, value in wanted.items())]
    return sorted(found, key=lambda row: row["t"])


def _main(rows: list[Row]) -> int:
    """The degree that most rows are of."""
    degrees = [row["m"] for row in rows]
    return max(dict.fromkeys(degrees), key=degrees.count, default=0)


def _over(row: Row, key: str = "gates") -> float:
    return 100 * row["overhead"]["two_step"][key]


def _over_t(rows: list[Row]) -> Markup:
    """Overhead over t, at the degree that most is known of."""
    m = _main(rows)
    kinds = {
        "unreduced, detect": ("residue_bch", "detect"),
        "reduced, detect": ("product_bch", "detect"),
        "unreduced, correct": ("residue_bch", "combinational"),
        "unreduced, folded": ("residue_bch", "folded"),
        "reduced, correct": ("product_bch", "combinational"),
        "majority": ("majority", "combinational"),
    }
    series = {
        name: [(row["t"], _over(row, "gate_equivalents")) for row in _at(rows, m, protect=protect, mode=mode)]
        for name, (protect, mode) in kinds.items()
    }
    bounds = {
        NAMES[protect]: _over(found[0], "gate_equivalents")
        for protect in ("tmr", "dwc")
        if (found := _at(rows, m, protect=protect))
    }
    title = f"Area over the two-step multiplier by t, m = {m}"
    return gf_charts.curves(
        title, series, (1, 2, 3, 4, 5), "t, errors", "percent, in gate equivalents", bounds
    )


def _over_m(rows: list[Row]) -> Markup:
    """Overhead of detection over m."""
    degrees = sorted({row["m"] for row in rows})
    series: dict[str, list[tuple[float, float]]] = {}
    for t in (1, 3, 5):
        line = [
            (m, _over(found[0]))
            for m in degrees
            if (found := _at(rows, m, protect="residue_bch", mode="detect", t=t))
        ]
        series[f"t = {t}, detect"] = line
    series["t = 1, correct, hardened"] = [
        (m, _over(found[0]))
        for m in degrees
        if (found := _at(rows, m, protect="residue_bch", mode="combinational", t=1))
    ]
    title = "Gates over the two-step multiplier by m, BCH on the unreduced product"
    return gf_charts.curves(title, series, degrees, "m, bits of an element", "percent of gates")


def _coverage(rows: list[Row]) -> Markup | None:
    """Flips of multiplier gates that are corrected or flagged, against area; None if no row has any."""
    groups: dict[str, list[tuple[float, float, str]]] = {}
    for row in rows:
        if (found := row["coverage"]) is not None:
            safe = 100 * (found["multiplier_flips_corrected"] + found["multiplier_flips_flagged"])
            entry = (_over(row, "gate_equivalents"), safe, f"m = {row['m']}, {row['name']}")
            groups.setdefault(NAMES[row["protect"]], []).append(entry)
    if not groups:
        return None
    title = "Flipped multiplier gates that do no harm, against area"
    x_label = "area over the two-step multiplier, percent of gate equivalents"
    return gf_charts.points(title, groups, x_label, "percent of flips, masked, corrected or flagged")


def _levels(rows: list[Row]) -> Markup:
    """The longest stage of the designs of the main degree with most errors, beside the multiplier's."""
    m = _main(rows)
    compared = [row for row in _at(rows, m) if row["protect"] in ("none", "tmr") and not row["core"]]
    style = {"residue_bch": "c1", "product_bch": "c1", "parallel_bch": "c2", "parallel_newer": "c2"}
    found = [*compared, *(row for row in _at(rows, m) if row["t"] == 5)]
    entries = [(row["name"], row["levels"], style.get(row["protect"], "c3")) for row in found]
    return gf_charts.bars(f"Levels of the longest stage, m = {m}", entries, "two-input gates", {"aim": 14})
