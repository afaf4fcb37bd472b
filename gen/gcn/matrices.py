"""Row matrices in the row store: their places, and the words that are left beside them."""

import sys
from collections.abc import Collection, Iterable

from pyralis.gen.gcn import layout
from pyralis.gen.gcn.allocate import Item, place
from pyralis.gen.gcn.intnetwork import INPUT, IntCombine, IntGraphNetwork, IntOperation
from pyralis.gen.gcn.steps import Matrix, Step
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["matrices_of", "reads", "room_of", "sparse_input", "words_of"]


def reads(operation: IntOperation) -> list[str]:
    """Names of the row matrices that *operation* reads; one that is read twice stands twice."""
    names = [operation.source, operation.epilogue.extra]
    if isinstance(operation, IntCombine):
        names.append(operation.second_source)
    return [name for name in names if name is not None]


def sparse_input(network: IntGraphNetwork, config: GcnConfig) -> bool:
    """Whether the input comes as lists."""
    if network.input.sparse:
        return True
    readers = [operation for operation in network.operations if INPUT in reads(operation)]
    return network.input.features > config.group_bytes and all(
        isinstance(each, IntCombine) and each.second_source is None for each in readers
    )


def matrices_of(
    network: IntGraphNetwork,
    config: GcnConfig,
    steps: tuple[Step, ...],
    sparse: bool,
    memory: Collection[str] = (),
    region: int = 0,
    passing: Collection[str] = (),
) -> dict[str, Matrix]:
    """Row matrices and their places, but for those that are only *passing*.

    *region*: words for intervals of those that lie in *memory*.
    """
    types, widths = network.types(), network.widths()
    made: dict[str, int] = {}
    for step in steps:
        if not step.chained and step.operation.name not in passing:
            made.setdefault(step.operation.name, step.phase)
    del made[steps[-1].operation.name]
    if not sparse:
        made[INPUT] = -1
    matrices = {}
    shared: Item | None = None  # of all that lie in memory
    for name, first in made.items():
        readers = [step for step in steps if name in reads(step.operation)]
        if not readers:
            continue
        slices = layout.slices(config, widths[name])
        stride = layout.whole_rows(config, network.nodes)
        last = max(step.phase for step in readers)
        if name in memory:
            first = first if name == INPUT else min(step.phase for step in readers)
            shared = shared or Item(name=name, size=region, first=first, last=last)
            shared.first, shared.last = min(shared.first, first), max(shared.last, last)
            words = shared
        else:
            words = Item(name=name, size=slices * stride, first=first, last=last)
        gathered = any(not step.is_combine and step.first == name for step in readers)
        spilled = name in memory and name != INPUT
        added = any(step.operation.epilogue.extra == name for step in readers)
        matrices[name] = Matrix(
            words=words,
            width=widths[name],
            slices=slices,
            stride=stride,
            signed=types[name] == "int8",
            # what is added is read as whole words, in which there must be nothing behind the row; and what
            # is spilled is written once
            splits=_splits(config, widths[name]) if gathered and not added and not spilled else 0,
        )
    items = {id(matrix.words): matrix.words for matrix in matrices.values()}
    place(list(items.values()), sys.maxsize)  # row_store() has the bound
    return matrices


def _splits(config: GcnConfig, width: int) -> int:
    splits = 0
    while 2 << splits <= config.splits and width <= config.lanes >> splits + 1:
        splits += 1
    return splits


def room_of(
    network: IntGraphNetwork,
    config: GcnConfig,
    whole: tuple[Step, ...],
    sparse: bool = False,
    memory: Collection[str] = (INPUT,),
    passing: Collection[str] = (),
) -> int:
    """Words of the row store that intervals of what lies in *memory* can have beside the other matrices."""
    low, high = 0, config.rows // config.columns
    while low < high:
        middle = (low + high + 1) // 2
        region = middle * config.columns
        matrices = matrices_of(network, config, whole, sparse, memory, region, passing)
        if words_of(matrices.values()) <= config.rows:
            low = middle
        else:
            high = middle - 1
    return low * config.columns


def words_of(matrices: Iterable[Matrix]) -> int:
    """Words of the row store up to the last one of *matrices*."""
    return max((each.words.base + each.words.size for each in matrices), default=0)
