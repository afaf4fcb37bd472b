"""Decoders proven by trying them: every error pattern that must be corrected, or must be detected.

Patterns are cut in two: the last few wrong positions are laid out once, 64 to a machine word, and the first
ones are added to all of them at a time. So 25 million patterns take seconds and not minutes.
"""

from collections.abc import Iterator
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from pyralis.gen.progress import QUIET, Progress, Step
from pyralis.hw.gf.config import GfConfig
from pyralis.sim.gf.behind import FLAGS
from pyralis.sim.gf.decoder import Decoder
from pyralis.sim.netlist.evaluate import ALL_ONES

__all__ = ["decode_all"]

INNER = 1 << 18
"""Most patterns of the part that is laid out."""

WORDS = 1024
"""Words that are evaluated at a time, at least."""


def decode_all(
    config: GfConfig, *, max_patterns: int | None = None, seed: int = 0, progress: Progress = QUIET
) -> dict[str, Any]:
    """Decodes every error pattern that *config* promises to correct or to detect, on the mapped gates.

    Parameters
    ----------
    config : GfConfig
        With one of the coded protections.
    max_patterns : int, optional
        Of a weight with more patterns than this, so many are drawn at random.
    seed : int
        Of those.
    progress : Progress

    Returns
    -------
    dict
        ``ok``; ``exhaustive``: nothing was left out; ``positions``, ``gates``; ``patterns``: how many were
        decoded; ``weights``: for each weight how it must end (``must``: pass, correct or detect), how many
        ``patterns`` there are, ``tried``, ``exhaustive``, ``failures``, and the positions of the
        ``first_failure``.

    Raises
    ------
    UserError
        The protection has no code.
    """
    with progress.step("map the decoder") as step:
        decoder = Decoder(config)
        step.note(f"{decoder.gates} gates, {decoder.positions} positions")
    chance = np.random.default_rng(seed)
    rows = []
    for weight, must in _duties(config):
        total = comb(decoder.positions, weight)
        exhaustive = max_patterns is None or total <= max_patterns
        with progress.step(f"weight {weight}: {must}", total=total if exhaustive else max_patterns) as step:
            if exhaustive:
                parts = _every(decoder, weight)
            else:
                parts = _some(decoder, weight, max_patterns or 0, chance)
            tried, failures, first = _decode(decoder, parts, must, step)
            step.note(f"{tried:,} of {total:,} patterns, {failures} failures")
        rows.append({
            "weight": weight,
            "must": must,
            "patterns": total,
            "tried": tried,
            "exhaustive": exhaustive,
            "failures": failures,
            "first_failure": first,
        })
    return {
        "ok": not any(row["failures"] for row in rows),
        "exhaustive": all(row["exhaustive"] for row in rows),
        "positions": decoder.positions,
        "gates": decoder.gates,
        "patterns": sum(row["tried"] for row in rows),
        "weights": rows,
    }


_Part = tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, ...]]
"""Planes of the inputs, lanes that count, (N, k) positions of each lane, and those that all lanes have."""


def _duties(config: GfConfig) -> Iterator[tuple[int, str]]:
    """How patterns of each weight must end: those beyond the last one may end in any way."""
    yield 0, "pass"
    for weight in range(1, config.correct + 1):
        yield weight, "correct"
    if config.protect != "majority":
        for weight in range(config.correct + 1, 2 * config.t - config.correct + 1):
            yield weight, "detect"


def _every(decoder: Decoder, weight: int) -> Iterator[_Part]:
    """All patterns."""
    size = decoder.positions
    inner = max(count for count in range(min(weight, 3) + 1) if count < 2 or comb(size, count) <= INNER)
    last = np.array(list(combinations(range(size), inner)), np.intp).reshape(comb(size, inner), inner)
    planes = decoder.planes(last)
    for first in combinations(range(size - inner), weight - inner):
        # Patterns are in the order of their lowest position, so those above all of *first* are the last ones.
        start = comb(size, inner) - comb(size - 1 - first[-1], inner) if first else 0
        word = start // 64
        lanes = np.full(planes.shape[1] - word, ALL_ONES)
        if rest := len(last) % 64:
            lanes[-1] = (1 << rest) - 1
        lanes[0] &= np.uint64((1 << 64) - (1 << start % 64))
        part = planes[:, word:]
        yield (part ^ decoder.constant(first) if first else part), lanes, last[64 * word :], first


def _some(decoder: Decoder, weight: int, count: int, chance: np.random.Generator) -> Iterator[_Part]:
    """*count* random patterns."""
    for start in range(0, count, INNER):
        lanes = min(INNER, count - start)
        keys = chance.random((lanes, decoder.positions), np.float32)
        patterns = np.sort(np.argpartition(keys, weight - 1, axis=1)[:, :weight], axis=1)
        planes = decoder.planes(patterns)
        valid = np.full(planes.shape[1], ALL_ONES)
        if rest := lanes % 64:
            valid[-1] = (1 << rest) - 1
        yield planes, valid, patterns, ()


def _decode(
    decoder: Decoder, parts: Iterator[_Part], must: str, step: Step
) -> tuple[int, int, list[int] | None]:
    """(patterns tried, failures, positions of the first)."""
    tried, failures, first = 0, 0, None
    for group in _joined(parts):
        outputs = decoder.run(np.concatenate([part[0] for part in group], axis=1))
        lanes = np.concatenate([part[1] for part in group])
        bad = _wrong(outputs, must, decoder.folded) & lanes
        count = int(np.bitwise_count(lanes).sum())
        tried += count
        step.advance(count)
        if bad.any():
            failures += int(np.bitwise_count(bad).sum())
            first = first or _positions(group, bad)
    return tried, failures, first


def _joined(parts: Iterator[_Part]) -> Iterator[list[_Part]]:
    """Small parts together: a run has a price of its own."""
    group: list[_Part] = []
    for part in parts:
        group.append(part)
        if sum(len(lanes) for _, lanes, _, _ in group) >= WORDS:
            yield group
            group = []
    if group:
        yield group


def _wrong(outputs: dict[str, np.ndarray], must: str, folded: bool) -> np.ndarray:
    """(words,) lanes whose outcome is not what it must be."""
    error, corrected, uncorrectable, alarm = (outputs[flag][0] for flag in FLAGS)
    changed = np.bitwise_or.reduce(outputs["product"], axis=0)
    if must == "pass":
        # The folded corrector takes no errors for a corrected pattern; it is only started by an error.
        return error | uncorrectable | alarm | changed | (np.uint64(0) if folded else corrected)
    bad = ~error | alarm
    if must == "detect":
        return bad | corrected | ~uncorrectable
    return bad | changed | ~corrected | uncorrectable


def _positions(group: list[_Part], bad: np.ndarray) -> list[int]:
    """Positions of the first bad lane of a group."""
    word = int(np.flatnonzero(bad)[0])
    value = int(bad[word])
    lane = (value & -value).bit_length() - 1
    for _, lanes, patterns, shared in group:
        if word < len(lanes):
            return [*shared, *patterns[64 * word + lane].tolist()]
        word -= len(lanes)
    raise AssertionError("the lane is in no part")
