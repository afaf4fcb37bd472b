"""``pyralis boards``: what there is to build for, and what it can hold."""

import argparse
from dataclasses import asdict
from typing import Any

from pyralis.boards.base import all_boards
from pyralis.gen.boards.capacity import NEEDS, bases, holds
from pyralis.gen.text import table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the verb; returns its parser."""
    return subparsers.add_parser(
        "boards",
        help="list the boards, and what each can hold",
        description="Every board: its device, the tools that build for it, and which designs of the cores it "
        "can hold, by an estimate of look-up tables, memories and multipliers.",
    )


def run(args: argparse.Namespace) -> dict[str, Any]:  # noqa: ARG001 - every verb has this signature
    """Returns ``boards``, the record of each and ``holds``, and what the estimates of each core rest on."""
    return {
        "estimates": bases(),
        "boards": [
            {
                **{name: getattr(board, name) for name in ("name", "title", "part", "family", "flow")},
                "resources": asdict(board.resources),
                "clocks_mhz": board.clocks_mhz,
                "holds": holds(board),
            }
            for board in all_boards().values()
        ],
    }


def render(result: dict[str, Any]) -> str:
    """The tables for people."""
    devices, cores = [], []
    for board in result["boards"]:
        has = board["resources"]
        counts = (has["luts"], has["flip_flops"], has["block_rams"], has["dsps"])
        devices.append([
            board["name"],
            board["title"],
            board["part"],
            board["flow"],
            *(f"{n:,}" for n in counts),
        ])
        cores += [
            [
                board["name"],
                f"{row['core']} {row['design']}",
                *("-" if row[name] is None else f"{row[name]:,}" for name in NEEDS),
                _verdict(row),
            ]
            for row in board["holds"]
        ]
    head = ["board", "", "part", "tools", "LUT", "FF", "BRAM", "DSP"]
    fit = table(["board", "core", "LUT", "BRAM", "DSP", "fits"], cores)
    notes = [f"  {core}: {basis}." for core, basis in result["estimates"].items()]
    note = "\n".join(["What the cores take is estimated, without synthesis, or counted.", *notes])
    return f"{table(head, devices)}\n\n{fit}\n\n{note}"


def _verdict(row: dict[str, Any]) -> str:
    """Whether a design fits, or what of it does not."""
    if row["fits"] is None:
        return "not counted"
    return "yes" if row["fits"] else f"no: {row['limit']}"
