"""``pyralis simulate gcn``: a graph network through the RTL, every logit compared with the golden model."""

import argparse
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.doctor import require
from pyralis.gen.files import read_array, write_file
from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.config import add_core, choose
from pyralis.gen.gcn.options import add_elimination, add_samples, samples_of, settings_of
from pyralis.gen.options import add_memory, memory_of
from pyralis.gen.simulate import SIMULATOR, require_wave_headers
from pyralis.gen.text import table

__all__ = ["add_parser", "later", "phase_table", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gcn",
        help="a graph network and the features of its graph",
        description="Runs the whole graph through the Verilog of the core under Verilator, in a first run "
        "and in later ones, and compares every element of the results with the golden model. Exit code 1 if "
        "anything differs.",
    )
    parser.add_argument("network", metavar="NET.npz", help="an integer graph network")
    parser.add_argument(
        "features", metavar="FEATURES.npy", help="features of its graph, (nodes, features) integers"
    )
    add_core(parser)
    add_elimination(parser)
    add_samples(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE.npz",
        help="scores and classes of every node (default: build/simulate/NET/results.npz)",
    )
    parser.add_argument("--waves", action="store_true", help="write waves (FST); slow")
    add_memory(parser)
    return parser


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns :meth:`pyralis.gen.demo.graphrun.GraphRun.summary`, the phases, and where the scores are."""
    name, config = choose(args.preset, args.config)
    settings = settings_of(args)
    network, sample_seed = samples_of(args, intfile.load(args.network))
    features = read_array(args.features, "features")
    compiled = compile_network(network, config, features=features, settings=settings)
    require(*SIMULATOR)
    if args.waves:
        require_wave_headers()
    from pyralis.gen.demo.graphrun import simulate

    found = simulate(
        network,
        features,
        compiled,
        memory=memory_of(args),
        waves=args.waves,
        sample_seed=sample_seed,
        progress=args.progress,
    )
    path = args.output or f"build/simulate/{Path(args.network).stem}/results.npz"
    written = io.BytesIO()
    np.savez_compressed(written, scores=found.logits, classes=found.logits.argmax(axis=1))
    return {
        "ok": found.bit_exact,
        "network": args.network,
        "core": name,
        **found.summary(),
        "phases": found.phases(),
        "results": write_file(path, written.getvalue()),
        "folder": found.two.folder,
        "waves": found.two.folder / "dump.fst" if args.waves else None,
    }


def render(result: dict[str, Any]) -> str:
    """The table and the verdict for people."""
    parts = [phase_table(result["phases"])] if result["phases"] else []
    parts.append(result["verdict"])
    if seen := result["counters_first"].get("rows_seen", 0):
        loaded = result["counters_first"]["rows_loaded"]
        parts.append(
            f"{loaded:,} of {seen:,} rows were in windows, all slices and intervals ({loaded / seen:.1%})."
        )
    if result["saturated"]:
        parts.append("A clamp changed a value, in the core as in the golden model.")
    parts.append(
        f"{result['cycles_first']:,} cycles in the first run on {result['core']}, {later(result)}.\n"
        f"Results: {result['results']}"
    )
    if result["waves"]:
        parts.append(f"Waves: {result['waves']}")
    return "\n\n".join(parts)


def later(result: Mapping[str, Any]) -> str:
    """What a later run takes, of :meth:`pyralis.gen.demo.graphrun.GraphRun.summary`."""
    return f"{result['latency_later']:,} in a later one, {result['cycles_later']:,} from one run to the next"


def phase_table(phases: list[dict[str, Any]]) -> str:
    """What each operation took: see :func:`pyralis.gen.gcn.phases.table`."""
    rows = [
        [
            row["name"],
            row["kind"],
            f"{row['operations']:,}",
            f"{row['first']['cycles']:,}",
            f"{row['later']['cycles']:,}",
            f"{row['later']['utilisation']:.1%}",
            f"{row['later']['bytes_per_operation']:.3f}",
            f"{row['later']['share']:.1%}",
        ]
        for row in phases
    ]
    heads = ["phase", "kind", "operations", "cycles: first", "later", "lanes used", "bytes/op", "of the time"]
    return table(heads, rows)
