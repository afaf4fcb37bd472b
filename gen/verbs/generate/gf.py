"""``pyralis generate gf``: a protected multiplier of GF(2^m) for people with and without Python."""

import argparse
from pathlib import Path
from typing import Any

from pyralis.gen.errors import ToolError, UserError
from pyralis.gen.files import make_folder
from pyralis.gen.folder import file_table
from pyralis.gen.gf.options import add_config, config_of
from pyralis.gen.progress import Progress
from pyralis.hw.gf.config import GfConfig

__all__ = ["add_parser", "render", "run"]

LONG = 163
"""From this m on logic optimisation takes long, and so the report."""


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gf",
        help="write the Verilog of a protected finite-field multiplier, with testbench and assertions",
        description="Writes a folder that stands on its own: Verilog of the core and of its AXI4 tops, a "
        "testbench with vectors, assertions, constraints, register map (JSON, C, SVD), configuration, and a "
        "manifest with the hash of every file. Beside them a report of what this configuration costs after "
        "synthesis and what its protection is worth, as JSON and HTML.",
    )
    add_config(parser)
    parser.add_argument(
        "-o", "--output", metavar="DIR", help="folder to write (default: build/generate/NAME)"
    )
    parser.add_argument(
        "--report",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="report.json and report.html, from a synthesis that takes minutes (default: yes)",
    )
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns the manifest, where it was written, and the page of the report (None: left out)."""
    from pyralis.gen.gf.generate import generate

    name, config = config_of(args)
    folder = make_folder(args.output or f"build/generate/{name}")
    with args.progress.step("generate") as step:
        manifest = generate(config, folder, name=name)
        step.note(f"{len(manifest['files'])} files")
    page = _report(config, folder, args.progress) if args.report else None
    return {"folder": folder, "report": page, **manifest}


def _report(config: GfConfig, folder: Path, progress: Progress) -> Path | None:
    """Writes the report into *folder*; None, and a line why, where the tools for it are missing or stop."""
    from pyralis.gen.gf.report import report

    how_long = (
        f"At m = {config.m} the report may take hours" if config.m >= LONG else "The report takes minutes"
    )
    progress.say(f"{how_long}; --no-report leaves it out.")
    try:
        report(config, folder, progress=progress)
    except (UserError, ToolError) as error:
        progress.say(f"No report: {error.what}")
    except ModuleNotFoundError as error:
        progress.say(f"No report: the package {error.name} is not installed.")
    else:
        return folder / "report.html"
    return None


def render(result: dict[str, Any]) -> str:
    """The list of files for people."""
    written = f"Written to {result['folder']}; README.txt says how to simulate and synthesise it."
    costs = f"\nWhat it costs: {result['report']}" if result["report"] else ""
    return f"{file_table(result['files'])}\n\n{written}{costs}"
