"""``pyralis bench boards``: sizes and clocks after place and route."""

import argparse

from pyralis.gen.errors import UserError
from pyralis.gen.parser import nearest
from pyralis.gen.text import table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the bench; returns its parser."""
    parser = subparsers.add_parser(
        "boards",
        help="place and route every design that open tools can",
        description="Builds the designs of the boards with open tools and writes look-up tables, flip-flops, "
        "memories, multipliers, clocks and seconds as JSON. Exit code 1 if a clock is not reached.",
    )
    parser.add_argument(
        "--only", metavar="NAME", action="append", help="one design; may be given several times"
    )
    parser.add_argument("-o", "--output", metavar="FILE.json", help="default: build/bench/boards.json")
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns :func:`pyralis.gen.bench.boards.bench`'s figures."""
    from pyralis.gen.bench.boards import CASES, bench

    names = [case.name for case in CASES]
    for name in args.only or ():
        if name not in names:
            what = f"There is no design {name!r} in this bench; there are {', '.join(names)}."
            raise UserError(what, "--only", nearest(name, "pyralis bench boards --only", names))
    chosen = [case for case in CASES if not args.only or case.name in args.only]
    path = args.output or "build/bench/boards.json"
    return {"file": path, **bench(path, cases=chosen, progress=args.progress)}


def render(result: dict) -> str:
    """The table for people."""
    sizes = ("lut", "ff", "bram", "dsp")
    head = ["design", "board", *map(str.upper, sizes), "asked, MHz", "reached, MHz", "seconds"]
    rows = [
        [
            row["title"],
            row["board"],
            *(f"{row[name]['used']:,}" if name in row else "-" for name in sizes),
            f"{row['clock_asked_mhz']:.1f}",
            f"{row['clock_reached_mhz']:.1f}",
            f"{row['build_seconds']:.0f}",
        ]
        for row in result["designs"]
    ]
    return f"\n{table(head, rows)}\n\n{result['verdict']}\nWritten: {result['file']}"
