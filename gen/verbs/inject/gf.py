"""``pyralis inject gf``: a fault campaign on the gates of a protected multiplier."""

import argparse
from pathlib import Path

from pyralis.gen.files import json_text, write_file
from pyralis.gen.gf.options import add_config, config_of
from pyralis.gen.options import natural, positive
from pyralis.gen.text import percent, table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gf",
        help="break the gates of a protected finite-field multiplier",
        description="Every gate of the mapped multiplier is flipped, stuck at 0 and stuck at 1, under random "
        "operands; pairs of faults are drawn at random. Each fault counts as the worst that it does. Writes "
        "the figures as JSON and a chart beside it.",
    )
    add_config(parser)
    group = parser.add_argument_group("campaign")
    group.add_argument(
        "--vectors",
        type=positive,
        default=256,
        metavar="N",
        help="operand pairs for each fault (default: 256)",
    )
    group.add_argument(
        "--doubles",
        type=natural,
        default=20_000,
        metavar="N",
        help="random pairs of faults, or 0 (default: 20000)",
    )
    group.add_argument(
        "--seed", type=natural, default=0, metavar="N", help="of operands and pairs (default: 0)"
    )
    group.add_argument("-o", "--output", metavar="FILE.json", help="default: build/inject/gf.json")
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns :func:`pyralis.sim.gf.campaign.campaign`'s figures."""
    from pyralis.gen.gf.outcomes import chart
    from pyralis.sim.gf.campaign import campaign

    name, config = config_of(args)
    found = campaign(
        config, vectors=args.vectors, doubles=args.doubles, seed=args.seed, progress=args.progress
    )
    path = Path(args.output or "build/inject/gf.json")
    write_file(path, json_text({"name": name, **found}))
    picture = write_file(path.with_suffix(".svg"), chart(found, f"Faults in {name}, by the worst they do"))
    return {"name": name, "file": path, "chart": picture, **found}


def render(result: dict) -> str:
    """The tables and the verdict for people."""
    from pyralis.gen.gf.outcomes import LABELS, rows_of

    rows = [[label, *faults.values(), cases] for label, faults, cases in rows_of(result)]
    parts = [table(["faults", *LABELS.values(), "all"], rows)]
    if result["worst"]:
        worst = [
            [row["gate"], row["kind"], percent(row["silent"]), percent(row["miscorrected"])]
            for row in result["worst"]
        ]
        parts.append(table(["gates that do harm", "fault", "silent", "miscorrected"], worst))
    summary = result["summary"]
    parts.append(
        f"{result['name']}: {percent(summary['multiplier_flips_corrected'], 2)} of the "
        f"{summary['multiplier_flips']:,} flips in the multiplier do no harm to the product; of all single "
        f"faults {summary['silent']} are silent and {summary['miscorrected']} miscorrected, and "
        f"{summary['silent_output_gates']} more in the last gates before the output."
    )
    parts.append(f"Figures: {result['file']}  chart: {result['chart']}")
    return "\n\n".join(parts)
