"""``pyralis generate gf``: a protected multiplier of GF(2^m) for people with and without Python."""

import argparse

from pyralis.gen.files import make_folder
from pyralis.gen.gf.options import add_config, config_of
from pyralis.gen.text import table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gf",
        help="write the Verilog of a protected finite-field multiplier, with testbench and assertions",
        description="Writes a folder that stands on its own: Verilog of the core and of its AXI4 tops, a "
        "testbench with vectors, assertions, constraints, register map (JSON, C, SVD), configuration, and a "
        "manifest with the hash of every file.",
    )
    add_config(parser)
    parser.add_argument(
        "-o", "--output", metavar="DIR", help="folder to write (default: build/generate/NAME)"
    )
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns the manifest and where it was written."""
    from pyralis.gen.gf.generate import generate

    name, config = config_of(args)
    folder = make_folder(args.output or f"build/generate/{name}")
    with args.progress.step("generate") as step:
        manifest = generate(config, folder, name=name)
        step.note(f"{len(manifest['files'])} files")
    return {"folder": folder, **manifest}


def render(result: dict) -> str:
    """The list of files for people."""
    rows = [[name, f"{facts['bytes']:,}", facts["sha256"][:16]] for name, facts in result["files"].items()]
    listed = table(["file", "bytes", "SHA-256 begins"], rows)
    return f"{listed}\n\nWritten to {result['folder']}; README.txt says how to simulate and synthesise it."
