"""``pyralis deploy snn``: the spiking core with a network, ready for a board."""

import argparse
from typing import Any

from pyralis.gen.boards.options import add_deploy, render_deploy, run_deploy
from pyralis.gen.verbs.bitstream.snn import add_design, design_of

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "snn",
        help="the spiking core with a network",
        description="Writes the folder for the spiking core and a network, with inputs to check it by. The "
        "arguments are those of pyralis bitstream snn, so that the bitstream is found.",
    )
    add_design(parser)
    parser.add_argument(
        "--inputs",
        metavar="FILE.npy",
        help="what validate.py runs, as pyralis simulate takes it (default: the demo's held-out images)",
    )
    add_deploy(parser, "snn")
    return parser


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the manifest and where it was written."""
    return run_deploy(args, design_of(args, args.inputs))


render = render_deploy
