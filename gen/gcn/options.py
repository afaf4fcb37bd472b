"""Arguments of the verbs that compile a graph network: what a program leaves to choose, and its samples."""

import argparse

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.intnetwork import IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.sampling import check_seed, sampled
from pyralis.gen.gcn.settings import MOST_HEIGHT, Settings
from pyralis.gen.options import natural, positive

__all__ = [
    "add_elimination",
    "add_samples",
    "drawn_of",
    "no_network",
    "no_samples",
    "samples_of",
    "settings_of",
]

DEFAULT = Settings()

OPTIONS = ("elimination", "window_height", "interval_rows", "sampling", "sample_seed")


def add_elimination(parser: argparse.ArgumentParser) -> None:
    """Which rows of a dense input are loaded. Read with :func:`settings_of`."""
    group = parser.add_argument_group("rows of a dense input that are loaded before they are aggregated")
    group.add_argument(
        "--elimination",
        choices=["none", "window", "rows"],
        help="all of them at once; of each destination interval those in windows that slide and shrink; or "
        "those that it gathers (default: none, and rows where the input does not fit into the row store)",
    )
    group.add_argument(
        "--window-height",
        type=positive,
        metavar="ROWS",
        help=f"of such a window at most (default: {DEFAULT.window_height})",
    )
    group.add_argument(
        "--interval-rows",
        type=natural,
        metavar="ROWS",
        help="of a destination interval, rounded up to whole groups (default: 0, as many as fit)",
    )


def settings_of(args: argparse.Namespace) -> Settings:
    """What the user asked for with :func:`add_elimination`.

    Raises UserError if a window is higher than a descriptor can say, and for sizes of what there is none of.
    """
    height, rows = args.window_height, args.interval_rows
    if height is not None and height > MOST_HEIGHT:
        what = f"windows have at most {MOST_HEIGHT} rows, not {height}"
        raise UserError(what, "--window-height", f"give 1 to {MOST_HEIGHT}")
    if height is not None and args.elimination != "window":
        what = f"--window-height {height} is of windows, and only --elimination window has some."
        raise UserError(what, "arguments", "add --elimination window, or leave --window-height away")
    if rows and args.elimination == "none":
        what = f"--interval-rows {rows} is of intervals, and --elimination none has none."
        raise UserError(what, "arguments", "leave one of them away")
    return Settings(
        elimination=args.elimination,
        window_height=DEFAULT.window_height if height is None else height,
        interval_rows=DEFAULT.interval_rows if rows is None else rows,
    )


def add_samples(parser: argparse.ArgumentParser) -> None:
    """Who draws samples, and which. Read with :func:`samples_of` or :func:`drawn_of`."""
    group = parser.add_argument_group("samples of neighbours, if the network takes some")
    group.add_argument(
        "--sampling",
        choices=["core", "once"],
        help="the core draws them in every run; or they are drawn here, once and for all, for cores without "
        "a Sampler (default: core)",
    )
    group.add_argument(
        "--sample-seed",
        type=natural,
        metavar="N",
        help="0 to 65535, as in register sample_seed of the core: another one, other samples (default: 0)",
    )


def samples_of(args: argparse.Namespace, network: IntGraphNetwork) -> tuple[IntGraphNetwork, int]:
    """What is compiled of *network*, and what register ``sample_seed`` holds in its runs.

    Raises UserError for a seed of more bits, and if there are no samples, or none that a seed changes.
    """
    seed = args.sample_seed or 0
    check_seed(seed)
    gathers = (each for each in network.operations if isinstance(each, IntAggregate))
    kinds = {each.sample.kind for each in gathers if each.sample is not None}
    if not kinds:
        no_samples(args)
    if seed and "uniform" not in kinds:
        what = f"--sample-seed {seed} is for samples at random, and this network takes predefined ones."
        raise UserError(what, "arguments", "leave --sample-seed away")
    return (sampled(network, seed=seed), 0) if args.sampling == "once" else (network, seed)


def drawn_of(args: argparse.Namespace, network: IntGraphNetwork) -> IntGraphNetwork:
    """:func:`samples_of` for verbs that neither run the network nor say how it is run.

    Raises UserError as that, and for a seed that only a run could use.
    """
    network, seed = samples_of(args, network)
    if seed:
        what = f"--sample-seed {seed} is for a run in which the core draws samples, and there is none here."
        raise UserError(what, "arguments", "add --sampling once, or leave --sample-seed away")
    return network


def no_samples(args: argparse.Namespace) -> None:
    """Raises UserError if something was said about the samples of a network that takes none."""
    for name in _given(args, "sampling", "sample_seed"):
        what = f"{name} is for samples, and this network takes none."
        raise UserError(what, "arguments", f"leave {name} away")


def no_network(args: argparse.Namespace) -> None:
    """Raises UserError if something was said about a network that was not given."""
    for name in _given(args, *OPTIONS):
        what = f"{name} says how a network is compiled, and there is none."
        raise UserError(what, "arguments", f"add --network NET.npz, or leave {name} away")


def _given(args: argparse.Namespace, *names: str) -> list[str]:
    """Those of the options *names* that the user gave."""
    return [f"--{name.replace('_', '-')}" for name in names if getattr(args, name, None) is not None]
