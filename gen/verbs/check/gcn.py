"""``pyralis check gcn``: which operations of a graph network a core can do, and does it fit."""

import argparse
from pathlib import Path
from typing import Any

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.check import check_model, check_network
from pyralis.gen.gcn.config import add_core, choose
from pyralis.gen.gcn.model import load_graph_model
from pyralis.gen.gcn.options import add_samples, drawn_of, no_samples
from pyralis.gen.model import is_network_file
from pyralis.gen.options import add_features, add_graph, features_of
from pyralis.gen.text import table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gcn",
        help="a graph network: PyTorch Geometric, or a network file",
        description="Lists the operations of MODEL with the widths that its sums can take, and what each "
        "memory of the core must hold, with a verdict for each. Exit code 1 if something is refused or does "
        "not fit.",
    )
    parser.add_argument("model", metavar="MODEL", help="net.npz, FILE.py[:NAME] or package.module:NAME")
    add_features(parser, "for the room that they need")
    add_core(parser)
    add_graph(parser)
    add_samples(parser)
    return parser


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns :func:`pyralis.gen.gcn.check.check_network` or ``check_model`` as plain data."""
    name, config = choose(args.preset, args.config)
    if is_network_file(args.model):
        if args.data is not None:
            what = f"--data {args.data} is the graph of a model, and {args.model} holds its graph."
            raise UserError(what, "arguments", "leave --data away")
        features = features_of(args)
        result = check_network(drawn_of(args, intfile.load(args.model)), config, features)
    else:
        if Path(args.model).is_dir():
            what = f"{args.model} is a folder, and no network."
            raise UserError(what, args.model, f"pyralis export {args.model} -o net.npz, then check net.npz")
        if args.features is not None:
            what = f"--features {args.features} are those of a network file, and {args.model} has its own."
            raise UserError(what, "arguments", "leave --features away")
        no_samples(args)
        source = load_graph_model(args.model, args.data, args.dataset, raw=args.raw_features)
        options = {name: getattr(args, name) for name in ("contract", "order", "logits", "levels")}
        result = check_model(source, config, **options)
    return {"model": args.model, **result, "core": name}


def render(result: dict[str, Any]) -> str:
    """The tables for people."""
    parts = []
    if result["operations"]:
        rows = [
            [
                row["name"],
                row["kind"],
                row["order"] or "",
                " + ".join([*row["sources"], *([row["extra"]] if row["extra"] else [])]),
                f"{row['in_width']} -> {row['width']} {row['type']}",
                f"{row['weights'] or row['entries']:,}",
                f"{row['sum_bits']} of {row['core_bits']}",
                f"{row['total_bits']} of 48",
                row["verdict"],
            ]
            for row in result["operations"]
        ]
        head = ["operation", "kind", "order", "reads", "elements of a row", "weights or entries"]
        parts.append(table([*head, "bits of sums", "scaled", "on the core"], rows))
    if result["memories"]:
        rows = [
            [
                row["memory"],
                "-" if row["need"] is None else f"{row['need']:,}",
                "-" if row["whole"] is None else f"{row['whole']:,}",
                f"{row['has']:,}",
                row["unit"],
                "" if row["where"] == "network" else row["where"].removeprefix("operation ").strip("'"),
                row["verdict"],
            ]
            for row in result["memories"]
        ]
        parts.append(table(["memory", "at a time", "of all", "has", "", "most by", "verdict"], rows))
    parts += [
        f"{fault['what']}\n  where: {fault['where']}\n  next:  {fault['hint']}" for fault in result["faults"]
    ]
    unknown = any(row["need"] is None for row in result["memories"])
    if not result["ok"]:
        parts.append(f"It cannot run on {result['core']} as it is: see above.")
    elif unknown:
        parts.append(f"It fits {result['core']}, if its features do: --features FILE.npy.")
    else:
        turns = any(row["verdict"] == "ok, in turns" for row in result["memories"])
        kept = "take turns on chip" if turns else "stay on chip from run to run"
        parts.append(f"It fits {result['core']}; its graph, weights and scales {kept}.")
    return "\n\n".join(parts)
