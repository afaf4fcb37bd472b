"""``pyralis prove gf``: a protected multiplier, proven on its mapped gates."""

import argparse
from pathlib import Path
from typing import Any

from pyralis.gen.gf.options import add_config, config_of
from pyralis.gen.options import positive
from pyralis.gen.text import table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gf",
        help="prove a protected finite-field multiplier",
        description="Proves by algebra that the mapped gates multiply, predict and check for all operands; "
        "that no redundancy was lost in synthesis; and that every error pattern is corrected or detected as "
        "it must be. Exit code 1 if anything fails.",
    )
    add_config(parser)
    group = parser.add_argument_group("proof")
    group.add_argument(
        "--structural",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the gates as written, without logic optimisation (default: beyond m = 64)",
    )
    group.add_argument(
        "--patterns",
        type=positive,
        metavar="N",
        help="error patterns of one weight that are all tried; of more, so many at random (default: 2000000)",
    )
    group.add_argument("--all-patterns", action="store_true", help="try every error pattern, however many")
    group.add_argument(
        "--fpga",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="redundancy in the flows of FPGAs too (default: yes)",
    )
    group.add_argument("--formal", action="store_true", help="model checking of the streams too; minutes")
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns :func:`pyralis.gen.gf.prove.prove`'s rows."""
    from pyralis.gen.gf.prove import prove

    name, config = config_of(args)
    options: dict[str, Any] = {} if args.fpga else {"flows": ("gates",)}
    if args.patterns or args.all_patterns:
        options["max_patterns"] = None if args.all_patterns else args.patterns
    found = prove(
        config,
        structural=args.structural,
        formal=Path(f"build/prove/{name}") if args.formal else None,
        progress=args.progress,
        **options,
    )
    return {"name": name, **found}


def render(result: dict) -> str:
    """The table of checks and the verdict for people."""
    words = {True: "proven", False: "FAILED", None: "-"}
    rows = [[check["part"], check["what"], words[check["ok"]], check["detail"]] for check in result["checks"]]
    failed = sum(check["ok"] is False for check in result["checks"])
    kind = "as written" if result["structural"] else "after logic optimisation"
    verdict = f"{failed} of {len(rows)} checks failed" if failed else f"{len(rows)} checks, none failed"
    return (
        f"{table(['part', 'what', 'verdict', 'detail'], rows)}\n\n{result['name']}: {verdict}; gates {kind}."
    )
