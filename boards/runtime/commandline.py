"""What the programs of a deploy folder have in common: options, errors as sentences, exit codes."""

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.boards.runtime.bridge import PATIENCE
from pyralis.boards.runtime.deployment import TRANSPORTS, Deployment, Driver
from pyralis.boards.runtime.errors import DriverError

__all__ = ["Job", "first", "run_job"]

Job = Callable[[Driver, Mapping[str, np.ndarray]], dict[str, Any]]


def run_job(
    folder: str | Path,
    argv: Sequence[str] | None,
    doc: str,
    job: Job,
    lines: Callable[[Mapping[str, Any]], Sequence[str]],
) -> int:
    """Opens *folder*, does *job* with its samples and writes what came out.

    Parameters
    ----------
    folder : path
    argv : sequence of str, optional
        Options; those of the program if not given.
    doc : str
        For ``--help``.
    job : callable
        ``(driver, samples)`` to facts, with ``ok``.
    lines : callable
        Facts to lines for people.

    Returns
    -------
    int
        Exit code: 0 if all is well, 1 if not, or if there was an error.
    """
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument(
        "--transport", choices=TRANSPORTS, help="way to the board; that of the folder if not given"
    )
    parser.add_argument(
        "--port", default="/dev/ttyUSB0", help="serial port, or socket://HOST:PORT (%(default)s)"
    )
    parser.add_argument("--baud", type=int, help="bits a second; those of the bitstream if not given")
    parser.add_argument(
        "--seconds",
        type=_duration,
        default=PATIENCE,
        help="longest time that a board at a serial port may take for an answer (%(default)s)",
        metavar="N",
    )
    parser.add_argument("--images", type=_positive, help="use the first N samples only", metavar="N")
    parser.add_argument("--json", action="store_true", help="write facts as JSON")
    options = parser.parse_args(argv)
    try:
        deployment = Deployment(folder)
        samples = deployment.samples()
        transport = deployment.transport(
            options.transport, port=options.port, baud=options.baud, seconds=options.seconds
        )
        with deployment.open(transport) as driver:
            facts = job(driver, first(samples, options.images))
    except DriverError as error:
        if options.json:
            sys.stdout.write(
                json.dumps({"ok": False, "error": error.what, "next": error.hint}, indent=2) + "\n"
            )
        else:
            sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write((json.dumps(facts, indent=2) if options.json else "\n".join(lines(facts))) + "\n")
    return 0 if facts["ok"] else 1


def first(samples: Mapping[str, np.ndarray], count: int | None) -> dict[str, np.ndarray]:
    """The first *count* of each array; all if None."""
    return {name: array[:count] for name, array in samples.items()}


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a number from 1 on, not {text!r}")
    return int(text)


def _duration(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text!r}")
    return value
