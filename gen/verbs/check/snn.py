"""``pyralis check snn``: which layers can be built, and do they fit the core."""

import argparse

from pyralis.gen.check import check_model, check_network
from pyralis.gen.config import add_core, choose
from pyralis.gen.intnetwork import IntNetwork
from pyralis.gen.model import is_network_file, load_model
from pyralis.gen.options import add_model, facts_of
from pyralis.gen.text import table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "snn",
        help="a spiking network: snnTorch, or a network file",
        description="Lists the layers of MODEL with a verdict for each, and the memories it needs on a core. "
        "Exit code 1 if something is refused or does not fit.",
    )
    add_model(parser)
    add_core(parser)
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns :func:`pyralis.gen.check.check_network` or ``check_model`` as plain data."""
    name, config = choose(args.preset, args.config)
    if is_network_file(args.model):
        result = {"model": args.model, "modules": [], **check_network(IntNetwork.load(args.model), config)}
    else:
        result = check_model(load_model(args.model, **facts_of(args)), config)
    return {**result, "core": name}


def render(result: dict) -> str:
    """The tables for people."""
    parts = []
    if result["modules"]:
        rows = [[m["name"], m["kind"], _size(m["shape"]), m["verdict"]] for m in result["modules"]]
        parts.append(table(["module", "kind", "map after it", "verdict"], rows))
        parts += [
            f"{m['name']} ({m['kind']}): {m['what']}\n  next:  {m['hint']}"
            for m in result["modules"]
            if m["what"]
        ]
    if result["layers"]:
        rows = [
            [
                row["name"],
                row["kind_text"],
                _size(row["weight_shape"]),
                row["neuron"],
                _size(row["out_shape"]),
                f"{row['weights']:,}",
                _words(row),
                row["verdict"],
            ]
            for row in result["layers"]
        ]
        head = ["layer", "kind", "weights", "neuron", "map after it", "bytes", "map words", "on the core"]
        parts.append(table(head, rows))
    parts += [
        f"{fault['what']}\n  where: {fault['where']}\n  next:  {fault['hint']}" for fault in result["faults"]
    ]
    if result["ok"]:
        kept = "stay on chip" if result["resident"] else "are streamed from memory"
        parts.append(f"It fits {result['core']}; its {result['weight_bytes']:,} bytes of weights {kept}.")
    else:
        parts.append(f"It cannot run on {result['core']} as it is: see above.")
    return "\n\n".join(parts)


def _words(row: dict) -> str:
    """Feature-map words of the layer's input, beside those of a buffer or the strips that it runs in."""
    room = f"of {row['map_words']:,}" if (row["strips"] or 1) == 1 else f"in {row['strips']} strips"
    return f"{row['input_words']:,} {room}"


def _size(shape: list[int]) -> str:
    return "x".join(map(str, shape))
