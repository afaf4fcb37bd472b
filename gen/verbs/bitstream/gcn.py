"""``pyralis bitstream gcn``: the graph core on a board, with a graph and a network in its memory."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.boards.choose import board_named
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.options import add_build, render_build, run_build
from pyralis.gen.errors import UserError
from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.capacity import fitted
from pyralis.gen.gcn.config import add_core, choose
from pyralis.gen.gcn.options import add_elimination, add_samples, no_samples, samples_of, settings_of
from pyralis.gen.options import add_features, features_of

__all__ = ["add_design", "add_parser", "design_of", "render", "run"]

TRAINED = Path("build/demo/gcn")
"""Where the demo keeps its trained networks."""


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gcn",
        help="the graph core, with a graph and a network in its memory",
        description="Builds the graph core for a board. Where the board has no memory of its own, the "
        "program, the graph and the constants of the network are part of the bitstream.",
    )
    add_design(parser)
    add_build(parser, "gcn")
    return parser


def add_design(parser: argparse.ArgumentParser) -> None:
    """What is built; read with :func:`design_of`."""
    add_core(parser, "the board's")
    parser.add_argument(
        "--force", action="store_true", help="begin although the core is larger than the board's device"
    )
    parser.add_argument(
        "--network", metavar="NET.npz", help="an integer graph network (default: one for a graph of digits)"
    )
    add_features(parser, "validate.py runs them")
    add_elimination(parser)
    add_samples(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the content of result.json."""
    return run_build(args, design_of(args))


def design_of(args: argparse.Namespace) -> Design:
    """The design that *args* ask for; the network for the digits is trained if need be."""
    board = board_named(args.board)
    if (args.network is None) != (args.features is None):
        given, other = ("--network", "--features") if args.features is None else ("--features", "--network")
        what = f"{given} is given without {other}, and a graph needs both."
        raise UserError(what, "arguments", f"add {other} FILE, or leave both away")
    if args.network is None:
        no_samples(args)
    settings = settings_of(args)
    name, config = choose(args.preset, args.config, board.presets.get("gcn", "tiny"))
    from pyralis.gen.boards.designs import gcn
    from pyralis.gen.gcn.compile import compile_network

    config = gcn.for_board(config, board)
    if not args.force:
        fitted(name, config, board)
    if args.network is None:
        network, compiled, samples = gcn.digits(config, board, TRAINED, args.progress, settings=settings)
        sample_seed = 0
    else:
        network, sample_seed = samples_of(args, intfile.load(args.network))
        features = np.asarray(features_of(args))
        compiled = compile_network(network, config, features=features, settings=settings)
        samples = gcn.samples(network, features, sample_seed=sample_seed)
    return gcn.design(config, name, compiled, samples, network, sample_seed=sample_seed)


render = render_build
