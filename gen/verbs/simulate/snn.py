"""``pyralis simulate snn``: a network through the RTL, compared with the golden model."""

import argparse

from pyralis.gen.config import add_core, choose
from pyralis.gen.files import read_array
from pyralis.gen.intnetwork import IntNetwork
from pyralis.gen.options import add_memory, memory_of, positive
from pyralis.gen.simulate import simulate
from pyralis.gen.snn.compile import compile_network
from pyralis.gen.text import percent, table

__all__ = ["add_parser", "layer_table", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "snn",
        help="a spiking network and images",
        description="Runs every input through the Verilog of the core under Verilator, with one start, and "
        "compares each layer's spikes and every class score with the golden model. Exit code 1 if anything "
        "differs.",
    )
    parser.add_argument("network", metavar="NET.npz", help="an integer network")
    parser.add_argument(
        "inputs", metavar="INPUTS.npy", help="integers (B, C, H, W), or (B, T, C, H, W) for events"
    )
    add_core(parser)
    parser.add_argument(
        "--images", type=positive, default=1, metavar="N", help="images that share one weight load"
    )
    parser.add_argument("--waves", action="store_true", help="write waves (FST); slow")
    add_memory(parser)
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns :meth:`pyralis.gen.simulate.Comparison.summary` with the scores."""
    name, config = choose(args.preset, args.config)
    compiled = compile_network(IntNetwork.load(args.network), config, images=args.images)
    inputs = compiled.check_inputs(read_array(args.inputs, "inputs"))
    found = simulate(compiled, inputs, memory=memory_of(args), waves=args.waves, progress=args.progress)
    return {
        "ok": found.bit_exact,
        "network": args.network,
        "core": name,
        **found.summary(),
        "scores": found.rtl.scores.tolist(),
        "classes": found.rtl.classes.tolist(),
        "folder": found.rtl.folder,
        "waves": found.rtl.folder / "dump.fst" if args.waves else None,
    }


def render(result: dict) -> str:
    """The table and the verdict for people."""
    parts = [layer_table(result["layers"]), result["verdict"]]
    if result["saturated"]:
        parts.append("A potential saturated: the network needs more potential_bits than the core has.")
    parts.append(
        f"{result['cycles_per_image']:,.0f} cycles an image, array busy {percent(result['utilisation'])}."
    )
    if result["waves"]:
        parts.append(f"Waves: {result['waves']}")
    return "\n\n".join(parts)


def layer_table(layers: list[dict]) -> str:
    """Counters of the core per image, with the estimate beside them."""
    rows = [
        [
            layer["name"],
            f"{layer['ideal_cycles_per_image']:,.0f}",
            f"{layer['cycles_per_image']:,.0f}",
            percent(layer["utilisation"]),
            f"{layer['weight_stalls_per_image']:,.0f}",
            f"{layer['estimated_cycles_per_image']:,.0f}",
            f"{layer['spikes_per_image']:,.1f}",
            percent(layer["spike_rate"]),
            "-" if layer["differences"] is None else layer["differences"],
        ]
        for layer in layers
    ]
    head = ["layer", "ideal", "cycles", "busy", "weight stalls", "estimate", "spikes", "rate", "differences"]
    return table(head, rows)
