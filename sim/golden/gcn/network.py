"""Golden model of the graph core: a whole integer graph network, every operation observable."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.intnetwork import INPUT, RANGES, IntCombine, IntGraphNetwork, IntOperation
from pyralis.gen.gcn.sampling import reseeded
from pyralis.sim.golden.gcn.epilogue import epilogue
from pyralis.sim.golden.gcn.sums import SparseRows, aggregate, combine

__all__ = ["Result", "run"]

TYPES = {"binary": ("bool", "uint8", "int8"), "int8": ("int8",)}
"""Types of array that may hold the input."""


@dataclass(kw_only=True, eq=False)
class Result:
    """What a network makes of its input. Dictionaries have one entry for each operation, in order.

    Attributes
    ----------
    rows : dict of (nodes, width) int64
    saturated : dict of int
        Elements that the clamp of the epilogue changed; the hardware's sticky flag is set if there is one.
    sums : dict of (int, int)
        Least and greatest sum.
    """

    rows: dict[str, torch.Tensor]
    saturated: dict[str, int]
    sums: dict[str, tuple[int, int]]

    @property
    def scores(self) -> torch.Tensor:
        """Rows of the last operation: (nodes, width) int64."""
        return list(self.rows.values())[-1]

    @property
    def classes(self) -> torch.Tensor:
        """Index of each node's greatest score, the lowest on ties: (nodes,) int64."""
        return torch.as_tensor(self.scores.numpy().argmax(axis=1))


def run(
    network: IntGraphNetwork,
    features: Any,
    *,
    sample_seed: int = 0,
    device: str | torch.device = "cpu",
) -> Result:
    """Runs *network* on *features*; everything in the result lies on the CPU.

    Parameters
    ----------
    network : IntGraphNetwork
        Validated here.
    features : (nodes, features) int8 array or tensor, or matrix of scipy
        Binary features may be bool or uint8. A matrix of scipy and an array of the same values give the same
        result, whatever the network says about how the core stores them.
    sample_seed : int
        What the seeds of uniform samples are changed by, as register ``sample_seed`` of the core does.
    device : str
        Where to compute. The result is the same integers everywhere.

    Raises
    ------
    UserError
        The network is not valid, or the features have another type, shape or range.
    """
    network.validate()
    network = reseeded(network, sample_seed)
    source = _checked(network, features)
    if isinstance(source, SparseRows) and _read_whole(network):
        source = source.whole(network.input.features)
    sources: dict[str, torch.Tensor | SparseRows] = {INPUT: source.to(device)}
    result = Result(rows={}, saturated={}, sums={})
    for operation in network.operations:
        sums = _sums(network, operation, sources)
        extra = None if operation.epilogue.extra is None else sources[operation.epilogue.extra]
        assert not isinstance(extra, SparseRows)
        rows, saturated = epilogue(sums, operation.epilogue, extra)
        sources[operation.name] = rows
        result.rows[operation.name] = rows.cpu()
        result.saturated[operation.name] = int(saturated.sum())
        result.sums[operation.name] = int(sums.min()), int(sums.max())
    return result


def _sums(
    network: IntGraphNetwork, operation: IntOperation, sources: dict[str, torch.Tensor | SparseRows]
) -> torch.Tensor:
    source = sources[operation.source]
    if isinstance(operation, IntCombine):
        sums = combine(source, _tensor(operation.weight, source))
        if operation.second_source is not None:
            second = sources[operation.second_source]
            sums = sums + combine(second, _tensor(operation.second_weight, second))
        return sums
    assert not isinstance(source, SparseRows)
    adjacency = network.adjacencies[operation.adjacency]
    weight = None if adjacency.weight is None else _tensor(adjacency.weight, source)
    indptr, indices = _tensor(adjacency.indptr, source), _tensor(adjacency.indices, source)
    numbers = None if network.numbers is None else _tensor(network.numbers, source)
    return aggregate(source, indptr, indices, weight, operation.reduce, operation.sample, numbers)


def _tensor(array: np.ndarray | None, beside: torch.Tensor | SparseRows) -> torch.Tensor:
    assert array is not None
    device = beside.indices.device if isinstance(beside, SparseRows) else beside.device
    return torch.as_tensor(array).to(device, torch.int64)


def _read_whole(network: IntGraphNetwork) -> bool:
    """Whether an operation aggregates or adds the input, which needs its rows whole."""
    return any(
        operation.epilogue.extra == INPUT
        or (operation.source == INPUT and not isinstance(operation, IntCombine))
        for operation in network.operations
    )


def _checked(network: IntGraphNetwork, features: Any) -> torch.Tensor | SparseRows:
    """The features in int64 on the CPU, after their type, shape and range have been checked."""
    where = f"input of a network with {network.input.values} features"
    sparse = hasattr(features, "tocsr")
    if sparse:
        features = features.tocsr()
    elif not isinstance(features, torch.Tensor):
        features = np.asarray(features)
    got, allowed = str(features.dtype).removeprefix("torch."), TYPES[network.input.values]
    if got not in allowed:
        names = " or ".join(allowed)
        raise UserError(
            f"features must be {names}, not {got}", where, "quantise them with the network's unit"
        )
    shape = network.nodes, network.input.features
    if tuple(features.shape) != shape:
        raise UserError(f"features must be of shape {shape}, not {tuple(features.shape)}", where)
    values = torch.as_tensor(features.data if sparse else features).to("cpu", torch.int64)
    low, high = RANGES[network.input.values]
    if values.numel() and (int(values.min()) < low or int(values.max()) > high):
        found = f"{int(values.min())}..{int(values.max())}"
        raise UserError(f"values must be in {low}..{high}, not {found}", where)
    if not sparse:
        return values
    indptr, indices = (torch.as_tensor(part).to(torch.int64) for part in (features.indptr, features.indices))
    rows = torch.arange(network.nodes).repeat_interleave(indptr.diff())
    return SparseRows(count=network.nodes, rows=rows, indices=indices, values=values)
