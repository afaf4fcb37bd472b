"""``pyralis bench gcn``: graph networks through the RTL, cold and warm, beside published figures."""

import argparse
from pathlib import Path

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.config import add_core, choose
from pyralis.gen.options import add_logits
from pyralis.gen.text import percent, table

__all__ = ["add_parser", "render", "run"]

PRESET = "small"


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gcn",
        help="measure graph networks in RTL simulation, cold and warm",
        description="Runs the digits, Cora and graphs like Citeseer, Pubmed and NELL through the RTL behind "
        "a DDR4 channel, compares every logit with the golden model, and writes cycles, bytes, utilisation "
        "and ablations as JSON and as a page, beside published figures. --preset takes several: small,z32.",
    )
    add_core(parser, PRESET)
    parser.add_argument("--only", metavar="NAME,NAME", help="workloads, for example digits-h16,cora-h16")
    parser.add_argument(
        "--data", metavar="DIR", help="planetoid files of Cora (default: ../shared/data/cora)"
    )
    add_logits(parser)
    parser.add_argument("--runs-only", action="store_true", help="no ablations and no sweeps")
    parser.add_argument("-o", "--output", metavar="FILE.json", help="default: build/bench/gcn.json")
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns :func:`pyralis.gen.bench.gcn.bench`'s figures."""
    presets = args.preset.split(",") if args.preset else [None]
    cores = [choose(name, args.config, PRESET) for name in presets]

    from pyralis.gen.bench.gcn import ABLATED, bench
    from pyralis.gen.bench.gcn_workloads import DATA, select

    path = Path(args.output or "build/bench/gcn.json")
    if args.data and not Path(args.data).is_dir():
        raise UserError(f"There is no folder {args.data}.", "--data", "leave it away to go without Cora")
    result = bench(
        path,
        cores=cores,
        workloads=select(args.only.split(",") if args.only else None),
        data=args.data or DATA,
        logits=args.logits,
        ablated=() if args.runs_only else ABLATED,
        sweeps=not args.runs_only,
        progress=args.progress,
    )
    return {"file": path, "page": path.with_suffix(".html"), **result}


def render(result: dict) -> str:
    """The tables for people."""
    head = ["workload", "core", "cold", "warm", "on chip", "run to run", "bytes", "row hits", "accuracy"]
    accuracy = {each["name"]: each["accuracy"] for each in result["workloads"]}
    rows = [
        [
            row["workload"],
            row["core"],
            *(f"{row[run]['latency']:,}" if row[run] else "-" for run in ("cold", "warm", "on_chip")),
            f"{(row['on_chip'] or row['warm'])['cycles']:,}",
            f"{row['cold']['bytes_over_compulsory']:.3f}",
            percent(row["cold"]["dram"]["hit_rate"]),
            percent(accuracy[row["workload"]]["int"], 2) if accuracy[row["workload"]] else "-",
        ]
        for row in result["runs"]
    ]
    known = [
        [
            each["target"],
            each["of"],
            f"{each['sign']} {_number(each['bound'], each)}",
            _number(each["measured"], each),
            "met" if each["met"] else "NOT met",
        ]
        for each in result["targets"]
    ]
    parts = (
        [
            table(head, rows)
            + "\n\nCycles; on chip: warm, features too; run to run: of such runs, which begin while the one "
            "before writes.\nBytes on the bus over compulsory ones, cold."
        ]
        if rows
        else []
    )
    parts += [table(["target", "of", "bound", "measured", ""], known)] if known else []
    parts += ["\n".join(f"{each['workload']} on {each['core']}: {each['why']}" for each in result["missing"])]
    parts += [result["verdict"], f"Written: {result['file']}, {result['page']}"]
    return "\n\n".join(part for part in parts if part)


def _number(value: float, entry: dict) -> str:
    if entry["percent"]:
        return percent(value, 2)
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
