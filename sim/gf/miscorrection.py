"""What a decoder does beyond its promise: how often it takes a heavier error pattern for a lighter one.

Of all syndromes, a share belongs to patterns that are corrected. A word drawn at random has a random
syndrome, so it is taken for a codeword with few errors in just that share of cases; for patterns of a given
weight that is almost so, as long as the code has many words.
"""

from math import comb, sqrt
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.progress import QUIET, Progress
from pyralis.hw.gf.config import GfConfig
from pyralis.sim.gf.behind import FLAGS
from pyralis.sim.gf.decoder import Decoder

__all__ = ["miscorrection", "near_share", "syndrome_share"]

PART = 1 << 16
"""Patterns at a time."""


def syndrome_share(positions: int, checks: int, t: int) -> float:
    """Share of the syndromes of *checks* bits that patterns of 1 .. *t* errors have."""
    return sum(comb(positions, weight) for weight in range(1, t + 1)) / 2**checks


def near_share(positions: int, checks: int, t: int, correct: int, weight: int) -> float:
    """About the share of patterns of *weight* that lie within *correct* of a codeword other than 0.

    Each word that a codeword might be, of weight 2 t + 1 or more, is one with the chance 2^-checks.
    """
    words = sum(
        comb(weight, common) * comb(positions - weight, other)
        for common in range(min(weight, correct) + 1)
        for other in range(correct - common + 1)
        if weight - common + other > 2 * t
    )
    return words / 2**checks


def miscorrection(
    config: GfConfig, *, samples: int = 1 << 20, seed: int = 0, progress: Progress = QUIET
) -> dict[str, Any]:
    """Decodes random words, and random patterns of more errors than *config* promises to detect.

    Returns
    -------
    dict
        ``ok``: the flags never contradict each other, and random words are within 3 standard deviations;
        ``rows``: for ``weight`` "any" and each of 2 t - correct + 1 .. 2 t + 1 how many were ``tried`` and
        taken as ``corrected``, the ``rate``, what is ``expected``, and by how many standard deviations
        (``sigma``) they differ; ``contradictions``: runs whose flags say two things at once, or nothing.

    Raises
    ------
    UserError
        The configuration corrects nothing, or has no BCH code.
    """
    if config.protect not in ("hamming", "product_bch", "residue_bch") or not config.correct:
        raise UserError(
            "Only a corrector of a BCH code can take one error pattern for another.",
            f"protect = {config.protect!r}, correct = {config.correct}",
            "take product_bch or residue_bch, and correct at least 1",
        )
    code, correct = config.code, config.correct
    checks = min(code.parity_bits, code.length)
    decoder = Decoder(config)
    chance = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    contradictions = 0
    for weight in [None, *range(2 * code.t - correct + 1, min(2 * code.t + 1, code.length) + 1)]:
        taken = 0
        with progress.step(f"weight {weight or 'any'}", total=samples) as step:
            for start in range(0, samples, PART):
                lanes = min(PART, samples - start)
                corrected, contradicting = _tried(decoder, weight, lanes, chance)
                taken, contradictions = taken + corrected, contradictions + contradicting
                step.advance(lanes)
            step.note(f"{taken} of {samples} taken for another")
        if weight is None:
            share = syndrome_share(code.length, checks, correct)
        else:
            share = near_share(code.length, checks, code.t, correct, weight)
        deviation = sqrt(samples * share * (1 - share)) if 0 < share < 1 else 0.0
        rows.append({
            "weight": weight or "any",
            "tried": samples,
            "corrected": taken,
            "rate": taken / samples,
            "expected": share,
            "sigma": (taken - samples * share) / deviation if deviation else None,
        })
    random = rows[0]  # of any weight
    if random["sigma"] is None:
        right = random["rate"] == random["expected"]
    else:
        right = abs(random["sigma"]) <= 3
    return {"ok": right and not contradictions, "contradictions": contradictions, "rows": rows}


def _tried(decoder: Decoder, weight: int | None, lanes: int, chance: np.random.Generator) -> tuple[int, int]:
    """(corrected, with flags that contradict each other) of random patterns of a weight, or of any."""
    if weight is None:
        planes = decoder.planes_of_words(chance.integers(2, size=(lanes, decoder.positions), dtype=np.uint8))
    else:
        keys = chance.random((lanes, decoder.positions), np.float32)
        planes = decoder.planes(np.argpartition(keys, weight - 1, axis=1)[:, :weight])
    outputs = decoder.run(planes)
    bits = [np.unpackbits(outputs[flag][0].view(np.uint8), bitorder="little")[:lanes] for flag in FLAGS]
    error, corrected, uncorrectable, alarm = bits
    if decoder.folded:
        corrected = corrected & error
    contradicting = (corrected + uncorrectable != error) | alarm
    return int(corrected.sum()), int(contradicting.sum())
