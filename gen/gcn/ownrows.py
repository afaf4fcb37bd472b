"""Copies of the rows of an interval itself, where they are read beside those that it gathers.

Rows that are spilled come to the row store in the order of memory. A root weight of GraphSAGE or the own term
of GIN reads those of the interval's nodes in the order of the nodes; so in front of the aggregation stands
another one, over self loops, that puts them there.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pyralis.gen.gcn import partition
from pyralis.gen.gcn.intnetwork import Epilogue, IntAdjacency, IntAggregate, IntGraphNetwork, IntOperation
from pyralis.gen.gcn.shards import Shards
from pyralis.gen.gcn.steps import Lists, Step
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["SELF_LOOPS", "with_copies"]

SELF_LOOPS = "\0self loops"
"""Name of their adjacency: no name begins so."""


def with_copies(
    network: IntGraphNetwork, steps: Sequence[Step], shards: dict[str, Shards], config: GcnConfig
) -> tuple[IntGraphNetwork, tuple[Step, ...], dict[str, Shards]]:
    """*network*, *steps* and *shards* with the copies that are needed."""
    copied = {name: each for name, each in shards.items() if each.copies}
    if not copied:
        return network, tuple(steps), shards
    nodes, types = network.nodes, network.types()
    loops = IntAdjacency(indptr=np.arange(nodes + 1), indices=np.arange(nodes))
    count = partition.Counts(loops.degrees, config.columns, 1)
    found, copies = dict(shards), dict[str, IntAggregate]()
    operations: list[IntOperation] = []
    for operation in network.operations:
        if operation.name in copied:
            own = copied[operation.name]
            copy = IntAggregate(
                name=f"{operation.name}: own rows",
                source=operation.source,
                adjacency=SELF_LOOPS,
                epilogue=Epilogue(output="int8" if types[operation.source] == "int8" else "uint8"),
            )
            bounds = own.lists.bounds
            lines = tuple(map(count.lines, bounds, bounds[1:]))
            together = own.lists.together and sum(lines) + sum(own.lists.lines) <= config.edge_lines
            lists = Lists(bounds=bounds, lines=lines, offsets=own.lists.offsets, together=together)
            found[copy.name], copies[operation.name] = replace(own, lists=lists), copy
            operations.append(copy)
        operations.append(operation)
    made: list[Step] = []
    for step in steps:
        if step.operation.name in copies:
            slices = found[step.operation.name].rows.slices
            made.append(replace(step, operation=copies[step.operation.name], slices=slices, chained=False))
        made.append(step)
    adjacencies = {**network.adjacencies, SELF_LOOPS: loops}
    whole = replace(network, operations=tuple(operations), adjacencies=adjacencies)
    return whole, tuple(made), found
