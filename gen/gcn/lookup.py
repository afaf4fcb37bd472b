"""Sparse features that gather rows of the weights, where these are more than the Weight Buffer holds.

The product of a row of features with the weights is a sum of rows of the weights: of those that the row's
elements name, times their values. So the combination of the input is the aggregation, over the matrix of the
features, of a matrix whose rows are those of the weights, as an embedding table is looked up. Its rows lie in
memory, and intervals load what they need of them (:mod:`pyralis.gen.gcn.shards`). The lists of the features
name places in what is loaded, and so they are a part of the program.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pyralis.boards.runtime.graphlayout import entries_of
from pyralis.gen.gcn import layout
from pyralis.gen.gcn.intnetwork import (
    INPUT,
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntInput,
)
from pyralis.gen.gcn.matrices import reads, sparse_input
from pyralis.gen.gcn.spill import MemoryRows
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.eliminator import WORD
from pyralis.hw.gcn.program import Origin

__all__ = ["FEATURES", "Lookup", "lookup", "table", "wanted"]

FEATURES = "\0features"
"""Name of the adjacency that has the features: no name begins so."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lookup:
    """A network whose first combination gathers.

    Attributes
    ----------
    network : IntGraphNetwork
        Its input are the rows of the weights; what it computes is the same.
    rows : MemoryRows
        Of these.
    """

    network: IntGraphNetwork
    rows: MemoryRows


def table(combine: IntCombine, rows: MemoryRows, config: GcnConfig, splits: int) -> bytes:
    """*rows* of the weights of *combine* in memory, with ``2**splits`` copies in a word."""
    words = layout.pack_rows(config, combine.weight, len(combine.weight), splits)
    packed = words.reshape(rows.span, len(combine.weight), -1).swapaxes(0, 1).tobytes()
    return packed + bytes(rows.end - len(packed))


def wanted(network: IntGraphNetwork, config: GcnConfig, *, spill: bool = False) -> IntCombine | None:
    """The combination that has to gather rows of its weights, if the core can do that.

    *spill*: its rows go to memory, and so with all of their slices at a time.
    """
    if not sparse_input(network, config):
        return None
    readers = [each for each in network.operations if INPUT in reads(each)]
    valued = network.input.values != "binary"
    if len(readers) != 1 or (valued and not config.edge_weights):
        return None
    found = readers[0]
    if not isinstance(found, IntCombine) or found.second_source is not None:
        return None
    slices = layout.slices(config, found.weight.shape[1])
    if network.input.features * (slices if spill else 1) <= config.weight_rows:
        return None
    words = network.input.features * slices
    return found if words <= config.occupancy_words * WORD * config.group_words else None


def lookup(network: IntGraphNetwork, combine: IntCombine, config: GcnConfig, features: Any) -> Lookup:
    """*network*, with its combination *combine* of *features* (None: any) as a gather."""
    weight = None
    if features is None:
        indptr, indices = np.zeros(network.nodes + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    else:
        indptr, indices, values = entries_of(features)
        weight = None if network.input.values == "binary" else values
    gather = IntAggregate(
        name=combine.name,
        source=INPUT,
        adjacency=FEATURES,
        epilogue=combine.epilogue,
        unit=combine.unit,
    )
    listed = IntAdjacency(indptr=indptr, indices=indices, weight=weight)
    count, width = combine.weight.shape
    slices = layout.slices(config, width)
    groups = -(-count * slices // config.group_words)
    return Lookup(
        network=replace(
            network,
            input=IntInput(features=width, values="int8"),
            adjacencies={**network.adjacencies, FEATURES: listed},
            operations=tuple(gather if each is combine else each for each in network.operations),
        ),
        rows=MemoryRows(
            origin=Origin.WEIGHTS,
            begin=0,
            pitch=groups * config.group_words * config.lanes,
            parts=1,
            span=slices,
            count=groups,
            grouped=True,
            numbers=np.arange(count) * slices,
        ),
    )
