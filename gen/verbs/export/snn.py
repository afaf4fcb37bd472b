"""``pyralis export snn``: a trained model to an integer network file."""

import argparse

from pyralis.gen.export import export
from pyralis.gen.model import load_model
from pyralis.gen.options import add_model, facts_of
from pyralis.gen.text import percent, table

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the core; returns its parser."""
    parser = subparsers.add_parser(
        "snn",
        help="a model of snnTorch, with calibration images",
        description="Reads the snnTorch module that MODEL builds, quantises it with calibration images and "
        "writes one .npz. The report says what the quantisation changed in each layer.",
    )
    add_model(parser)
    parser.add_argument("-o", "--output", required=True, metavar="NET.npz", help="the file to write")
    parser.add_argument(
        "--calibration",
        required=True,
        metavar="FILE.npy",
        help="some hundred typical inputs as real numbers, (B, C, H, W) or (B, T, C, H, W)",
    )
    parser.add_argument(
        "--granularity",
        choices=["channel", "tensor"],
        default="channel",
        help="scales per channel or per layer",
    )
    parser.add_argument(
        "--potential-bits", type=int, default=24, metavar="N", help="of the core (default: 24)"
    )
    parser.add_argument("--leak-bits", type=int, default=12, metavar="N", help="of the core (default: 12)")
    return parser


def run(args: argparse.Namespace) -> dict:
    """Returns the quantisation report as plain data."""
    if not args.output.endswith(".npz"):
        args.output += ".npz"
    report = export(
        load_model(args.model, **facts_of(args)),
        args.calibration,
        args.output,
        granularity=args.granularity,
        potential_bits=args.potential_bits,
        leak_bits=args.leak_bits,
    )
    return {"model": args.model, "network": args.output, **report.to_json()}


def render(result: dict) -> str:
    """The report for people."""
    rows = [
        [
            layer["name"],
            _decibel(layer["weight_snr_db"]),
            _decibel(layer["current_snr_db"]),
            f"{layer['current_error']:.4f}",
            percent(layer["spike_agreement"], 2),
            percent(layer["spike_agreement_running"], 2),
            f"{layer['beta_error']:+.1e}",
        ]
        for layer in result["layers"]
    ]
    head = [
        "layer",
        "weight SNR",
        "current SNR",
        "worst current / th",
        "equal spikes",
        "in the whole",
        "beta error",
    ]
    return (
        f"{table(head, rows)}\n\n"
        f"{result['samples']} calibration inputs; {percent(result['class_agreement'], 2)} keep their class; "
        f"{percent(result['inputs_clipped'], 2)} of the pixels were clipped.\nWritten: {result['network']}"
    )


def _decibel(value: float | None) -> str:
    return "exact" if value is None else f"{value:.1f} dB"
