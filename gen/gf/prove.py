"""All that can be proven of a configuration: what its gates compute, that none are lost, that it decodes."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pyralis.gen.gf.proofs import block_claims, datapath_claims, prove_claim
from pyralis.gen.gf.survival import FLOWS, survival
from pyralis.gen.progress import QUIET, Progress
from pyralis.hw.gf.config import CODED, GfConfig

__all__ = ["MAPPED_M", "prove"]

MAPPED_M = 64
"""Largest m for which logic optimisation is quick; beyond it the gates are proven as they are written."""


def prove(
    config: GfConfig,
    *,
    structural: bool | None = None,
    flows: Iterable[str] = FLOWS,
    max_patterns: int | None = 2_000_000,
    formal: Path | None = None,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Proves *config*.

    Parameters
    ----------
    config : GfConfig
    structural : bool, optional
        Take the gates as they are written, without logic optimisation. By default so beyond :data:`MAPPED_M`.
    flows : iterable of str
        Synthesis flows in which redundancy must survive, keys of :data:`pyralis.gen.gf.survival.FLOWS`.
    max_patterns : int, optional
        Error patterns of one weight that are all decoded; of more, so many are drawn at random. None: all.
    formal : Path, optional
        Folder for model checking of the streams, which takes a minute and m of at most 8. None: leave it out.
    progress : Progress

    Returns
    -------
    dict
        ``ok``: nothing failed; ``config``; ``structural``; ``checks``: rows with ``part`` ("algebra",
        "redundancy", "decoding", "streams"), ``what``, ``ok`` (None: left out, or not decided) and
        ``detail``; ``decoding``: the result of :func:`pyralis.sim.gf.exhaustive.decode_all`, with a code.

    Raises
    ------
    UserError, ToolError
        A tool is missing or stopped.
    """
    structural = config.m > MAPPED_M if structural is None else structural
    checks = []
    for claim in [
        *block_claims(config, structural=structural),
        *datapath_claims(config, structural=structural),
    ]:
        with progress.step(f"{claim.block}.{claim.output}") as step:
            found = prove_claim(claim)
            step.note(found["detail"])
        what = f"{claim.block}: {claim.output} = {claim.says}"
        checks.append({"part": "algebra", "what": what, "ok": found["ok"], "detail": found["detail"]})
    checks += _survived(config, flows, progress)
    decoding = None
    if config.protect in CODED:
        decoding, rows = _decoded(config, max_patterns, progress)
        checks += rows
    checks.append(_checked(config, formal, progress))
    return {
        "ok": all(row["ok"] is not False for row in checks),
        "config": asdict(config),
        "structural": structural,
        "checks": checks,
        "decoding": decoding,
    }


def _survived(config: GfConfig, flows: Iterable[str], progress: Progress) -> list[dict[str, Any]]:
    with progress.step("redundancy") as step:
        rows = survival(config, flows)
        step.note(f"{sum(not row['ok'] for row in rows)} of {len(rows)} counts too small")
    return [
        {
            "part": "redundancy",
            "what": f"{row['flow']}: {row['block']}",
            "ok": row["ok"],
            "detail": f"{row['cells']:,} cells, {row['alone']:,} alone",
        }
        for row in rows
    ]


def _decoded(
    config: GfConfig, max_patterns: int | None, progress: Progress
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from pyralis.sim.gf.exhaustive import decode_all

    found = decode_all(config, max_patterns=max_patterns, progress=progress)
    rows = []
    for row in found["weights"]:
        how = "all" if row["exhaustive"] else f"{row['tried']:,} at random of"
        detail = f"{how} {row['patterns']:,} patterns, {row['failures']} failures"
        if row["failures"]:
            detail += f", the first at {row['first_failure']}"
        what = f"{row['must']} {row['weight']} errors"
        rows.append({"part": "decoding", "what": what, "ok": not row["failures"], "detail": detail})
    return found, rows


def _checked(config: GfConfig, folder: Path | None, progress: Progress) -> dict[str, Any]:
    from pyralis.gen.gf.formal import LARGEST_M, prove_formal

    row = {"part": "streams", "what": "handshake, latency, no false flag", "ok": None}
    if folder is None:
        return row | {"detail": "left out; --formal checks them with a solver"}
    if config.m > LARGEST_M:
        return row | {"detail": f"left out; a solver manages m up to {LARGEST_M}"}
    found = prove_formal(config, folder, progress)
    detail = {"induction": "by induction", "": f"refuted; trace: {found['trace']}"}
    return row | {"ok": found["ok"], "detail": detail.get(found["proven"], f"{found['depth']} cycles")}
