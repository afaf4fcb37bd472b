"""``pyralis demo gf``: published cryptography on a protected multiplier while faults are injected."""

import argparse

from pyralis.gen.options import natural
from pyralis.gen.text import table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gf",
        help="AES-GCM and an elliptic curve on protected multipliers, while faults are injected",
        description="Runs GHASH of AES-GCM and a point multiplication on B-163 in RTL while bits of the "
        "products are flipped, with protection and without, compares with published vectors and writes "
        "report.html. Exit code 1 if a value of the protected multipliers is wrong.",
    )
    parser.add_argument(
        "--seed", type=natural, metavar="N", default=0, help="of the faults and stalls (default: 0)"
    )
    parser.add_argument(
        "-o", "--output", metavar="DIR", default="build/demo/gf", help="default: build/demo/gf"
    )
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns the content of result.json."""
    from pyralis.gen.demo.gf import demo

    result = demo(args.output, seed=args.seed, progress=args.progress)
    return {"ok": result["right"], "folder": args.output, **result}


def render(result: dict) -> str:
    """What came out, and where to look, for people."""
    rows = [
        [
            part["title"],
            kind,
            f"{part[kind]['products']:,}",
            f"{part[kind]['disturbed']:,}",
            f"{part[kind]['corrected']:,}",
            f"{part[kind]['repeated']:,}",
            f"{part[kind]['wrong']:,}",
            f"{part[kind]['right']} of {part[kind]['compared']}",
        ]
        for part in result["parts"]
        for kind in ("protected", "unprotected")
    ]
    heads = ["job", "multiplier", "products", "disturbed", "corrected", "repeated", "wrong", "values right"]
    return f"\n{table(heads, rows)}\n\n{result['verdict']}\nOpen {result['folder']}/report.html"
