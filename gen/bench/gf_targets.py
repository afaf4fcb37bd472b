"""What a protected multiplier is to reach, and what papers claim, beside what was measured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CLAIMS", "Claim", "targets"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A figure of a paper. None of them says what its baseline is made of, so they are not comparable."""

    who: str
    what: str
    value: str
    source: str


CLAIMS = (
    Claim(
        who="BCH, folded key equation",
        what="area over the multiplier, m = 45, t = 5",
        value="80 %",
        source="arXiv 2306.13347, abstract",
    ),
    Claim(
        who="BCH, folded key equation",
        what="critical path under that of earlier designs, m = 45, t = 5",
        value="37 % and 49 %",
        source="arXiv 2306.13347, abstract",
    ),
    Claim(
        who="parallel BCH",
        what="area over the larger multipliers",
        value="150 %",
        source="Poolakkaparambil et al. 2012, abstract",
    ),
    Claim(
        who="Hamming and LDPC, one error",
        what="area over the larger multipliers",
        value="130 %",
        source="Poolakkaparambil et al. 2012, abstract",
    ),
)
"""Claimed, baseline unknown."""


def targets(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each target with its bound, the measured value and whether it is met.

    Parameters
    ----------
    rows : iterable of dict
        Of :func:`pyralis.gen.bench.gf.bench`.

    Returns
    -------
    list of dict
        ``target``, ``bound`` and ``measured`` (text), ``value``, ``met`` (None: not measured in this run),
        ``stretch``: a harder bound and whether that is met, or None.
    """
    table = _Table(rows)
    detect = table.row(45, "residue_bch", 5, "detect")
    whole = table.row(45, "residue_bch", 5, "combinational")
    pipelined = table.row(45, "residue_bch", 5, "pipelined")
    folded = table.row(45, "residue_bch", 5, "folded")
    parallel = table.row(45, "parallel_bch", 5, "combinational")
    hardened = {m: table.row(m, "residue_bch", 1, "combinational") for m in (45, 163)}
    found = [
        _share("m = 45, t = 5, detect: gates over the multiplier", _over(detect), 0.72, stretch=0.60),
        _share("m = 45, t = 5, correct, folded: area over it, flip-flops counted", _over(folded, True), 1.0),
        _share("m = 45, t = 5, correct, combinational: gates over the multiplier", _over(whole), 2.0),
        _count("m = 45, t = 5, correct, combinational: levels to the flag", _path(whole, "error"), 30),
        _same("m = 45, t = 5, correct, combinational: levels to the raw product", whole, table.plain(45)),
        _cycles("m = 45, t = 5, correct, folded: cycles without an error", folded, table.core(45)),
        _count("m = 45, t = 5, correct, pipelined: levels a stage", _levels(pipelined), 14),
        *(
            _share(f"m = {m}, t = 1, correct, hardened: gates over the multiplier", _over(row), bound)
            for (m, row), bound in zip(hardened.items(), (0.40, 0.15), strict=True)
        ),
        _ratio("m = 45, t = 5, correct: gates over those of parallel BCH", whole, parallel, "gates", 0.75),
        _ratio(
            "m = 45, t = 5: levels a stage over those of parallel BCH", pipelined, parallel, "levels", 0.5
        ),
    ]
    coverage = hardened[45] and hardened[45]["coverage"]
    right = coverage["multiplier_flips_corrected"] if coverage else None
    harm = coverage["silent"] + coverage["miscorrected"] if coverage else None
    title = "m = 45, t = 1, correct, hardened: flips of multiplier gates put right"
    found.append(_at_least(title, right, 0.997))
    title = "m = 45, t = 1, correct, hardened: faults of single gates that spoil a product unseen"
    found.append(_count(title, harm, 0))
    return found


class _Table:
    """Rows by what they are."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.rows = [row for row in rows if "gates" in row]

    def row(self, m: int, protect: str, t: int, mode: str) -> Mapping[str, Any] | None:
        wanted = (m, protect, t, mode)
        return next((r for r in self.rows if (r["m"], r["protect"], r["t"], r["mode"]) == wanted), None)

    def plain(self, m: int) -> Mapping[str, Any] | None:
        return self._none(m, core=False)

    def core(self, m: int) -> Mapping[str, Any] | None:
        return self._none(m, core=True)

    def _none(self, m: int, *, core: bool) -> Mapping[str, Any] | None:
        wanted = (m, "none", "two_step", core)
        keys = ("m", "protect", "multiplier", "core")
        return next((r for r in self.rows if tuple(r[key] for key in keys) == wanted), None)


def _over(row: Mapping[str, Any] | None, equivalents: bool = False) -> float | None:
    return row["overhead"]["two_step"]["gate_equivalents" if equivalents else "gates"] if row else None


def _path(row: Mapping[str, Any] | None, port: str) -> int | None:
    return row["paths"][port] if row else None


def _levels(row: Mapping[str, Any] | None) -> int | None:
    return row["levels"] if row else None


def _entry(title: str, bound: str, value: float | None, text: str, met: bool) -> dict[str, Any]:
    measured = value is not None
    return {
        "target": title,
        "bound": bound,
        "value": value,
        "measured": text if measured else "not measured",
        "met": met if measured else None,
        "stretch": None,
    }


def _share(title: str, value: float | None, bound: float, stretch: float | None = None) -> dict[str, Any]:
    known = value if value is not None else 0.0
    entry = _entry(title, f"at most {bound:.0%}", value, f"{known:.1%}", known <= bound)
    if stretch is not None and value is not None:
        entry["stretch"] = {"bound": f"at most {stretch:.0%}", "met": value <= stretch}
    return entry


def _at_least(title: str, value: float | None, bound: float) -> dict[str, Any]:
    known = value if value is not None else 0.0
    return _entry(title, f"at least {bound:.1%}", value, f"{known:.2%}", known >= bound)


def _count(title: str, value: int | None, bound: int) -> dict[str, Any]:
    known = value if value is not None else 0
    return _entry(title, f"at most {bound}" if bound else "none", value, str(known), known <= bound)


def _ratio(
    title: str, ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None, key: str, bound: float
) -> dict[str, Any]:
    value = ours[key] / theirs[key] if ours and theirs else None
    text = f"{value:.2f} ({ours[key]} / {theirs[key]})" if value is not None and ours and theirs else ""
    return _entry(title, f"at most {bound:g}", value, text, value is not None and value <= bound)


def _same(title: str, ours: Mapping[str, Any] | None, plain: Mapping[str, Any] | None) -> dict[str, Any]:
    if not ours or not plain:
        return _entry(title, "as without protection", None, "", False)
    value, bound = ours["paths"]["early"], plain["paths"]["early"]
    return _entry(title, f"as without protection: {bound}", value, str(value), value <= bound)


def _cycles(title: str, ours: Mapping[str, Any] | None, plain: Mapping[str, Any] | None) -> dict[str, Any]:
    if not ours or not plain:
        return _entry(title, "as without protection", None, "", False)
    value, bound = ours["cycles"]["result"], plain["cycles"]["result"]
    return _entry(title, f"as without protection: {bound}", value, str(value), value <= bound)
