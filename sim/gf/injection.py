"""Errors injected into the RTL of a whole core, between stalling streams: what comes out, against integers.

Every single position of every net that can be disturbed, and random patterns of more. This sees what a
campaign on gates does not: the controller, the folded corrector, the registers between the streams.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pyralis.gen.emit.verilog import emit
from pyralis.gen.errors import ToolError
from pyralis.gen.progress import QUIET, Progress
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.core import GfMultiplier
from pyralis.hw.gf.ports import Injection, element_names
from pyralis.sim.bench.build import build
from pyralis.sim.gf.answers import expected, fields_of, payload
from pyralis.sim.gf.campaign import OUTCOMES

__all__ = ["TOP", "inject", "outcome_of"]

TOP = "gf_mul"


def inject(
    config: GfConfig,
    *,
    patterns: int = 200,
    stall: float = 0.3,
    seed: int = 0,
    root: Path = Path("build/sim"),
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Injects every single error, and *patterns* random ones of each weight from 2 to 2 t + 2, into the RTL.

    Parameters
    ----------
    config : GfConfig
        Any; ``inject`` is switched on.
    patterns : int
        Of each weight, spread over all nets.
    stall : float
        Share of cycles in which the source of operands has none, and in which the consumer is not ready.
    seed : int
    root : Path
        Where simulators are built.
    progress : Progress

    Returns
    -------
    dict
        ``ok``: every answer is the expected one; ``products``; ``waits``: cycles in which a result waited;
        ``rows``: by ``net`` ("any" for patterns) and ``weight`` how many ``cases`` there were and how many
        had each of :data:`~pyralis.sim.gf.campaign.OUTCOMES`; ``differences``: the first few answers that are
        not the expected ones.

    Raises
    ------
    UserError
        A program that a simulation needs is missing.
    ToolError
        The simulation failed; it names the log.
    """
    config = replace(config, inject=True)
    jobs = list(_jobs(config, patterns, random.Random(seed)))
    with progress.step("build the simulator") as step:
        runner, folder = build({f"{TOP}.v": emit(GfMultiplier(config), TOP)}, TOP, root=root)
        step.note(folder.name)
    with progress.step("simulate") as step:
        words = [payload(config, operands) for _, _, operands in jobs]
        answers, waits = _simulate(runner, folder, words, stall, seed)
        step.note(f"{len(jobs)} products")
    counts: dict[tuple[str, int], Counter[str]] = {}
    differences = []
    for (net, weight, operands), word in zip(jobs, answers, strict=True):
        found, wanted = fields_of(config, word), expected(config, operands)
        seen = {name: found[name] for name in wanted}
        if seen != wanted:
            differences.append({"operands": operands, "found": seen, "expected": wanted})
        field = config.field
        right = field.convert(field.multiply(field.convert(operands["a"]), field.convert(operands["b"])))
        counts.setdefault((net, weight), Counter())[outcome_of(found, right)] += 1
    rows = [
        {"net": net, "weight": weight, "cases": count.total(), **{name: count[name] for name in OUTCOMES}}
        for (net, weight), count in counts.items()
    ]
    return {
        "ok": not differences,
        "config": asdict(config),
        "products": len(jobs),
        "waits": waits,
        "rows": rows,
        "differences": differences[:5],
    }


def outcome_of(found: dict[str, int], right: int) -> str:
    """One of :data:`~pyralis.sim.gf.campaign.OUTCOMES`, for a result by field and the *right* product."""
    wrong = found["product"] != right
    if found["alarm"] or found["uncorrectable"] or (found["error"] and not found["corrected"]):
        return "flagged_wrong" if wrong else "flagged_right"
    if found["corrected"]:
        return "miscorrected" if wrong else "corrected"
    return "silent" if wrong else "masked"


def _jobs(config: GfConfig, patterns: int, rng: random.Random) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """(net, weight, operands) of each product, those without an error among them."""
    widths = {net: place.width for net, place in Injection(config)}
    bits = [(net, bit) for net, width in widths.items() for bit in range(width)]
    chosen: list[tuple[str, int, list[tuple[str, int]]]] = [("none", 0, [])] * patterns
    chosen += [(net, 1, [(net, bit)]) for net, bit in bits]
    for weight in range(2, min(2 * config.t + 2, len(bits)) + 1):
        chosen += [("any", weight, rng.sample(bits, weight)) for _ in range(patterns)]
    for net, weight, places in chosen:
        operands: dict[str, Any] = {name: rng.getrandbits(config.m) for name in ("a", "b")}
        operands |= {name: operands[name[0]] for name in element_names(config)}
        flips = dict.fromkeys(widths, 0)
        for where, bit in places:
            flips[where] |= 1 << bit
        yield net, weight, {**operands, "inject": flips}


def _simulate(runner, folder: Path, words: list[int], stall: float, seed: int) -> tuple[list[int], int]:
    """(results, cycles in which one waited)."""
    work = folder / f"injection-{time.monotonic_ns()}"
    work.mkdir(parents=True)
    job, answer, log = work / "job.json", work / "answer.json", work / "simulation.log"
    job.write_text(json.dumps({"words": words, "stall": stall, "seed": seed, "answer": str(answer)}))
    try:
        runner.test(
            hdl_toplevel=TOP,
            test_module="pyralis.sim.gf.cocotb_injection",
            test_dir=work,
            build_dir=folder,
            seed=seed,
            results_xml=str(work / "results.xml"),
            log_file=log,
            extra_env={"PYRALIS_JOB": str(job), "COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py"},
        )
    except (SystemExit, RuntimeError) as error:
        raise ToolError(f"The simulation of {TOP} failed.", str(log)) from error
    found = json.loads(answer.read_text())
    return found["words"], found["waits"]
