"""``check``: which operations of a graph network a core can do, and whether its memories are large enough."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import needs, widths
from pyralis.gen.gcn.arrange import arrange
from pyralis.gen.gcn.build import Logits
from pyralis.gen.gcn.compile import checked_features, compile_network, input_refusals
from pyralis.gen.gcn.constants import constant_needs, uses_of
from pyralis.gen.gcn.intnetwork import INPUT, IntAggregate, IntCombine, IntGraphNetwork, IntOperation
from pyralis.gen.gcn.model import GraphSource
from pyralis.gen.gcn.needs import Need
from pyralis.gen.gcn.order import Order
from pyralis.gen.gcn.plan import draft, needed, reads, refusals
from pyralis.gen.gcn.quantize import Contract, quantize
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["check_model", "check_network", "memory_needs", "operation_table"]


def check_model(
    source: GraphSource,
    config: GcnConfig,
    *,
    contract: Contract = "B",
    order: Order | None = None,
    logits: Logits = "int16",
    levels: int = 0,
) -> dict[str, Any]:
    """Checks a module of PyTorch Geometric: what its graph and its weights, made integer, need on *config*.

    The module is read up to the first thing that has no exact twin; see :func:`check_network` for the rest.
    """
    from pyralis.gen.frontend.pyg import from_pyg

    try:
        network = from_pyg(source.module, source.graph)
        made = quantize(
            network,
            source.graph,
            contract=contract,
            order=order,
            logits=logits,
            levels=levels,
            accumulator_bits=config.accumulator_bits,
            product_bits=config.product_bits,
        )
    except UserError as error:
        facts = {"ok": False, "fits": False, "nodes": source.graph.nodes}
        return facts | {"operations": [], "memories": [], "faults": [_fault(error)]}
    return check_network(made.network, config, made.features)


def check_network(network: IntGraphNetwork, config: GcnConfig, features: Any = None) -> dict[str, Any]:
    """Checks the fit of an integer network.

    Parameters
    ----------
    network : IntGraphNetwork
    config : GcnConfig
    features : (nodes, features) ndarray or matrix of scipy, optional
        Without them, a network that reads them as lists is judged but for the room that these lists need.

    Returns
    -------
    dict
        ``operations``: see :func:`operation_table`. ``memories``: a row for each memory, ``need`` and
        ``whole`` of it beside what it ``has``. ``faults``: everything that stands in the way, the one that
        the compiler names first in front. ``ok`` and ``fits``.

    Raises
    ------
    UserError
        The features are not those of the network.
    """
    network = needed(network)
    if features is not None:
        features = checked_features(features, network)
    sparse, memories = draft(network, config).sparse_input, memory_needs(network, config, features)
    errors = list(_errors(network, config, memories, sparse))
    if not errors and (features is not None or not sparse):
        try:
            compiled = compile_network(network, config, features=features)
            memories.append(needs.program(len(compiled.descriptors)))
        except UserError as error:
            errors.append(error)
    rows = operation_table(network, config)
    broken = {error.where for error in errors}
    for row in rows:
        row["verdict"] = "does not fit" if f"operation {row['name']!r}" in broken else "ok"
    found = [_memory_row(need) for need in memories]
    if sparse and features is None:
        found.append(_unknown(config))
    return {
        "ok": not errors,
        "fits": not errors,
        "nodes": network.nodes,
        "operations": rows,
        "memories": found,
        "faults": [_fault(error) for error in errors],
    }


def operation_table(network: IntGraphNetwork, config: GcnConfig) -> list[dict[str, Any]]:
    """Rows of plain facts: what each operation reads and makes, and how many bits its sums can take.

    ``order`` is that of the two products of the layer that the operation belongs to, by its name; None where
    a layer has one kind of operation only. ``sum_bits`` of ``core_bits``, and ``total_bits`` of 48, are
    proved for any features.
    """
    sizes, types = network.widths(), network.types()
    rows = []
    for operation in network.operations:
        combines = isinstance(operation, IntCombine)
        found = widths.bounds(network, operation)
        rows.append({
            "name": operation.name,
            "kind": operation.reduce if isinstance(operation, IntAggregate) else "combine",
            "order": _order(operation, network),
            "sources": [name for name in reads(operation) if name != operation.epilogue.extra],
            "extra": operation.epilogue.extra,
            "in_width": sizes[operation.source],
            "width": sizes[operation.name],
            "type": types[operation.name],
            "weights": sum(each.size for each in _weights(operation)),
            "entries": _entries(operation, network),
            "sum_bits": widths.bits(*found.sum),
            "core_bits": config.product_bits if combines else config.accumulator_bits,
            "total_bits": widths.bits(*found.total),
        })
    return rows


def _weights(operation: IntOperation) -> list[np.ndarray]:
    if not isinstance(operation, IntCombine):
        return []
    return [each for each in (operation.weight, operation.second_weight) if each is not None]


def _entries(operation: IntOperation, network: IntGraphNetwork) -> int:
    """That the operation gathers."""
    if not isinstance(operation, IntAggregate):
        return 0
    degrees = network.adjacencies[operation.adjacency].degrees
    return int((degrees if operation.sample is None else operation.sample.sizes(degrees)).sum())


def _order(operation: IntOperation, network: IntGraphNetwork) -> Order | None:
    """Of the operations of a layer, ``conv1.xw`` and ``conv1``, the first says it."""
    layer = operation.name.partition(".")[0]
    kinds = [
        isinstance(each, IntAggregate) for each in network.operations if each.name.partition(".")[0] == layer
    ]
    if len(set(kinds)) < 2:
        return None
    return "(AX)W" if kinds[0] else "A(XW)"


def memory_needs(network: IntGraphNetwork, config: GcnConfig, features: Any = None) -> list[Need]:
    """What each memory must hold, as the compiler counts it; for lists of features only with *features*."""
    _, _, planned = arrange(network, config, features)
    found = [
        needs.nodes(network, config),
        needs.buffer(planned.steps, config),
        needs.row_store(planned, config),
    ]
    if planned.sparse_input and features is not None:
        found.append(needs.feature_lines(planned.lists[INPUT], config))
    return [*found, *constant_needs(uses_of(planned, config), planned, config)]


def _errors(
    network: IntGraphNetwork, config: GcnConfig, memories: list[Need], sparse: bool
) -> Iterator[UserError]:
    """Everything that the compiler would refuse, in its order."""
    bounds = {"accumulator_bits": config.accumulator_bits, "product_bits": config.product_bits}
    nodes, dense, rows, *others = memories
    yield from widths.refusals(network, **bounds)
    yield from _of([nodes])
    yield from refusals(network, config)
    yield from _of([dense, rows])
    if sparse:
        yield from input_refusals(network, config)
    yield from _of(others)


def _of(memories: Iterable[Need]) -> Iterator[UserError]:
    return (need.error for need in memories if not need.fits)


def _memory_row(need: Need) -> dict[str, Any]:
    row = {name: value for name, value in asdict(need).items() if name not in ("what", "hint")}
    if not need.fits:
        verdict = "does not fit"
    elif need.whole is not None and need.whole > need.has:
        verdict = "ok, in turns"
    else:
        verdict = "ok"
    return row | {"verdict": verdict}


def _unknown(config: GcnConfig) -> dict[str, Any]:
    need = needs.feature_lines(None, config)
    return _memory_row(need) | {"need": None, "verdict": "not known without features"}


def _fault(error: UserError) -> dict[str, str]:
    return {"what": error.what, "where": error.where, "hint": error.hint}
