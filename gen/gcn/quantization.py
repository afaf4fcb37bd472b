"""What quantisation did to a graph network: a record of every operation, and of the scores."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pyralis.gen.gcn.build import Builder, Made
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.widths import bits, bounds

__all__ = ["OperationReport", "QuantizationReport", "report"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OperationReport:
    """One operation.

    Attributes
    ----------
    name, kind : str
        ``combine`` or ``aggregate``.
    sum_range : [int, int]
        Least and greatest sum on the calibration graph.
    sum_bits, total_bits : int
        Widths that no input can leave: of a sum, and of what is shifted.
    scale_range : [int, int]
        Least and greatest scale of a node.
    scale_error : float
        Largest relative error of a node's scale.
    shift : int
    output : str
        Type of the rows.
    unit : float
        Real value of one unit of the rows.
    row_range : [int, int]
        Least and greatest element.
    saturated : int
        Elements that the clamp changed.
    snr_db : float or None
        Power of the real values over that of the error of the integers, in dB; None without an error.
    """

    name: str
    kind: str
    sum_range: list[int]
    sum_bits: int
    total_bits: int
    scale_range: list[int]
    scale_error: float
    shift: int
    output: str
    unit: float
    row_range: list[int]
    saturated: int
    snr_db: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizationReport:
    """A whole network.

    Attributes
    ----------
    contract : {"A", "B"}
    orders : list of {"A(XW)", "(AX)W"}
        Of each layer.
    features_exact : bool
        The integers stand for the features without an error.
    operations : tuple of OperationReport
    saturated : int
        Elements that any clamp changed.
    agreement : float
        Share of all nodes with the same class in both networks.
    largest_error : float
        Largest error of a score, in real units; ``largest_score`` is the largest score beside it.
    largest_score : float
    accuracy_float, accuracy_int : float or None
        Share of the test nodes with the right class; None without labels or test nodes.
    """

    contract: str
    orders: list[str]
    features_exact: bool
    operations: tuple[OperationReport, ...]
    saturated: int
    agreement: float
    largest_error: float
    largest_score: float
    accuracy_float: float | None
    accuracy_int: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers."""
        return asdict(self) | {"operations": [asdict(operation) for operation in self.operations]}


def report(
    builder: Builder,
    scores: np.ndarray,
    graph: Graph,
    contract: str,
    orders: tuple[str, ...],
    features_exact: bool,
) -> QuantizationReport:
    """Compares what *builder* made with *scores*, (N, classes) float64 of the float network."""
    last = builder.made[-1]
    values, classes = last.rows * last.operation.unit, last.rows.argmax(axis=1)
    return QuantizationReport(
        contract=contract,
        orders=list(orders),
        features_exact=features_exact,
        operations=tuple(_operation(builder, made) for made in builder.made),
        saturated=sum(made.saturated for made in builder.made),
        agreement=float(np.mean(classes == scores.argmax(axis=1))),
        largest_error=float(np.abs(values - scores).max()),
        largest_score=float(np.abs(scores).max()),
        accuracy_float=_accuracy(scores.argmax(axis=1), graph),
        accuracy_int=_accuracy(classes, graph),
    )


def _operation(builder: Builder, made: Made) -> OperationReport:
    operation = made.operation
    settings, limits = operation.epilogue, bounds(builder.network(), operation)
    scale = np.asarray(settings.scale)
    noise = float(np.mean((made.rows * operation.unit - made.real) ** 2))
    power = float(np.mean(made.real**2))
    return OperationReport(
        name=operation.name,
        kind=type(operation).__name__.removeprefix("Int").lower(),
        sum_range=list(made.sums),
        sum_bits=bits(*limits.sum),
        total_bits=bits(*limits.total),
        scale_range=[int(scale.min()), int(scale.max())],
        scale_error=made.scale_error,
        shift=settings.shift,
        output=settings.output,
        unit=operation.unit,
        row_range=[int(made.rows.min()), int(made.rows.max())],
        saturated=made.saturated,
        snr_db=None if not noise or not power else float(10 * np.log10(power / noise)),
    )


def _accuracy(classes: np.ndarray, graph: Graph) -> float | None:
    test = graph.masks.get("test")
    if graph.labels is None or test is None or not test.any():
        return None
    return float(np.mean(classes[test] == graph.labels[test]))
