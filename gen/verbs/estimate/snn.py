"""``pyralis estimate snn``: cycles and resources of a network on a core, without synthesis."""

import argparse

from pyralis.gen.config import add_core, choose
from pyralis.gen.intnetwork import IntNetwork
from pyralis.gen.options import positive
from pyralis.gen.snn.compile import compile_network
from pyralis.gen.snn.estimate import estimate
from pyralis.gen.text import percent, table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "snn",
        help="a spiking network: cycles, DSP and memories",
        description="Cycles of each layer and what bounds them, and the DSP, BRAM and URAM of the core.",
    )
    parser.add_argument("network", metavar="NET.npz", help="an integer network")
    add_core(parser)
    parser.add_argument(
        "--images", type=positive, default=1, metavar="N", help="images that share one weight load"
    )
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns :meth:`pyralis.gen.snn.estimate.Estimate.to_json` with what it is of."""
    name, config = choose(args.preset, args.config)
    compiled = compile_network(IntNetwork.load(args.network), config, images=args.images)
    return {
        "network": args.network,
        "core": name,
        "images": args.images,
        "resident": compiled.resident,
        **estimate(compiled).to_json(),
    }


def render(result: dict) -> str:
    """The tables for people."""
    rows = [
        [
            layer["name"],
            f"{layer['ideal_cycles']:,}",
            f"{layer['cycles']:,}",
            percent(layer["utilisation"]),
            layer["bound"],
            f"{layer['weight_bytes']:,}",
        ]
        for layer in result["layers"]
    ]
    head = ["layer", "ideal cycles", "cycles", "busy", "bound by", "weight bytes"]
    r = result["resources"]
    memories = ", ".join(f"{name} {bits:,}" for name, bits in r["memory_bits"].items())
    counts = [
        ["DSP48E2 in the array", r["array_dsp"]],
        ["DSP48E2 in the neuron row", r["neuron_dsp"]],
        ["crossbar cells in fabric", r["fabric_crossbars"]],
        ["RAMB36", f"{r['ramb36']:g}"],
        ["URAM", r["uram"]],
    ]
    moved = sum(layer["transfer_cycles"] for layer in result["layers"])
    kept = "stay on chip" if result["resident"] else "are streamed in every run"
    return (
        f"{table(head, rows)}\n\n{table(['resource', 'count'], counts)}\n\n"
        f"Memory bits: {memories}.\n"
        f"{result['cycles']:,} cycles a run on {result['core']}, of which {moved:,} load the input "
        f"and move maps; memory latency is not counted. The weights {kept}."
    )
