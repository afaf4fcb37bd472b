"""``pyralis bench area``: where the look-up tables of a graph core go."""

import argparse

from pyralis.gen.gcn.config import add_core, choose
from pyralis.gen.text import table

__all__ = ["add_parser", "render", "run"]

PRESET = "z8"
SHOWN = 16
"""Blocks in the table for people; the file has all."""


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the bench; returns its parser."""
    parser = subparsers.add_parser(
        "area",
        help="count what a graph core takes of a device of AMD, block by block",
        description="Maps a size of the graph core with Yosys, each of its modules once, and writes look-up "
        "tables, flip-flops, memories and multipliers of each block as JSON. z8 takes some 10 "
        "minutes of one processor, z32 up to half an hour.",
    )
    add_core(parser, PRESET)
    parser.add_argument(
        "--family", choices=("xcup", "xc7"), default="xcup", help="UltraScale+ (default) or 7 series"
    )
    parser.add_argument("-o", "--output", metavar="FILE.json", help="default: build/bench/area.json")
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns :func:`pyralis.gen.bench.area.bench`'s figures."""
    name, config = choose(args.preset, args.config, PRESET)
    from pyralis.gen.bench.area import bench

    path = args.output or "build/bench/area.json"
    return {"file": path, **bench(path, name=name, config=config, family=args.family)}


def render(result: dict) -> str:
    """The table for people."""
    kinds = list(result["total"])
    shown, others = result["blocks"][:SHOWN], result["blocks"][SHOWN:]
    rows = [[row["block"], *(f"{row[kind]:,.9g}" for kind in kinds)] for row in shown]
    if others:
        rest = [f"{sum(row[kind] for row in others):,.9g}" for kind in kinds]
        rows.append([f"{len(others)} others", *rest])
    rows.append(["together", *(f"{result['total'][kind]:,.9g}" for kind in kinds)])
    return f"\n{table(['block', *kinds], rows)}\n\n{result['verdict']}\nWritten: {result['file']}"
