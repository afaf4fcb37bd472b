"""Builds an integer graph network operation by operation, with the real values beside the integers.

Every row matrix is kept twice: as the real values that it stands for, free of any rounding before it, and as
the integers that the hardware will compute. The first calibrate (largest magnitude), the second show what
quantisation did.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.encode import encode, encode_levels
from pyralis.gen.gcn.evaluate import epilogue, gather, product
from pyralis.gen.gcn.features import is_sparse
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.intnetwork import (
    INPUT,
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntInput,
    IntOperation,
    IntSample,
)
from pyralis.gen.gcn.requantize import Requantisation, Target, candidates
from pyralis.gen.gcn.sampling import taken
from pyralis.gen.gcn.widths import TOTAL_BITS, bits, bounds

__all__ = ["LOGITS", "Builder", "Ending", "Logits", "Made"]

Logits = Literal["int16", "int8", "int32"]

LOGITS: tuple[Logits, ...] = ("int16", "int8", "int32")
"""Types that a network's result can have."""

TOP = 127
"""Largest weight."""

FINEST = 4
"""Logits of one byte may be so many powers of two too fine for the largest of them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ending:
    """What follows the sums, in real numbers: ``relu(factor * sum + extra_factor * extra + bias)``.

    Attributes
    ----------
    factor : (nodes,) float64, optional
    extra : str, optional
        Name of an earlier row matrix.
    extra_factor : float
    bias : (width,), optional
    relu : bool
    last : bool
        The rows are the network's result.
    """

    factor: np.ndarray | None = None
    extra: str | None = None
    extra_factor: float = 1.0
    bias: np.ndarray | None = None
    relu: bool = False
    last: bool = False


NOTHING = Ending()


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """What one operation made.

    Attributes
    ----------
    operation : IntOperation
    sums : (int, int)
        Least and greatest sum on the calibration graph.
    real, rows : (nodes, width)
        Values that the rows stand for, float64, and their integers, int64.
    saturated : int
        Elements that the clamp changed.
    scale_error : float
        Largest relative error of a node's scale, rounded to an integer.
    """

    operation: IntOperation
    sums: tuple[int, int]
    real: np.ndarray
    rows: np.ndarray
    saturated: int
    scale_error: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rows:
    """A source: ``real ~ unit * integers``, and a factor of each row that is still to be applied."""

    real: Any
    integers: Any
    unit: float
    factor: np.ndarray | None = None


class Builder:
    """Operations in order; ``adjacencies``, and in ``edge_units`` real values of a weight of 1, by name."""

    def __init__(
        self,
        features: Any,
        requantisation: Requantisation,
        *,
        per_row: bool,
        logits: Logits = "int16",
        levels: int = 0,
    ) -> None:
        self.requantisation, self.logits = requantisation, logits
        self.encoded = encode_levels(features, levels) if levels else encode(features, per_row=per_row)
        self.adjacencies: dict[str, IntAdjacency] = {}
        self.edge_units: dict[str, float] = {}
        self.made: list[Made] = []
        sparse, factor = is_sparse(features), self.encoded.row_factor
        self.input = IntInput(
            features=self.encoded.rows.shape[1],
            values=self.encoded.values,
            sparse=sparse,
            unit=self.encoded.unit,
        )
        self.nodes = features.shape[0]
        real = features.astype(np.float64)
        if factor is not None:
            inverse = np.divide(1.0, factor, out=np.zeros_like(factor), where=factor > 0)[:, None]
            real = real.multiply(inverse).tocsr() if sparse else real * inverse
        integers = self.encoded.rows.astype(np.int64)
        self.sources = {INPUT: _Rows(real=real, integers=integers, unit=self.encoded.unit, factor=factor)}

    def network(self, source: dict[str, Any] | None = None) -> IntGraphNetwork:
        """All operations so far."""
        return IntGraphNetwork(
            nodes=self.nodes,
            input=self.input,
            adjacencies=self.adjacencies,
            operations=tuple(made.operation for made in self.made),
            source=source or {},
        )

    def combine(
        self,
        name: str,
        source: str,
        weight: np.ndarray,
        ending: Ending = NOTHING,
        *,
        second: tuple[str, np.ndarray] | None = None,
    ) -> None:
        """Appends ``source @ weight``, plus the same of *second*, and *ending*."""
        products = [(source, weight)] + ([] if second is None else [second])
        wanted = [(of, self._of_levels(of, np.asarray(matrix, dtype=np.float64))) for of, matrix in products]
        unit = max(self.sources[of].unit * float(np.abs(matrix).max()) for of, matrix in wanted) / TOP
        unit = unit or 1.0
        integers = [np.rint(matrix * (self.sources[of].unit / unit)).astype(np.int8) for of, matrix in wanted]
        real = sum(product(self.sources[of].real, np.asarray(matrix, np.float64)) for of, matrix in products)
        sums = sum(
            product(self.sources[of].integers, matrix)
            for (of, _), matrix in zip(products, integers, strict=True)
        )
        own = self.sources[source].factor
        if own is not None:
            ending = replace(ending, factor=own if ending.factor is None else own * ending.factor)
        operation = IntCombine(
            name=name,
            source=source,
            weight=integers[0],
            second_source=None if second is None else second[0],
            second_weight=None if second is None else integers[1],
            epilogue=Epilogue(),
        )
        self._append(operation, np.asarray(real), np.asarray(sums), unit, ending)

    def _of_levels(self, source: str, weight: np.ndarray) -> np.ndarray:
        """*weight* for each level of the input, one below the other."""
        levels = self.encoded.levels
        if source != INPUT or not len(levels):
            return weight
        return np.concatenate([level * weight for level in levels])

    def aggregate(
        self,
        name: str,
        source: str,
        adjacency: str,
        ending: Ending = NOTHING,
        *,
        edges: np.ndarray | None = None,
        reduce: Literal["sum", "max"] = "sum",
        sample: IntSample | None = None,
    ) -> None:
        """Appends the sum or maximum of rows of *source*, and *ending*; *edges*: real weights of entries."""
        graph, rows = self.adjacencies[adjacency], self.sources[source]
        real = gather(rows.real, graph, edges, reduce, sample)
        sums = gather(rows.integers, graph, graph.weight, reduce, sample)
        unit = rows.unit * self.edge_units.get(adjacency, 1.0)
        operation = IntAggregate(
            name=name, source=source, adjacency=adjacency, reduce=reduce, sample=sample, epilogue=Epilogue()
        )
        self._append(operation, real, sums, unit, ending)

    def _append(
        self,
        operation: IntOperation,
        real: np.ndarray,
        sums: np.ndarray,
        unit: float,
        ending: Ending,
    ) -> None:
        """Applies *ending* to the real values, and chooses the epilogue by them."""
        extra = None if ending.extra is None else self.sources[ending.extra]
        bias = None if ending.bias is None else np.asarray(ending.bias, dtype=np.float64)
        if ending.factor is not None:
            real = real * ending.factor[:, None]
        if extra is not None:
            real = real + extra.real * ending.extra_factor
        if bias is not None:
            real = real + bias
        if ending.relu:
            real = np.maximum(real, 0)
        output: Literal["int8", "uint8", "int16", "int32"] = "int8" if real.min() < 0 else "uint8"
        if ending.last:
            output = self.logits
        target = Target(
            unit=unit,
            factor=1.0 if ending.factor is None else ending.factor,
            peak=float(np.abs(real).max()),
            bias=bias,
            extra=ending.extra,
            extra_unit=0.0 if extra is None else extra.unit * ending.extra_factor,
            relu=ending.relu,
            output=output,
        )
        others = None if extra is None else extra.integers
        made = self._made(operation, target, sums, real, others)
        if ending.last and output == "int8":
            made = self._finest(made, target, sums, others)
        self.made.append(made)
        self.sources[operation.name] = _Rows(real=real, integers=made.rows, unit=made.operation.unit)

    def _made(
        self, operation: IntOperation, target: Target, sums: np.ndarray, real: np.ndarray, extra: Any
    ) -> Made:
        """*operation* with the epilogue for *target*, and what it makes of the calibration graph."""
        operation, unit = self._fitting(operation, target)
        rows, saturated = epilogue(sums, operation.epilogue, extra)
        return Made(
            operation=operation,
            sums=(int(sums.min()), int(sums.max())),
            real=real,
            rows=rows,
            saturated=saturated,
            scale_error=_scale_error(target, operation.epilogue, unit),
        )

    def _finest(self, made: Made, target: Target, sums: np.ndarray, extra: Any) -> Made:
        """*made* with the shift that leaves most rows of the calibration graph their class.

        A byte has too few values to tell classes that are near each other apart, if the largest logit of all
        is to fit. A smaller shift clamps the largest ones, which are seldom near another one of their row.
        """
        classes = made.real.argmax(axis=1)
        finer = (replace(target, peak=target.peak / (1 << more)) for more in range(1, FINEST + 1))
        others = (self._made(made.operation, each, sums, made.real, extra) for each in finer)
        # of equal ones the first, which clamps least
        return max((made, *others), key=lambda each: np.sum(each.rows.argmax(axis=1) == classes))

    def _fitting(self, operation: IntOperation, target: Target) -> tuple[IntOperation, float]:
        """The operation with the most exact epilogue whose sums fit, and the unit of its result."""
        before = self.network()
        for settings, unit in candidates(target, self.requantisation):
            made = replace(operation, epilogue=settings, unit=unit)
            network = replace(before, operations=(*before.operations, made))
            if bits(*bounds(network, made).total) <= TOTAL_BITS:
                return made, unit
        what = "its bias or its own rows are too large beside its result for any scale"
        raise UserError(
            what, f"operation {operation.name!r}", "train with weight decay, or rescale the layer"
        )

    @staticmethod
    def sampled(graph: Graph, sample: IntSample) -> Graph:
        """*graph* with the edges that *sample* takes, for references."""
        entries, starts = taken(graph.indptr, sample)
        weights = None if graph.edge_weights is None else graph.edge_weights[entries]
        return replace(graph, indptr=starts, indices=graph.indices[entries], edge_weights=weights)


def _scale_error(target: Target, settings: Epilogue, unit_out: float) -> float:
    exact = np.asarray(target.factor) * (target.unit * 2.0**settings.shift / unit_out)
    used = exact > 0
    if not used.any():
        return 0.0
    return float(np.abs(np.asarray(settings.scale)[used] / exact[used] - 1).max())
