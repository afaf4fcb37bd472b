"""``pyralis demo gcn``: a graph network on real data."""

import argparse

from pyralis.gen.gcn.config import SIZES
from pyralis.gen.options import add_logits, natural, positive
from pyralis.gen.verbs.simulate.gcn import later, phase_table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "gcn",
        help="train a graph network, classify all nodes in RTL and compare every logit",
        description="Trains a graph convolutional network with PyTorch Geometric on scikit-learn's digits, "
        "joined to those that look alike, or on planetoid files, simulates the whole graph in RTL and writes "
        "report.html. Exit code 1 if one logit differs from the golden model.",
    )
    parser.add_argument("--data", metavar="DIR", help="a folder with planetoid files (default: the digits)")
    parser.add_argument("--dataset", metavar="NAME", help="which of them (default: cora)")
    names = ", ".join(SIZES)
    parser.add_argument(
        "--preset", metavar="NAME", help=f"size of the core: {names} (default: the smallest that fits)"
    )
    parser.add_argument("--seed", type=natural, metavar="N", default=0, help="of the training (default: 0)")
    parser.add_argument(
        "--seeds",
        type=positive,
        metavar="N",
        help="train N networks for the mean accuracy; the first is simulated (default: 1, with --data 5)",
    )
    parser.add_argument("--epochs", type=positive, metavar="N", help="train for fewer or more epochs")
    add_logits(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="default: build/demo/gcn, with --data build/demo/gcn-NAME",
    )
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns the content of result.json."""
    from pyralis.gen.demo.gcn import demo, folder_of
    from pyralis.gen.demo.graphtraining import EPOCHS

    folder = args.output or str(folder_of(args.data, args.dataset))
    result = demo(
        folder,
        data=args.data,
        dataset=args.dataset,
        preset_name=args.preset,
        seed=args.seed,
        seeds=args.seeds,
        epochs=args.epochs or EPOCHS,
        logits=args.logits,
        progress=args.progress,
    )
    return {"ok": result["bit_exact"], "folder": folder, **result}


def render(result: dict) -> str:
    """Accuracies, the phase table and where to look, for people."""
    accuracies = ", ".join(
        f"{name} {100 * result[f'accuracy_{key}']:.2f} %"
        for name, key in (("float", "float"), ("integer", "int"), ("RTL", "rtl"))
    )
    lines = ["", f"Accuracy: {accuracies}; {100 * result['agreement']:.2f} % of all nodes keep their class."]
    if len(result["seeds"]) > 1:
        mean = result["mean"]
        lines.append(
            f"Mean of {len(result['seeds'])} seeds: float {100 * mean['accuracy_float']:.2f} %, "
            f"integer {100 * mean['accuracy_int']:.2f} %, {100 * mean['agreement']:.2f} % keep their class."
        )
    lines.append(
        f"Cycles on {result['core']['name']}: {result['cycles_first']:,} in the first run, {later(result)}."
    )
    table = ["", phase_table(result["phases"])] if result["phases"] else []
    return "\n".join([*lines, *table, "", f"Open {result['folder']}/report.html"])
