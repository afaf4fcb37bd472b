"""``pyralis bitstream gf``: a protected multiplier of GF(2^m) on a board."""

import argparse
from typing import Any

from pyralis.gen.boards.choose import board_named
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.options import add_build, render_build, run_build
from pyralis.gen.gf.options import add_config, config_of

__all__ = ["add_design", "add_parser", "design_of", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gf",
        help="a protected finite-field multiplier behind registers",
        description="Builds a multiplier of GF(2^m) for a board: operands and product in registers, blocks "
        "that check each other kept apart in synthesis. What the options leave open is chosen for a clock of "
        "100 MHz: registers in the multiplier, and correction in a pipeline.",
    )
    add_design(parser)
    add_build(parser, "gf")
    return parser


def add_design(parser: argparse.ArgumentParser) -> None:
    """What is built; read with :func:`design_of`."""
    add_config(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the content of result.json."""
    return run_build(args, design_of(args))


def design_of(args: argparse.Namespace) -> Design:
    """The design that *args* ask for."""
    from pyralis.gen.boards.designs import gf

    board_named(args.board)  # a wrong name is said before the search for a polynomial
    return gf.design(config_of(args, gf.for_clock)[1])


render = render_build
