"""``pyralis demo snn``: a whole job on real data."""

import argparse

from pyralis.gen.options import positive

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "snn",
        help="train, generate, simulate and compare: the whole way once",
        description="Trains a spiking network on scikit-learn's digits, generates the core, simulates every "
        "held-out image in RTL and writes report.html. Exit code 1 if one bit differs from the golden model.",
    )
    parser.add_argument("--preset", metavar="NAME", default="tiny", help="size of the core (default: tiny)")
    parser.add_argument(
        "--images", type=positive, metavar="N", help="simulate fewer images (default: all 360)"
    )
    parser.add_argument("--epochs", type=positive, metavar="N", help="train for fewer or more epochs")
    parser.add_argument(
        "-o", "--output", metavar="DIR", default="build/demo/snn", help="default: build/demo/snn"
    )
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns the content of result.json."""
    from pyralis.gen.demo.digits import EPOCHS
    from pyralis.gen.demo.snn import demo

    result = demo(
        args.output,
        preset_name=args.preset,
        epochs=args.epochs or EPOCHS,
        images=args.images,
        progress=args.progress,
    )
    return {"ok": result["bit_exact"], "folder": args.output, **result}


def render(result: dict) -> str:
    """Where to look, for people."""
    accuracies = ", ".join(
        f"{name} {100 * result[f'accuracy_{key}']:.2f} %"
        for name, key in (("float", "float"), ("integer", "int"), ("RTL", "rtl"))
    )
    return f"\nAccuracy: {accuracies}.\nOpen {result['folder']}/report.html"
