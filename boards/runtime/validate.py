"""Runs stored samples on the board and compares with the results of the golden model."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.boards.runtime.commandline import run_job
from pyralis.boards.runtime.deployment import Driver
from pyralis.boards.runtime.errors import DriverError, SaturationWarning
from pyralis.boards.runtime.gcn import GcnDriver
from pyralis.boards.runtime.gf import GfDriver
from pyralis.boards.runtime.snn import SnnDriver

__all__ = ["main", "validate"]


def validate(driver: Driver, samples: Mapping[str, Any]) -> dict[str, Any]:
    """Runs *samples* and compares.

    Parameters
    ----------
    driver : SnnDriver, GcnDriver or GfDriver
    samples : dict of arrays
        ``inputs`` and ``scores`` (and ``labels``), or ``a``, ``b`` and ``product``. Of the graph core these
        are (runs, nodes, ...); a label below 0 is of a node that does not count.

    Returns
    -------
    dict
        ``ok``; ``samples``, ``equal``, ``different``; ``first_difference`` (a sentence, or None). Of the
        spiking core and of the graph core, whose samples are nodes, also ``accuracy`` (None without labels)
        and ``saturated``; of the multiplier ``flagged``, and with error injection ``injected`` and
        ``missed`` (see :meth:`GfDriver.self_test`).
    """
    if not len(next(iter(samples.values()), ())):
        raise DriverError("there are no samples to run", "write the deploy folder with some")
    return _products(driver, samples) if isinstance(driver, GfDriver) else _scores(driver, samples)


def _scores(driver: SnnDriver | GcnDriver, samples: Mapping[str, Any]) -> dict[str, Any]:
    """Of images, or of the nodes of all runs."""
    expected = np.asarray(samples["scores"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SaturationWarning)  # it is among the facts
        scores = driver.run(samples["inputs"])
    width = expected.shape[-1]
    scores, expected = scores.reshape(-1, width), expected.reshape(-1, width)
    facts = _compared(scores, expected, "image" if isinstance(driver, SnnDriver) else "node", "score")
    facts["accuracy"] = None
    if "labels" in samples:
        labels = np.asarray(samples["labels"]).reshape(-1)
        counts = labels >= 0
        facts["accuracy"] = float(np.mean(scores.argmax(axis=1)[counts] == labels[counts]))
    facts["saturated"] = driver.saturated
    return facts


def _products(driver: GfDriver, samples: Mapping[str, Any]) -> dict[str, Any]:
    expected = np.asarray(samples["product"])
    tested = driver.self_test(samples)
    facts = _compared(tested["results"], expected, "product", "word")
    facts |= {name: tested[name] for name in ("flagged", "injected", "missed") if name in tested}
    facts["ok"] = facts["ok"] and not facts["flagged"] and not facts.get("missed")
    return facts


def _compared(got: np.ndarray, expected: np.ndarray, row: str, column: str) -> dict[str, Any]:
    """Facts of a comparison, row by row."""
    differs = got != expected
    wrong = int(differs.any(axis=1).sum())
    first = None
    if wrong:
        index, place = (int(number) for number in np.argwhere(differs)[0])
        first = (
            f"{row} {index}: {column} {place} is {int(got[index, place])} instead of "
            f"{int(expected[index, place])}"
        )
    return {
        "ok": not wrong,
        "samples": len(expected),
        "equal": len(expected) - wrong,
        "different": wrong,
        "first_difference": first,
    }


def _lines(facts: Mapping[str, Any]) -> list[str]:
    lines = [f"{facts['equal']} of {facts['samples']} samples equal the golden model's results."]
    if facts["first_difference"]:
        lines.append(f"First difference: {facts['first_difference']}.")
    if facts.get("accuracy") is not None:
        lines.append(f"Accuracy: {facts['accuracy']:.2%}.")
    if facts.get("saturated"):
        lines.append("Some number was clamped to its width in the core.")
    if facts.get("flagged"):
        lines.append(f"The core doubts {facts['flagged']} products.")
    if "injected" in facts:
        lines.append(f"{facts['missed']} of {facts['injected']} injected errors were missed.")
    return [*lines, "Validation passed." if facts["ok"] else "Validation failed."]


def main(folder: str | Path, argv: Sequence[str] | None = None) -> int:
    """``validate.py`` of a deploy folder: exit code 0 if every sample is equal."""
    return run_job(folder, argv, __doc__ or "", validate, _lines)
