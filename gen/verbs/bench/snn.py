"""``pyralis bench snn``: full-size workloads through the RTL."""

import argparse

from pyralis.gen.config import add_core, choose
from pyralis.gen.options import add_memory, memory_of, positive
from pyralis.gen.text import percent, table
from pyralis.gen.verbs.simulate.snn import layer_table

__all__ = ["add_parser", "render", "run"]

PRESET = "zu3eg"


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "snn",
        help="measure a full-size network in RTL simulation",
        description="Runs the layer shapes of SNN-7 (CIFAR-10, FireFly papers) with random integers through "
        "the RTL, compares them with the golden model and writes cycles, stalls and DSP-cycles as JSON.",
    )
    add_core(parser, PRESET)
    parser.add_argument(
        "--images", type=positive, default=1, metavar="N", help="images that share one weight load"
    )
    parser.add_argument("-o", "--output", metavar="FILE.json", help="default: build/bench/snn.json")
    add_memory(parser)
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns :func:`pyralis.gen.bench.snn.bench`'s figures."""
    from pyralis.gen.bench.snn import bench

    name, config = choose(args.preset, args.config, PRESET)
    path = args.output or "build/bench/snn.json"
    result = bench(
        config,
        path,
        name=name,
        images=args.images,
        memory=memory_of(args),
        progress=args.progress,
    )
    return {"ok": result["bit_exact"], "file": path, **result}


def render(result: dict) -> str:
    """The tables for people."""
    from pyralis.gen.bench.snn import comparison_rows

    head = ["SNN-7, T = 4", "DSP", "cycles an image", "DSP-cycles", "scope"]
    m = result["memory"]
    bandwidth = (
        f"{m['bytes_per_cycle']} bytes a cycle" if m["bytes_per_cycle"] else "a beat per port and cycle"
    )
    busy, reached = percent(result["utilisation"]), f"{result['operations_per_dsp_cycle']:.2f}"
    facts = (
        f"Array busy {busy}, {reached} of {result['operations_per_dsp_cycle_peak']} operations per DSP and "
        f"cycle; memory latency {m['latency']} cycles, {bandwidth}, {m['stall_percent']} % stalls."
    )
    compared = table(head, comparison_rows(result))
    parts = [layer_table(result["layers"]), result["verdict"], compared, facts, f"Written: {result['file']}"]
    return "\n\n".join(parts)
