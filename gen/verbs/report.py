"""``pyralis report``: report.html from result.json, or a bench's page from its JSON file, again."""

import argparse

from pyralis.gen.report.page import rebuild

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the verb; returns its parser."""
    parser = subparsers.add_parser(
        "report",
        help="write report.html from a result.json again",
        description="Writes report.html of a finished job again from the numbers in its result.json, or the "
        "page of a bench beside its JSON file. Of a Vivado project, which may have been built on another "
        "machine, Vivado's reports are read first.",
    )
    parser.add_argument(
        "folder", metavar="DIR", help="the folder of the job, or a file such as build/bench/gcn.json"
    )
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns where the page is."""
    return {"report": rebuild(args.folder)}


def render(result: dict) -> str:
    """Where the page is, for people."""
    return f"Written: {result['report']}"
