"""Arguments of the verbs that build for a board, and what they print."""

import argparse
import math
from typing import Any

from pyralis.gen.boards.choose import board_named
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.flows import build
from pyralis.gen.errors import UserError
from pyralis.gen.options import natural
from pyralis.gen.text import percent, table

__all__ = ["add_build", "check_images", "render_build", "run_build"]


def add_build(parser: argparse.ArgumentParser, core: str) -> None:
    """``--board``, ``--clock``, ``--seed`` and ``-o`` for the design of *core*."""
    group = parser.add_argument_group("board")
    group.add_argument("--board", metavar="NAME", required=True, help="pyralis boards lists them")
    group.add_argument(
        "--clock", type=_clock, metavar="MHz", help="of the core (default: the board's for it)"
    )
    group.add_argument("--seed", type=natural, default=1, metavar="N", help="of place and route (default: 1)")
    group.add_argument(
        "-o", "--output", metavar="DIR", help=f"folder to write (default: build/boards/BOARD/{core})"
    )


def run_build(args: argparse.Namespace, design: Design) -> dict[str, Any]:
    """Builds *design* as *args* of :func:`add_build` say; returns the content of ``result.json``.

    Raises what :func:`pyralis.gen.boards.flows.build` raises.
    """
    board = board_named(args.board)
    return build(
        board,
        design,
        args.output or f"build/boards/{board.name}/{design.core}",
        clock_mhz=args.clock,
        seed=args.seed,
        reproduce=[args.line],
        progress=args.progress,
    )


def render_build(result: dict[str, Any]) -> str:
    """What the design takes of the device, and where it lies, for people."""
    rows = [
        [
            row["name"],
            row["detail"],
            f"{row['used']:,}",
            f"{row['available']:,}",
            percent(row["used"] / row["available"]),
        ]
        for row in result["resources"]
    ]
    tables = [table(["resource", "of the device", "used", "available", "share"], rows)] if rows else []
    written = f"Written to {result['folder']}: {', '.join(result['files'])}."
    return "\n".join(["", *tables, "", result["verdict"], written])


def _clock(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no clock in MHz")
    return value


def check_images(args: argparse.Namespace) -> None:
    """Raises UserError for ``--images`` without ``--network``."""
    if args.images != 1 and args.network is None:
        what = f"--images {args.images} says how a network is compiled, and none is named."
        raise UserError(what, "arguments", "add --network NET.npz")
