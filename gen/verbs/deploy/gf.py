"""``pyralis deploy gf``: a protected multiplier of GF(2^m), ready for a board."""

import argparse
from typing import Any

from pyralis.gen.boards.options import add_deploy, render_deploy, run_deploy
from pyralis.gen.verbs.bitstream.gf import add_design, design_of

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gf",
        help="a protected finite-field multiplier behind registers",
        description="Writes the folder for a multiplier of GF(2^m), with products to check it by. The "
        "arguments are those of pyralis bitstream gf, so that the bitstream is found.",
    )
    add_design(parser)
    add_deploy(parser, "gf")
    return parser


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the manifest and where it was written."""
    return run_deploy(args, design_of(args))


render = render_deploy
