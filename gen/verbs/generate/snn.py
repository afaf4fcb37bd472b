"""``pyralis generate snn``: Verilog of a core, and the memory images of a network for it."""

import argparse
from pathlib import Path

from pyralis.gen.config import add_core, choose
from pyralis.gen.errors import UserError
from pyralis.gen.files import make_folder
from pyralis.gen.folder import file_table
from pyralis.gen.intnetwork import IntNetwork
from pyralis.gen.options import positive
from pyralis.gen.snn.compile import compile_network
from pyralis.gen.snn.generate import generate

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "snn",
        help="write the Verilog of a core, and the program of a network",
        description="Writes a folder that stands on its own: Verilog, register map (JSON, C, SVD), "
        "configuration, with --network the memory images, and a manifest with the hash of every file.",
    )
    add_core(parser)
    parser.add_argument("--network", metavar="NET.npz", help="an integer network to compile for the core")
    parser.add_argument(
        "--images", type=positive, default=1, metavar="N", help="images that share one weight load"
    )
    parser.add_argument(
        "-o", "--output", metavar="DIR", help="folder to write (default: build/generate/snn-PRESET)"
    )
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns the manifest and where it was written."""
    name, config = choose(args.preset, args.config)
    folder = Path(args.output or f"build/generate/snn-{name}")
    if args.images != 1 and args.network is None:
        what = f"--images {args.images} says how a network is compiled, and there is none."
        raise UserError(what, "arguments", "add --network NET.npz")
    make_folder(folder)
    compiled = None
    if args.network is not None:
        compiled = compile_network(IntNetwork.load(args.network), config, images=args.images)
    manifest = generate(config, folder, name=name, compiled=compiled, network_file=args.network)
    return {"folder": folder, **manifest}


def render(result: dict) -> str:
    """The list of files for people."""
    return f"{file_table(result['files'])}\n\nWritten to {result['folder']}; manifest.json lists it all."
