"""``pyralis deploy gcn``: the graph core with a graph and a network, ready for a board."""

import argparse
from typing import Any

from pyralis.gen.boards.options import add_deploy, render_deploy, run_deploy
from pyralis.gen.verbs.bitstream.gcn import add_design, design_of

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gcn",
        help="the graph core with a graph and a network",
        description="Writes the folder for the graph core and a network, with features to check it by. The "
        "arguments are those of pyralis bitstream gcn, so that the bitstream is found.",
    )
    add_design(parser)
    add_deploy(parser, "gcn")
    return parser


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the manifest and where it was written."""
    return run_deploy(args, design_of(args))


render = render_deploy
