"""A graph network of integers only: what the compiler and the golden model take.

It is a list of operations, each of which makes one matrix of rows, a row for each node, named like the
operation. ``x`` is the input. It can be built by hand::

    weight = np.array(...)  # (1433, 16) int8
    scaled, active = Epilogue(scale=p, shift=19), Epilogue(scale=r, shift=17, relu=True, output="uint8")
    first = IntCombine(name="xw", source="x", weight=weight, epilogue=scaled)
    second = IntAggregate(name="h", source="xw", adjacency="a", epilogue=active)
    network = IntGraphNetwork(
        nodes=2708,
        input=IntInput(features=1433, values="binary", sparse=True),
        adjacencies={"a": IntAdjacency(indptr=indptr, indices=indices)},
        operations=(first, second),
    )
    network.validate()

A combination multiplies rows by int8 weights, an aggregation adds the rows of each node's neighbours or takes
their maximum::

    combine:    acc[v, j] = sum over k of source[v, k] * weight[k, j]
                          + sum over k of second_source[v, k] * second_weight[k, j]
    aggregate:  acc[v, j] = sum or max over entries u of row v of a[v, u] * source[u, j]

and both end in the same :class:`Epilogue`. An entry that stands twice in an adjacency counts twice, as
PyTorch Geometric sums duplicate edges. The maximum over no entry is 0. That no sum can leave its width is
proved in :mod:`pyralis.gen.gcn.widths`; the file format is in :mod:`pyralis.gen.gcn.intfile`.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pyralis.gen.errors import UserError

__all__ = [
    "INPUT",
    "RANGES",
    "Epilogue",
    "IntAdjacency",
    "IntAggregate",
    "IntCombine",
    "IntGraphNetwork",
    "IntInput",
    "IntOperation",
    "IntSample",
]

INPUT = "x"
"""Name of the input among the row matrices."""

RANGES = {
    "binary": (0, 1),
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-(1 << 15), (1 << 15) - 1),
    "int32": (-(1 << 31), (1 << 31) - 1),
}
"""Least and greatest value of each type of element."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IntInput:
    """Features of the nodes, one row each.

    Attributes
    ----------
    features : int
        Elements of a row.
    values : {"binary", "int8"}
        0 and 1, or -128..127.
    sparse : bool
        Rows are stored as lists of their elements that are not zero. Only a combination can read such rows.
    unit : float
        Real value of one unit. Informative.
    """

    features: int
    values: Literal["binary", "int8"] = "int8"
    sparse: bool = False
    unit: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class IntAdjacency:
    """A sparse matrix over destinations: row v lists the nodes whose rows node v gathers.

    Attributes
    ----------
    indptr : (nodes + 1,) int64
        Row v has the entries ``indptr[v]`` up to ``indptr[v + 1]``.
    indices : (entries,) int64
        Sources, in any order. Self loops stand here where the model has them.
    weight : (entries,) int8, optional
        Weight of each entry; without it every entry counts 1.
    """

    indptr: np.ndarray
    indices: np.ndarray
    weight: np.ndarray | None = None

    @property
    def degrees(self) -> np.ndarray:
        """Entries of each row: (nodes,) int64."""
        return np.diff(self.indptr)


@dataclass(frozen=True, kw_only=True, slots=True)
class IntSample:
    """Which entries of a row an aggregation takes; the positions are in the golden model's sampler.

    Attributes
    ----------
    count : int
        Entries of a sample, 1..255.
    kind : {"uniform", "predefined"}
        One entry at random from each of ``count`` equal parts of a row that has more than ``count``; or the
        entries at ``start + i * step``, i in 0..count-1, as far as the row has them.
    seed : int
        Of the uniform sample, 0..65535.
    start, step : int
        Of the predefined one, 0..65535 and 1..65535.
    """

    count: int
    kind: Literal["uniform", "predefined"] = "uniform"
    seed: int = 0
    start: int = 0
    step: int = 1

    def sizes(self, degrees: np.ndarray) -> np.ndarray:
        """Entries that are left of rows with *degrees* entries."""
        if self.kind == "predefined":
            degrees = np.maximum(degrees - self.start + self.step - 1, 0) // self.step
        return np.minimum(degrees, self.count)


@dataclass(frozen=True, kw_only=True, eq=False)
class Epilogue:
    """From sums to the elements of a row, in exact integers.

    ::

        total = acc[v, j] * scale[v] + extra[v, j] * extra_scale + (bias[j] << bias_shift)
        y[v, j] = clamp((relu(total) + half) >> shift)

    with ``half = 1 << shift - 1`` (0 for no shift): rounds to nearest, halves up. A value that the clamp
    changes is reported as saturated.

    Attributes
    ----------
    scale : int or (nodes,) uint16
        0..65535, for all nodes or for each.
    extra : str, optional
        An earlier row matrix of the same width and of type int8, uint8 or binary that is added.
    extra_scale : int
        Factor of ``extra``, within int16.
    bias : (width,) int32, optional
    bias_shift : int
        0..15.
    shift : int
        0..47.
    relu : bool
    output : {"int8", "uint8", "int16", "int32"}
        Type of the row matrix.
    """

    scale: int | np.ndarray = 1
    extra: str | None = None
    extra_scale: int = 0
    bias: np.ndarray | None = None
    bias_shift: int = 0
    shift: int = 0
    relu: bool = False
    output: Literal["int8", "uint8", "int16", "int32"] = "int8"


