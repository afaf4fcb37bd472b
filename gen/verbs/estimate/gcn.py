"""``pyralis estimate gcn``: what a graph network moves and computes on a core, without simulation."""

import argparse
from typing import Any

from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.config import add_core, choose
from pyralis.gen.gcn.estimate import estimate
from pyralis.gen.gcn.options import add_elimination, add_samples, drawn_of, settings_of
from pyralis.gen.gcn.traffic import KINDS
from pyralis.gen.options import add_features, features_of
from pyralis.gen.text import table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gcn",
        help="a graph network: operations, bytes, least cycles",
        description="Operations of each phase, bytes on the bus by what they are, and lower bounds of the "
        "cycles. Look-up tables and multipliers are not estimated: pyralis boards lists what was counted.",
    )
    parser.add_argument("network", metavar="NET.npz", help="an integer graph network")
    add_features(parser, "needed if the core reads them as lists")
    add_core(parser)
    add_elimination(parser)
    add_samples(parser)
    return parser


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns :meth:`pyralis.gen.gcn.estimate.Estimate.to_json` with what it is of."""
    name, config = choose(args.preset, args.config)
    settings, features = settings_of(args), features_of(args)
    network = drawn_of(args, intfile.load(args.network))
    compiled = compile_network(network, config, features=features, settings=settings)
    return {"network": args.network, "core": name, **estimate(compiled, features).to_json()}


def render(result: dict[str, Any]) -> str:
    """The tables for people."""
    rows = [
        [
            phase["name"],
            f"{phase['kind']}{', chained' if phase['chained'] else ''}",
            f"{phase['operations']:,}",
            phase["lanes"],
            f"{phase['cycles']:,}",
            phase["bound"],
            f"{phase['bytes_first']:,}",
            f"{phase['bytes_later']:,}",
        ]
        for phase in result["phases"]
    ]
    head = ["phase", "kind", "operations", "lanes", "cycles >=", "of its", "bytes: first", "later"]
    traffic = result["traffic"]
    parts = [traffic["first"], traffic["later"], traffic["compulsory"]]
    moved = [[kind, *(f"{part[kind]:,}" for part in parts)] for kind in KINDS]
    moved.append(["all", *(f"{sum(part.values()):,}" for part in parts)])
    return (
        f"{table(head, rows)}\n\n{table(['bytes', 'first run', 'later runs', 'compulsory'], moved)}\n\n"
        f"At least {result['cycles_first']:,} cycles in a first run on {result['core']}, "
        f"{result['cycles_later']:,} in a later one: the engines take {result['compute_cycles']:,} or more, "
        f"the bus {result['bus_cycles_first']:,} and {result['bus_cycles_later']:,}. These are lower bounds "
        "from counts; pyralis simulate measures."
    )
