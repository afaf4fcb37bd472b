"""Levels and loops of a directed graph, and what a cell of Yosys' JSON says about itself."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError

__all__ = ["block_of", "levels", "longest_path", "loop_error", "names_of", "segments"]


def levels(nodes: int, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Length of the longest path that ends in each node of a graph.

    Parameters
    ----------
    nodes : int
        How many there are.
    source, target : (E,) int
        Edge e leads from node ``source[e]`` to node ``target[e]``.

    Returns
    -------
    (nodes,) int32
        0 for a node without predecessors, -1 for one on a loop or behind one.
    """
    waiting = np.bincount(target, minlength=nodes)
    count = np.bincount(source, minlength=nodes)
    start = np.cumsum(count) - count
    followers = target[np.argsort(source, kind="stable")]
    level = np.full(nodes, -1, np.int32)
    ready, depth = np.flatnonzero(waiting == 0), 0
    while ready.size:
        level[ready] = depth
        reached, times = np.unique(followers[segments(start[ready], count[ready])], return_counts=True)
        waiting[reached] -= times
        ready, depth = reached[waiting[reached] == 0], depth + 1
    return level


def segments(start: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The ranges ``start[i] .. start[i] + count[i] - 1``, one behind the other.

    >>> segments(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(start, count) + within


def loop_error(
    module: Mapping[str, Any], top: str, level: np.ndarray, source: np.ndarray, target: np.ndarray, bits: list
) -> UserError | None:
    """The error about a loop among cells, given the result of :func:`levels`; None if there is no loop.

    ``bits`` has a net that each node drives, by which the message names it.
    """
    bad = np.flatnonzero(level < 0)
    if not bad.size:
        return None
    # Every node without a level has a predecessor without one: walking back must come round.
    inside = level[source] < 0
    before = dict(zip(target[inside].tolist(), source[inside].tolist(), strict=True))
    walk, node = [], int(bad[0])
    while node not in walk:
        walk.append(node)
        node = before[node]
    loop = walk[walk.index(node) :]
    names = names_of(module, {bits[node] for node in loop})
    what = f"The design has a combinational loop of {len(loop)} cells, through {names}."
    return UserError(what, top, "break it with a register")


def longest_path(module: Mapping[str, Any], top: str, ends: tuple[str, ...]) -> int:
    """Cells on the longest path of a flat module of Yosys' JSON; at types that begin with *ends* paths end.

    Raises
    ------
    UserError
        The cells form a loop.
    """
    cells = [cell for cell in module["cells"].values() if not cell["type"].startswith(ends)]
    driver = {bit: node for node, cell in enumerate(cells) for bit in _bits(cell, "output")}
    edges = [
        (driver[bit], node)
        for node, cell in enumerate(cells)
        for bit in _bits(cell, "input")
        if bit in driver
    ]
    source, target = np.array(edges, np.int64).reshape(-1, 2).T
    level = levels(len(cells), source, target)
    outputs = [next(_bits(cell, "output")) for cell in cells]
    if error := loop_error(module, top, level, source, target, outputs):
        raise error
    return int(level.max(initial=-1)) + 1


def _bits(cell: Mapping[str, Any], direction: str) -> Iterator[int | str]:
    """Nets at the pins of *direction* of a cell: a number, or a constant as "0", "1", "x"."""
    for pin, bits in cell["connections"].items():
        if cell["port_directions"][pin] == direction:
            yield from bits


def block_of(cell: Mapping[str, Any]) -> str:
    """Path of the instance that a cell stood in before ``flatten -scopename``, joined by points."""
    attributes = cell["attributes"]
    if "scopename" in attributes:
        return attributes["scopename"].replace(" ", ".")
    return ".".join(attributes.get("hdlname", "").split(" ")[:-1])


def names_of(module: Mapping[str, Any], bits: Collection[int | str], most: int = 3) -> str:
    """Names of the nets *bits* of Yosys' JSON for a message, those that the user gave first."""
    found: dict[int | str, tuple[int, int, str]] = {}
    for name, net in module["netnames"].items():
        for position, bit in enumerate(net["bits"]):
            if bit in bits:
                label = f"{name}[{position}]" if len(net["bits"]) > 1 else name
                key = (net["hide_name"], label.count("."), label)
                found[bit] = min(found.get(bit, key), key)
    labels = [label for _, _, label in sorted(found.values())]
    return ", ".join(labels[:most]) + (", ..." if len(labels) > most else "")
