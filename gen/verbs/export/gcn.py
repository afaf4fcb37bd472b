"""``pyralis export gcn``: a trained graph network, with its graph, to an integer network file."""

import argparse
from pathlib import Path
from typing import Any

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.dataset import DATASET, planetoid
from pyralis.gen.gcn.export import export, features_file
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.model import load_graph_model
from pyralis.gen.options import add_graph, natural, positive
from pyralis.gen.text import percent, table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gcn",
        help="a model of PyTorch Geometric with its graph, or planetoid files",
        description="Reads the module of PyTorch Geometric that MODEL builds, makes it integer for its graph "
        "and writes one .npz, and the integer features beside it. MODEL can also be a folder of planetoid "
        "files: then the network of the demo is trained on them, as pyralis demo gcn does it.",
    )
    parser.add_argument(
        "model", metavar="MODEL", help="FILE.py[:NAME], package.module:NAME, or a folder of planetoid files"
    )
    add_graph(parser)
    parser.add_argument("-o", "--output", required=True, metavar="NET.npz", help="the file to write")
    parser.add_argument(
        "--features", metavar="FILE.npy", help="where the features go (default: NET.features.npy)"
    )
    group = parser.add_argument_group("training, where MODEL is a folder")
    group.add_argument("--seed", type=natural, metavar="N", help="of the training (default: 0)")
    group.add_argument("--epochs", type=positive, metavar="N", help="train for fewer or more epochs")
    group.add_argument(
        "--weights", metavar="FILE.pt", help="instead of training: a state_dict of the demo's network"
    )
    return parser


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the quantisation report as plain data, with the files."""
    if not args.output.endswith(".npz"):
        args.output += ".npz"
    module, graph = _trained(args) if Path(args.model).is_dir() else _given(args)
    with args.progress.step("quantise") as step:
        found = export(
            module,
            graph,
            args.output,
            args.features,
            contract=args.contract,
            order=args.order,
            logits=args.logits,
            levels=args.levels,
        )
        step.note(f"{found.report.agreement:.2%} of the nodes keep their class")
    return {
        "model": args.model,
        "graph": {"name": graph.name, "nodes": graph.nodes, "edges": graph.edges},
        "network": args.output,
        "features": args.features or features_file(args.output),
        **found.report.to_json(),
    }


def _given(args: argparse.Namespace) -> tuple[Any, Graph]:
    """Module and graph that the user has written."""
    for name in ("seed", "epochs", "weights"):
        if getattr(args, name) is not None:
            what = f"--{name} says how a network is trained here, and {args.model} builds a trained one."
            raise UserError(what, "arguments", f"leave --{name} away, or give a folder of planetoid files")
    source = load_graph_model(args.model, args.data, args.dataset, raw=args.raw_features)
    return source.module, source.graph


def _trained(args: argparse.Namespace) -> tuple[Any, Graph]:
    """The demo's network for planetoid files, trained, kept from before, or with the user's weights."""
    from pyralis.gen.clock import Clock
    from pyralis.gen.demo import gcn as demo
    from pyralis.gen.demo.graphtraining import EPOCHS
    from pyralis.gen.files import make_folder

    if args.data is not None:
        what = f"{args.model} and --data {args.data} are both folders of planetoid files."
        raise UserError(what, "arguments", "give one of them")
    if args.weights is not None and (args.seed is not None or args.epochs is not None):
        what = "--weights are those of a trained network, and --seed and --epochs are for training one."
        raise UserError(what, "arguments", "leave --weights or the other two away")
    dataset = args.dataset or DATASET
    graph = planetoid(args.model, dataset, raw=args.raw_features)
    if args.weights is not None:
        return demo.with_weights(graph, args.weights), graph
    folder = make_folder(demo.folder_of(args.model, dataset))
    clock = Clock(args.progress)
    return demo.module_of(graph, folder, args.seed or 0, args.epochs or EPOCHS, clock), graph


def render(result: dict[str, Any]) -> str:
    """The report for people."""
    rows = [
        [
            row["name"],
            row["kind"],
            f"{row['sum_bits']}, {row['total_bits']}",
            f"{row['shift']}",
            row["output"],
            f"{row['saturated']:,}",
            "exact" if row["snr_db"] is None else f"{row['snr_db']:.1f} dB",
        ]
        for row in result["operations"]
    ]
    head = ["operation", "kind", "bits: sum, scaled", "shift", "rows", "clamped", "SNR"]
    accuracy = ""
    if result["accuracy_int"] is not None:
        before, after = (percent(result[f"accuracy_{kind}"], 2) for kind in ("float", "int"))
        accuracy = f" Accuracy of the test nodes: {before} in real numbers, {after} in integers."
    return (
        f"{table(head, rows)}\n\n{result['graph']['nodes']:,} nodes, {result['graph']['edges']:,} edges; "
        f"{percent(result['agreement'], 2)} of the nodes keep their class.{accuracy}\n"
        f"Written: {result['network']}\nFeatures: {result['features']}"
    )