@dataclass(frozen=True, kw_only=True, eq=False)
class IntCombine:
    """Rows times weights.

    Attributes
    ----------
    name : str
        Of the operation, and of the row matrix that it makes.
    source : str
        Row matrix of type int8 or uint8, or the input.
    weight : (features of source, width) int8
    second_source, second_weight : optional
        A second product that is added to the first: root weights of GraphSAGE.
    epilogue : Epilogue
    unit : float
        Real value of one unit of the row matrix. Informative.
    """

    name: str
    source: str
    weight: np.ndarray
    epilogue: Epilogue
    second_source: str | None = None
    second_weight: np.ndarray | None = None
    unit: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class IntAggregate:
    """Sum or maximum of the rows of each node's neighbours.

    Attributes
    ----------
    name : str
        Of the operation, and of the row matrix that it makes.
    source : str
        Row matrix of type int8 or uint8, or an input that is not sparse.
    adjacency : str
        Name of the adjacency. Its weights count in sums; a maximum needs one without weights.
    reduce : {"sum", "max"}
    sample : IntSample, optional
        Only these entries of each row count.
    epilogue : Epilogue
    unit : float
        Real value of one unit of the row matrix. Informative.
    """

    name: str
    source: str
    adjacency: str
    epilogue: Epilogue
    reduce: Literal["sum", "max"] = "sum"
    sample: IntSample | None = None
    unit: float = 1.0


IntOperation = IntCombine | IntAggregate


@dataclass(frozen=True, kw_only=True, eq=False)
class IntGraphNetwork:
    """A graph and the operations on its rows.

    Attributes
    ----------
    nodes : int
    input : IntInput
    adjacencies : dict of IntAdjacency
        By name.
    operations : tuple of IntCombine and IntAggregate
        In order; the last one makes the result.
    numbers : (nodes,) int64, optional
        Numbers of the nodes that uniform samples are made from, which stay the same when nodes are
        renumbered. Without them 0, 1 and so on.
    source : dict
        Where the network comes from; anything that JSON can hold.
    """

    nodes: int
    input: IntInput
    adjacencies: dict[str, IntAdjacency]
    operations: tuple[IntOperation, ...]
    numbers: np.ndarray | None = None
    source: dict[str, Any] = field(default_factory=dict)

    def widths(self) -> dict[str, int]:
        """Elements of a row of each row matrix, by name."""
        widths = {INPUT: self.input.features}
        for operation in self.operations:
            if isinstance(operation, IntCombine):
                widths[operation.name] = operation.weight.shape[1]
            else:
                widths[operation.name] = widths[operation.source]
        return widths

    def types(self) -> dict[str, str]:
        """Type of the elements of each row matrix, by name."""
        return {INPUT: self.input.values} | {each.name: each.epilogue.output for each in self.operations}

    def renumbered(self, order: np.ndarray) -> "IntGraphNetwork":
        """The same network with node ``order[i]`` as node i; the entries of a row keep their order.

        The rows of every row matrix are those of this network in another order. Uniform samples are those of
        the numbers that the nodes had first.
        """
        order = np.asarray(order)
        if order.shape != (self.nodes,) or not np.array_equal(np.sort(order), np.arange(self.nodes)):
            raise UserError(f"order must hold each of the {self.nodes} nodes once", "renumbered")
        place = np.empty(self.nodes, dtype=np.int64)
        place[order] = np.arange(self.nodes)
        adjacencies = {name: _renumber(each, order, place) for name, each in self.adjacencies.items()}
        operations = []
        for operation in self.operations:
            scale = operation.epilogue.scale
            if isinstance(scale, np.ndarray):
                operation = replace(operation, epilogue=replace(operation.epilogue, scale=scale[order]))
            operations.append(operation)
        numbers = order.astype(np.int64) if self.numbers is None else self.numbers[order]
        return replace(self, adjacencies=adjacencies, operations=tuple(operations), numbers=numbers)

    def save(self, path: str | Path) -> None:
        """Writes the network to one ``.npz``: see :func:`pyralis.gen.gcn.intfile.save`."""
        from pyralis.gen.gcn import intfile

        intfile.save(self, path)

    @staticmethod
    def load(path: str | Path) -> "IntGraphNetwork":
        """Reads what :meth:`save` wrote: see :func:`pyralis.gen.gcn.intfile.load`."""
        from pyralis.gen.gcn import intfile

        return intfile.load(path)

    def validate(self, *, accumulator_bits: int = 24, product_bits: int = 32) -> None:
        """Checks every type, range and shape, and proves that no sum can leave its width.

        Parameters
        ----------
        accumulator_bits, product_bits : int
            Widths of the sums of aggregations and of combinations in the core that the network is for.

        Raises
        ------
        UserError
            Names the operation, the value and the bound.
        """
        from pyralis.gen.gcn import intcheck, widths

        intcheck.check_network(self)
        widths.prove(self, accumulator_bits=accumulator_bits, product_bits=product_bits)


def _renumber(adjacency: IntAdjacency, order: np.ndarray, place: np.ndarray) -> IntAdjacency:
    degrees = adjacency.degrees[order]
    indptr = np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64)
    entries = np.repeat(adjacency.indptr[:-1][order] - indptr[:-1], degrees) + np.arange(indptr[-1])
    weight = None if adjacency.weight is None else adjacency.weight[entries]
    return IntAdjacency(indptr=indptr, indices=place[adjacency.indices[entries]], weight=weight)
