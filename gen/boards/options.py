"""Arguments of the verbs that build for a board, and what they print."""

import argparse
import math
from collections.abc import Mapping
from typing import Any

from pyralis.boards.base import Board
from pyralis.gen.boards.choose import board_named
from pyralis.gen.boards.deploy import deploy
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.flows import build
from pyralis.gen.errors import UserError
from pyralis.gen.options import natural
from pyralis.gen.text import percent, table

__all__ = [
    "add_build",
    "add_deploy",
    "check_images",
    "render_build",
    "render_deploy",
    "run_build",
    "run_deploy",
]


def add_build(parser: argparse.ArgumentParser, core: str) -> None:
    """``--board``, ``--clock``, ``--seed`` and ``-o`` for the design of *core*."""
    group = _add_board(parser)
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
        args.output or _folder(board, design),
        clock_mhz=args.clock,
        seed=args.seed,
        reproduce=[args.line],
        progress=args.progress,
    )


def render_build(result: dict[str, Any]) -> str:
    """What the design takes of the device, and where it lies, for people."""
    rows = [_use(row) for row in result["resources"]]
    tables = [table(["resource", "of the device", "used", "available", "share"], rows)] if rows else []
    written = f"Written to {result['folder']}: {', '.join(result['files'])}."
    return "\n".join(["", *tables, "", result["verdict"], written])


def _use(row: Mapping[str, Any]) -> list[str]:
    """Cells for a row of ``resources``; a device may have none of them, or nobody said how many."""
    available = row.get("available")
    share = percent(row["used"] / available) if available else "-"
    return [
        row["name"],
        row["detail"],
        f"{row['used']:,}",
        "-" if available is None else f"{available:,}",
        share,
    ]


def add_deploy(parser: argparse.ArgumentParser, core: str) -> None:
    """``--board``, ``--build`` and ``-o`` for the design of *core*."""
    group = _add_board(parser)
    built = f"build/boards/BOARD/{core}"
    group.add_argument("--build", metavar="DIR", help=f"where the bitstream was built (default: {built})")
    group.add_argument("-o", "--output", metavar="DIR", help=f"folder to write (default: {built}/deploy)")


def run_deploy(args: argparse.Namespace, design: Design) -> dict[str, Any]:
    """Writes the deploy folder as *args* of :func:`add_deploy` say; returns its manifest and ``folder``."""
    board = board_named(args.board)
    build_folder = args.build or _folder(board, design)
    folder = args.output or f"{build_folder}/deploy"
    return {"folder": folder, **deploy(board, design, folder, build_folder)}


def render_deploy(result: dict[str, Any]) -> str:
    """What was written, for people."""
    own = [name for name in result["files"] if not name.startswith("pyralis/")]
    lines = [f"{result['folder']}: {', '.join(own)}, and the driver in pyralis/.", result["note"]]
    lines.append(f"How to run it there: {result['folder']}/README.txt")
    return "\n".join(line for line in lines if line)


def _add_board(parser: argparse.ArgumentParser) -> Any:
    group = parser.add_argument_group("board")
    group.add_argument("--board", metavar="NAME", required=True, help="pyralis boards lists them")
    return group


def _folder(board: Board, design: Design) -> str:
    """Where a board's designs are built."""
    return f"build/boards/{board.name}/{design.core}"


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
