"""``pyralis generate gcn``: Verilog of a graph core, and the memory images of a network for it."""

import argparse
from pathlib import Path
from typing import Any

from pyralis.gen.errors import UserError
from pyralis.gen.files import make_folder
from pyralis.gen.folder import file_table
from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.config import add_core, choose
from pyralis.gen.gcn.generate import generate
from pyralis.gen.gcn.options import add_elimination, add_samples, drawn_of, no_network, settings_of
from pyralis.gen.options import add_features, features_of

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gcn",
        help="write the Verilog of a graph core, and the program of a network",
        description="Writes a folder that stands on its own: Verilog, register map (JSON, C, SVD), "
        "configuration, a report of its memories, with --network the memory images, and a manifest with the "
        "hash of every file.",
    )
    add_core(parser)
    add_elimination(parser)
    add_samples(parser)
    parser.add_argument(
        "--network", metavar="NET.npz", help="an integer graph network to compile for the core"
    )
    add_features(parser, "needed if the core reads them as lists")
    parser.add_argument(
        "-o", "--output", metavar="DIR", help="folder to write (default: build/generate/gcn-PRESET)"
    )
    return parser


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the manifest and where it was written."""
    name, config = choose(args.preset, args.config)
    if args.features is not None and args.network is None:
        what = "--features are those of a network's graph, and there is no network."
        raise UserError(what, "arguments", "add --network NET.npz")
    settings, compiled, network_file = settings_of(args), None, args.network
    if args.network is None:
        no_network(args)
    else:
        given = intfile.load(args.network)
        network = drawn_of(args, given)
        compiled = compile_network(network, config, features=features_of(args), settings=settings)
        network_file = args.network if network is given else intfile.content(network)
    folder = make_folder(args.output or f"build/generate/gcn-{name}")
    with args.progress.step("generate") as step:
        manifest = generate(config, Path(folder), name=name, compiled=compiled, network_file=network_file)
        step.note(f"{len(manifest['files'])} files")
    return {"folder": folder, **manifest}


def render(result: dict[str, Any]) -> str:
    """The list of files for people."""
    return f"{file_table(result['files'])}\n\nWritten to {result['folder']}; manifest.json lists it all."
