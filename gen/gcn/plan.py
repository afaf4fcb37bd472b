"""What each operation of a graph network becomes on a core, and where its rows are."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import layout, partition
from pyralis.gen.gcn.allocate import Item, NoRoomError, place
from pyralis.gen.gcn.gathered import gathered
from pyralis.gen.gcn.intnetwork import INPUT, IntAggregate, IntCombine, IntGraphNetwork, IntOperation
from pyralis.gen.gcn.lookup import wanted
from pyralis.gen.gcn.matrices import matrices_of, reads, sparse_input
from pyralis.gen.gcn.ownrows import with_copies
from pyralis.gen.gcn.ring import turned
from pyralis.gen.gcn.shards import Windows
from pyralis.gen.gcn.spill import MemoryRows
from pyralis.gen.gcn.steps import Lists, Plan, Ring, Step, list_of
from pyralis.hw.gcn.config import NO_SOURCE, GcnConfig
from pyralis.hw.gcn.epilogue import BIAS_SLICES
from pyralis.hw.gcn.program import Source

__all__ = ["DEFAULT_WINDOWS", "draft", "needed", "place_hubs", "reads", "refusals"]

DEFAULT_WINDOWS = Windows()

DRAW = "draw them once: --sampling once, or pyralis.gen.gcn.sampling.sampled(network)"


def needed(network: IntGraphNetwork) -> IntGraphNetwork:
    """The network without the operations that its last one does not depend on."""
    wanted = {network.operations[-1].name}
    kept: list[IntOperation] = []
    for operation in reversed(network.operations):
        if operation.name in wanted:
            kept.append(operation)
            wanted |= set(reads(operation))
    return replace(network, operations=tuple(reversed(kept)))


def draft(
    network: IntGraphNetwork,
    config: GcnConfig,
    *,
    chain: bool = True,
    stored: np.ndarray | None = None,
    compact: bool = False,
    ring: Ring | None = None,
    windows: Windows | None = DEFAULT_WINDOWS,
    spill: bool = False,
    table: MemoryRows | None = None,
) -> Plan:
    """The plan of a network of which every operation is needed, without copies of hubs.

    Operations are in parts where lists or weights are too long; the row store is as large as it has to be.

    Parameters
    ----------
    network : IntGraphNetwork
        In the core's numbers.
    config : GcnConfig
    chain : bool
    stored : (nodes,) int64, optional
        Entries of each row of a sparse input.
    compact : bool
        Such an input comes as compact lists.
    ring : Ring, optional
        How matrices share the row store.
    windows : Windows, optional
        How rows of a dense input are left out; None: not at all. Where ``windows.always`` is not set, only if
        they do not fit into the row store.
    spill : bool
        Matrices may be gathered from memory, where *windows* are.
    table : MemoryRows, optional
        What the rows of the input are, if they are not the nodes'.

    Raises
    ------
    UserError
        The input cannot be loaded interval by interval, and ``windows.always`` is set; or it comes without
        intervals, and ``windows.rows`` is set.
    """
    sparse = sparse_input(network, config)
    whole = _steps(network, config, chain, sparse)
    found = gathered(network, config, whole, windows, sparse=sparse, spill=spill, table=table)
    to_memory = partition.written(whole[-1], network, config, found.memory.keys() - {INPUT})
    lists: dict[str, Lists] = {}
    for step in whole:
        if isinstance(step.operation, IntAggregate) and step.operation.name not in found.shards:
            name = list_of(step.operation)
            lists[name] = partition.adjacency_lists(name, whole, network, config, to_memory, ring)
    if sparse:
        lists[INPUT] = partition.input_lists(whole, network, config, stored, to_memory, compact=compact)
    intervals = {name: each.lists for name, each in found.shards.items()}
    steps = partition.parts(whole, lists, network, config, to_memory, intervals, found.passing)
    network, steps, shards = with_copies(network, steps, found.shards, config)
    matrices = matrices_of(network, config, steps, sparse, found.memory, found.region, found.passing)
    if ring is not None:
        turned(matrices, ring, config)
    return Plan(
        network=network,
        steps=steps,
        matrices=matrices,
        lists=lists,
        nodes=network.nodes,
        phases=steps[-1].phase + 1,
        sparse_input=sparse,
        ring=ring,
        memory=found.memory,
        shards=shards,
        passing=found.passing,
    )


def refusals(network: IntGraphNetwork, config: GcnConfig) -> Iterator[UserError]:
    """What a core like this cannot do, however large its memories are."""
    sparse = sparse_input(network, config)
    for operation in network.operations:
        where = f"operation {operation.name!r}"
        width = network.widths()[operation.name]
        if layout.slices(config, width) > BIAS_SLICES:
            most = BIAS_SLICES * config.lanes
            what = f"rows have {width} elements, and this core makes rows of at most {most}"
            yield UserError(what, where, "use a narrower layer")
        if isinstance(operation, IntCombine):
            yield from _combine_refusals(operation, network, config, where, sparse)
        else:
            yield from _aggregate_refusals(operation, network, config, where)


def _combine_refusals(
    operation: IntCombine, network: IntGraphNetwork, config: GcnConfig, where: str, sparse: bool
) -> Iterator[UserError]:
    extra = operation.epilogue.extra
    if extra is not None:
        what = f"a combination adds the rows of {extra!r}, and this core adds rows only after an aggregation"
        yield UserError(what, where, "add them in an aggregation over self loops")
    if not sparse or INPUT not in reads(operation):
        return
    if operation.second_source is not None:
        what = "rows stored as lists of their elements cannot be combined together with other rows"
        yield UserError(what, where, "make the input not sparse")
    elif network.input.features > NO_SOURCE and wanted(network, config) is None:
        what = f"rows have {network.input.features} elements, and lists can name {NO_SOURCE}"
        yield UserError(what, where, "use fewer features")


def _aggregate_refusals(
    operation: IntAggregate, network: IntGraphNetwork, config: GcnConfig, where: str
) -> Iterator[UserError]:
    if operation.sample is not None and not config.sampler:
        what = f"{operation.sample.count} neighbours are sampled in every run, and this core has no Sampler"
        yield UserError(what, where, f"choose preset z8, z32 or z64, or {DRAW}")
    elif operation.sample is not None:
        most = int(network.adjacencies[operation.adjacency].degrees.max(initial=0))
        what = f"a row has {most} entries, and a Sampler takes rows of at most {NO_SOURCE}"
        if most > NO_SOURCE:
            yield UserError(what, where, DRAW)
    if network.adjacencies[operation.adjacency].weight is not None and not config.edge_weights:
        what = f"adjacency {operation.adjacency!r} has weights, and this core has no multipliers for them"
        yield UserError(what, where, "use contract B, or a configuration with edge_weights")


def _steps(network: IntGraphNetwork, config: GcnConfig, chain: bool, sparse: bool) -> tuple[Step, ...]:
    operations, widths = network.operations, network.widths()
    steps: list[Step] = []
    phase = 0
    for number, operation in enumerate(operations):
        before = steps[-1] if steps else None
        slices = layout.slices(config, widths[operation.name])
        if isinstance(operation, IntCombine):
            comes = before.operation.name if before is not None and before.chained else ""
            made = _combine(operation, widths, config, comes, sparse)
            steps.append(replace(made, phase=phase, slices=slices))
        else:
            chained = chain and _chains(operations, number, widths, config)
            steps.append(
                Step(operation=operation, phase=phase, slices=slices, chained=chained, first=operation.source)
            )
        phase += not steps[-1].chained
    return tuple(steps)


def _chains(
    operations: Sequence[IntOperation], number: int, widths: dict[str, int], config: GcnConfig
) -> bool:
    """Whether the rows of an aggregation go to the combination behind it and to nothing else."""
    name, later = operations[number].name, operations[number + 1 :]
    readers = [each for each in later if name in reads(each)]
    if not later or readers != [later[0]] or not isinstance(later[0], IntCombine):
        return False
    if reads(later[0]).count(name) > 1:
        return False
    elements = _elements(*_ordered(later[0], name)[:2], widths, config)[0]
    weights = elements * layout.slices(config, widths[later[0].name])
    # weights in turns are for rows that can be read more than once
    in_turns = weights > config.weight_rows and later[0] is not operations[-1]
    return elements <= config.group_bytes and not in_turns


def _ordered(operation: IntCombine, chained: str) -> tuple[str, str, np.ndarray, np.ndarray | None]:
    """Both sources and weights, the one that is chained first."""
    one, two = operation.source, operation.second_source or ""
    if two and two == chained:
        assert operation.second_weight is not None
        return two, one, operation.second_weight, operation.weight
    return one, two, operation.weight, operation.second_weight


def _elements(first: str, second: str, widths: dict[str, int], config: GcnConfig) -> tuple[int, int]:
    """Elements of both sources in the Aggregation Buffer, and those in front of the second one."""
    boundary = layout.slices(config, widths[first]) * config.lanes if second else widths[first]
    return boundary + (widths[second] if second else 0), boundary


def _combine(
    operation: IntCombine, widths: dict[str, int], config: GcnConfig, chained: str, sparse: bool
) -> Step:
    first, second, weight, second_weight = _ordered(operation, chained)
    elements, boundary = _elements(first, second, widths, config)
    gathers = first == INPUT and sparse
    source = Source.FEATURES if gathers else Source.CHAIN if chained else Source.ROWS
    return Step(
        operation=operation,
        phase=0,
        slices=0,
        first=first,
        second=second,
        source=source,
        weights=layout.pack_weights(config, weight, second_weight),
        elements=elements,
        boundary=boundary,
    )


def place_hubs(plan: Plan, config: GcnConfig) -> None:
    """Copies of the first rows, as many as have room, of all matrices that are gathered and made on chip."""
    matrices, steps = plan.matrices, plan.steps
    sources = {step.first for step in steps if not step.is_combine} - {INPUT} - plan.memory.keys()
    gathered = [matrices[name] for name in matrices if name in sources]
    # the descriptor that makes the first rows makes the copies
    rows = {step.operation.name: step.rows for step in steps if step.first_row == 0}
    share = config.hubs
    while share:
        for matrix in gathered:
            matrix.hubs = None
        found = [matrix for matrix in gathered if matrix.slices <= share]
        for matrix in found:
            words = matrix.words
            most = (share // matrix.slices).bit_length() - 1
            made = rows[words.name]
            matrix.hub_bits = most if made == plan.nodes else min(most, made.bit_length() - 1)
            size = matrix.slices << matrix.hub_bits
            matrix.hubs = Item(name=words.name, size=size, first=words.first, last=words.last)
        try:
            place([matrix.hubs for matrix in found if matrix.hubs is not None], config.hubs)
        except NoRoomError:
            share //= 2
        else:
            return
    for matrix in gathered:
        matrix.hubs = None
