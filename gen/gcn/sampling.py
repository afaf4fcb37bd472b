"""The entries that a sample takes, in numpy: for calibration, references and lists; the model is golden.

A core with a Sampler draws the samples of a network in every run, from the lists of :func:`with_headers`. For
a core without, :func:`sampled` makes a network of them once, which gives the same integers.
"""

from dataclasses import replace

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.intnetwork import IntAdjacency, IntAggregate, IntGraphNetwork, IntSample
from pyralis.hw.gcn.config import NO_SOURCE
from pyralis.hw.gcn.draws import INSTEAD_OF_ZERO, RECIPROCALS, TAPS

__all__ = ["check_seed", "reseeded", "sampled", "spread", "taken", "with_headers"]


def spread(numbers: np.ndarray) -> np.ndarray:
    """15 bits for each of *numbers*, those of nodes: what its draws begin with, beside the seed."""
    return numbers * 0x9E37 & 0x7FFF


def taken(
    indptr: np.ndarray, sample: IntSample | None, numbers: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Entries of an adjacency that count, and where each row's begin among them.

    Parameters
    ----------
    indptr : (N + 1,) int64
    sample : IntSample, or None for all entries
    numbers : (N,) int64, optional
        Of the rows; without, 0, 1 and so on.

    Returns
    -------
    entries : (T,) int64
        Places in ``indices``, row by row.
    starts : (N + 1,) int64
        An ``indptr`` of the sample.
    """
    if sample is None:
        return np.arange(indptr[-1]), indptr
    degrees = np.diff(indptr)
    starts = np.concatenate([[0], np.cumsum(sample.sizes(degrees))]).astype(np.int64)
    rows = np.repeat(np.arange(len(degrees)), np.diff(starts))
    draws = np.arange(starts[-1]) - starts[rows]
    if sample.kind == "predefined":
        places = sample.start + draws * sample.step
    else:
        numbers = np.arange(len(degrees)) if numbers is None else numbers
        fractions = _fractions(numbers, sample)[rows, draws]
        length = (degrees * RECIPROCALS[sample.count] >> 10)[rows]
        drawn = (draws * length + (fractions * (length >> 5) >> 16 << 5)) >> 16
        places = np.where(degrees[rows] > sample.count, drawn, draws)
    return indptr[rows] + places, starts


def _fractions(numbers: np.ndarray, sample: IntSample) -> np.ndarray:
    """States of every node's shift register after each step: (nodes, count) int64."""
    state = spread(numbers.astype(np.int64))
    parity = (state >> 2 ^ state >> 6 ^ state >> 10) & 1
    state = sample.seed ^ (state | parity << 15)
    state = np.where(state == 0, INSTEAD_OF_ZERO, state)
    states = np.empty((len(numbers), sample.count), dtype=np.int64)
    for i in range(sample.count):
        state = state >> 1 ^ (state & 1) * TAPS
        states[:, i] = state
    return states


def check_seed(seed: int) -> None:
    """Raises UserError for what register ``sample_seed`` of a core cannot hold."""
    if not 0 <= seed < 1 << 16:
        raise UserError(f"sample_seed must be in 0..65535, not {seed}", "samples")


def reseeded(network: IntGraphNetwork, seed: int) -> IntGraphNetwork:
    """*network* with *seed* added without carry to the seed of every sample.

    Raises UserError unless *seed* is in 0..65535.
    """
    check_seed(seed)
    operations = tuple(
        replace(each, sample=replace(each.sample, seed=each.sample.seed ^ seed))
        if isinstance(each, IntAggregate) and each.sample is not None
        else each
        for each in network.operations
    )
    return replace(network, operations=operations)


def sampled(network: IntGraphNetwork, *, seed: int = 0) -> IntGraphNetwork:
    """*network* with its samples drawn once and for all: adjacencies of their own in place of samples.

    The golden model, and so every core, makes the same integers of both for this *seed*
    (:func:`reseeded`).
    """
    adjacencies = dict(network.adjacencies)
    operations = []
    for operation in reseeded(network, seed).operations:
        if isinstance(operation, IntAggregate) and operation.sample is not None:
            name = _name(operation, adjacencies)
            adjacencies[name] = _drawn(
                network.adjacencies[operation.adjacency], operation.sample, network.numbers
            )
            operation = replace(operation, adjacency=name, sample=None)
        operations.append(operation)
    used = {each.adjacency for each in operations if isinstance(each, IntAggregate)}
    return replace(
        network,
        adjacencies={name: each for name, each in adjacencies.items() if name in used},
        operations=tuple(operations),
    )


def _name(operation: IntAggregate, taken_names: dict[str, IntAdjacency]) -> str:
    name = f"{operation.adjacency} of {operation.name}"
    while name in taken_names:
        name += "'"
    return name


def _drawn(adjacency: IntAdjacency, sample: IntSample, numbers: np.ndarray | None) -> IntAdjacency:
    entries, starts = taken(adjacency.indptr, sample, numbers)
    weight = None if adjacency.weight is None else adjacency.weight[entries]
    return IntAdjacency(indptr=starts, indices=adjacency.indices[entries], weight=weight)


def with_headers(adjacency: IntAdjacency, numbers: np.ndarray) -> IntAdjacency:
    """The lists of *adjacency* as a Sampler reads them; *numbers* are those of its rows.

    In front of each row stand its degree and :func:`spread` of its number; an empty row has one entry that
    names no source. Weights of entries that are none are 0.
    """
    degrees = adjacency.degrees
    sizes = np.maximum(degrees, 1) + 2
    indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    indices = np.full(indptr[-1], NO_SOURCE, dtype=np.int64)
    indices[indptr[:-1]], indices[indptr[:-1] + 1] = degrees, spread(numbers)
    place = np.repeat(indptr[:-1] + 2 - adjacency.indptr[:-1], degrees) + np.arange(len(adjacency.indices))
    indices[place] = adjacency.indices
    weight = None
    if adjacency.weight is not None:
        weight = np.zeros(len(indices), dtype=np.int8)
        weight[place] = adjacency.weight
    return IntAdjacency(indptr=indptr, indices=indices, weight=weight)
