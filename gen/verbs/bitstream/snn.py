"""``pyralis bitstream snn``: the spiking core on a board, with a network in its memory."""

import argparse
from pathlib import Path
from typing import Any

from pyralis.gen.boards.choose import board_named
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.options import add_build, check_images, render_build, run_build
from pyralis.gen.config import add_core, choose
from pyralis.gen.files import read_array
from pyralis.gen.intnetwork import IntNetwork
from pyralis.gen.options import positive
from pyralis.gen.snn.capacity import fitted

__all__ = ["add_design", "add_parser", "design_of", "render", "run"]

TRAINED = Path("build/demo/snn")
"""Where the demo keeps its trained network."""


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "snn",
        help="the spiking core, with a network in its memory",
        description="Builds the spiking core for a board. Where the board has no memory of its own, program "
        "and weights of the network are part of the bitstream.",
    )
    add_design(parser)
    add_build(parser, "snn")
    return parser


def add_design(parser: argparse.ArgumentParser) -> None:
    """What is built; read with :func:`design_of`."""
    add_core(parser, "the board's")
    parser.add_argument(
        "--network", metavar="NET.npz", help="an integer network (default: that of the demo, digits)"
    )
    parser.add_argument(
        "--images", type=positive, default=1, metavar="N", help="images that share one weight load"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the content of result.json."""
    return run_build(args, design_of(args))


def design_of(args: argparse.Namespace, inputs: str | None = None) -> Design:
    """The design that *args* ask for; the demo's network is trained if need be.

    *inputs* is the file of the images that it is checked by, instead of the demo's.
    """
    check_images(args)
    board = board_named(args.board)
    name, config = choose(args.preset, args.config, board.presets.get("snn", "tiny"))
    config = fitted(name, config, board)
    from pyralis.gen.boards.designs import snn
    from pyralis.gen.snn.compile import compile_network

    samples: dict[str, Any] = {}
    if args.network is not None:
        compiled = compile_network(IntNetwork.load(args.network), config, images=args.images)
    else:
        compiled, samples = snn.digits(config, TRAINED, args.progress)
    if inputs is not None:
        samples = snn.samples(compiled, read_array(inputs, "inputs"))
    return snn.design(config, name, compiled, samples)


render = render_build
