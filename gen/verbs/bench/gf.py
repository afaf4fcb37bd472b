"""``pyralis bench gf``: protected finite-field multipliers against each other and against the papers."""

import argparse
from pathlib import Path

from pyralis.gen.text import table

__all__ = ["add_parser", "render", "run"]

LEGEND = """\
Over it: over a two-step multiplier alone. Levels: to the flag, to the result, longest of a stage.
GE: gate equivalents, flip-flops counted. *: gates as written, not optimised."""


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gf",
        help="measure protections of a finite-field multiplier, all with the same tools",
        description="Maps every protection in every mode to gates and look-up tables, tries every gate as "
        "faulty, and compares areas, levels and coverage with the bare multiplier, with earlier designs "
        "rebuilt here, and with targets. A run that was stopped goes on where it was.",
    )
    parser.add_argument(
        "--m", type=_degrees, metavar="N,N", help="bits of an element (default: 45, 8, 16, 32, 64, 128, 163)"
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--quick", action="store_true", help="m = 45, fewer designs, no look-up tables: minutes"
    )
    group.add_argument("--full", action="store_true", help="everything, with m = 571: hours")
    parser.add_argument(
        "--time-limit",
        type=float,
        metavar="SECONDS",
        help="for optimising one block, then its gates count as written (default: 900)",
    )
    parser.add_argument("-o", "--output", metavar="FILE.json", help="default: build/bench/gf.json")
    return parser


def _degrees(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} are no numbers such as 8,45,163")
    return [int(part) for part in parts]


def run(args: argparse.Namespace) -> dict:
    """Returns :func:`pyralis.gen.bench.gf.bench`'s figures."""
    from pyralis.gen.bench.gf import bench
    from pyralis.gen.gf.measure import TIME_LIMIT

    path = Path(args.output or "build/bench/gf.json")
    result = bench(
        path,
        degrees=args.m,
        scope="quick" if args.quick else "full" if args.full else "default",
        time_limit=args.time_limit or TIME_LIMIT,
        progress=args.progress,
    )
    return {"file": path, "page": path.with_suffix(".html"), **result}


def render(result: dict) -> str:
    """The tables for people."""
    from pyralis.gen.bench.gf import design_rows, target_rows

    head = [
        "m",
        "design",
        "gates",
        "FF",
        "GE",
        "over it",
        "in GE",
        "flag",
        "result",
        "levels",
        "xcup",
        "ecp5",
    ]
    claims = [[claim["who"], claim["what"], claim["value"], claim["source"]] for claim in result["claims"]]
    parts = [
        table(head, design_rows(result)),
        LEGEND,
        table(["target", "bound", "measured", ""], target_rows(result)),
        table(["claimed, baseline unknown", "of", "figure", "source"], claims),
        f"Written: {result['file']}, {result['page']}",
    ]
    return "\n\n".join(parts)
