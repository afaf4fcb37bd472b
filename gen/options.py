"""Arguments that several verbs share."""

import argparse
from typing import Any

from pyralis.gen.files import read_array
from pyralis.gen.model import FACTS

__all__ = [
    "add_features",
    "add_graph",
    "add_logits",
    "add_memory",
    "add_model",
    "facts_of",
    "features_of",
    "memory_of",
    "natural",
    "positive",
]


def add_model(parser: argparse.ArgumentParser) -> None:
    """MODEL and the facts that its file may leave open."""
    parser.add_argument("model", metavar="MODEL", help="net.npz, FILE.py[:NAME] or package.module:NAME")
    parser.add_argument(
        "--input-shape", type=_shape, metavar="C,H,W", help="shape of one image, or its length"
    )
    parser.add_argument("--time-steps", type=int, metavar="T", help="how often the model is applied")
    parser.add_argument("--coding", choices=["direct", "events", "ternary"], help="what one input is")
    parser.add_argument("--scores", choices=["counts", "potentials"], help="what a class score is")
    parser.add_argument("--input-scale", type=float, metavar="X", help="real value of one unit of a pixel")


def add_graph(parser: argparse.ArgumentParser) -> None:
    """Planetoid files for a model that does not say what its graph is, and how it becomes integer."""
    group = parser.add_argument_group("graph of the model, unless its file defines graph")
    group.add_argument("--data", metavar="DIR", help="a folder with planetoid files")
    group.add_argument("--dataset", metavar="NAME", help="which of them (default: cora)")
    group.add_argument(
        "--raw-features",
        action="store_true",
        help="features as they stand in these files (default: every row divided by its sum)",
    )
    group = parser.add_argument_group("quantisation")
    group.add_argument(
        "--contract",
        choices=["B", "A"],
        default="B",
        help="normalisation as two scales of each node, or as int8 edge weights (default: B)",
    )
    group.add_argument(
        "--order",
        choices=["A(XW)", "(AX)W"],
        help="of the two products, wherever it is possible (default: the cheaper one of each layer)",
    )
    add_logits(group)
    group.add_argument(
        "--levels",
        type=natural,
        default=0,
        metavar="N",
        help="round values of features to so many levels, each with weights of its own, so that entries need "
        "no value (default: 0, int8)",
    )


def add_features(parser: argparse.ArgumentParser, why: str) -> None:
    """``--features`` for the graph of a network file; *why* ends its help. Read with :func:`features_of`."""
    parser.add_argument(
        "--features", metavar="FILE.npy", help=f"features of its graph, (nodes, features) integers: {why}"
    )


def features_of(args: argparse.Namespace) -> Any:
    """The array of :func:`add_features`, or None."""
    return None if args.features is None else read_array(args.features, "features")


def add_logits(parser: Any) -> None:
    """The type of a graph network's result; *parser* can be a group of one."""
    parser.add_argument(
        "--logits",
        choices=["int16", "int8", "int32"],
        default="int16",
        help="type of the scores; of one byte, they are half as long to write, and more nodes change their "
        "class (default: int16)",
    )


def facts_of(args: argparse.Namespace) -> dict[str, Any]:
    """What the user said of the model, for :func:`pyralis.gen.model.load_model`."""
    return {fact: args.scores if fact == "output" else getattr(args, fact) for fact in FACTS}


def add_memory(parser: argparse.ArgumentParser) -> None:
    """Settings of the simulated external memory."""
    group = parser.add_argument_group("external memory of the simulation")
    group.add_argument(
        "--latency", type=natural, default=20, metavar="CYCLES", help="of a read (default: 20)"
    )
    group.add_argument(
        "--bytes-per-cycle",
        type=natural,
        default=0,
        metavar="N",
        help="of all ports together (default: 0, no limit)",
    )
    group.add_argument(
        "--stall-percent",
        type=natural,
        default=0,
        metavar="N",
        help="of cycles in which it waits (default: 0)",
    )
    group.add_argument("--seed", type=natural, default=1, metavar="N", help="of these waits (default: 1)")


def memory_of(args: argparse.Namespace) -> Any:
    """The ``MemorySettings`` that the user asked for."""
    from pyralis.sim.snn.run import MemorySettings

    return MemorySettings(
        latency=args.latency,
        bytes_per_cycle=args.bytes_per_cycle,
        stall_percent=args.stall_percent,
        stall_seed=args.seed,
    )


def _shape(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no shape such as 1,28,28") from None


def natural(text: str) -> int:
    """Type of an argument that is an integer of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 0")
    return int(text)


def positive(text: str) -> int:
    """Type of an argument that is an integer of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return int(text)
