"""Planetoid files as the networks in the literature see them: every bag of words divided by its sum."""

import difflib
from dataclasses import replace
from pathlib import Path

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.features import row_normalised
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.planetoid import read_planetoid

__all__ = ["DATASET", "planetoid"]

DATASET = "cora"
"""The data set that is meant when none is named."""


def planetoid(data: str | Path, dataset: str = DATASET, *, raw: bool = False) -> Graph:
    """The graph *dataset* in the folder *data*.

    Parameters
    ----------
    data : path
    dataset : str
    raw : bool
        Features as they stand in the files; else every row is divided by its sum.

    Raises
    ------
    UserError
        A folder without these files (naming the nearest of those that it has), or files that are damaged.
    """
    folder = Path(data)
    names = sorted(path.name[len("ind.") : -len(".graph")] for path in folder.glob("ind.*.graph"))
    if names and dataset not in names:
        what = f"There is no data set {dataset!r} in {folder}; there {_listed(names)}."
        near = difflib.get_close_matches(dataset.lower(), names, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"--dataset {names[0]}"
        raise UserError(what, "--dataset", hint)
    graph = read_planetoid(folder, dataset)
    return graph if raw else replace(graph, features=row_normalised(graph.features))


def _listed(names: list[str]) -> str:
    return f"{'is' if len(names) == 1 else 'are'} {', '.join(names)}"
