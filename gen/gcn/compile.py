"""Integer graph network to program and memory image of the graph core."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.graphlayout import GraphLayout, check_features, digest_of
from pyralis.gen.errors import UserError
from pyralis.gen.gcn import needs, traffic, widths
from pyralis.gen.gcn.arrange import arrange
from pyralis.gen.gcn.constants import Constants
from pyralis.gen.gcn.features import non_zeros
from pyralis.gen.gcn.intnetwork import INPUT, RANGES, IntGraphNetwork
from pyralis.gen.gcn.lookup import table, wanted
from pyralis.gen.gcn.plan import draft, needed, place_hubs, refusals
from pyralis.gen.gcn.reorder import Numbering, Order
from pyralis.gen.gcn.schedule import Schedule, Settings
from pyralis.gen.gcn.steps import Plan
from pyralis.gen.gcn.traffic import Traffic
from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import AGGREGATE, COMBINE, END, LOAD, STORE, Content, Opcode
from pyralis.hw.gcn.programstore import PAGE

__all__ = [
    "Compiled",
    "Settings",
    "checked_features",
    "compile_network",
    "input_refusals",
]

LAYOUTS = {
    Opcode.LOAD: LOAD,
    Opcode.AGGREGATE: AGGREGATE,
    Opcode.COMBINE: COMBINE,
    Opcode.STORE: STORE,
    Opcode.END: END,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Compiled:
    """Program, constants and the way in and out for one network on one configuration.

    Attributes
    ----------
    network : IntGraphNetwork
        As the core runs it: in the new numbers, without operations that nothing depends on.
    config : GcnConfig
    numbering : Numbering
        New numbers of the nodes; inputs and results of the methods are in the old ones.
    plan : Plan
    descriptors : tuple of dict
        The program, member by member.
    program, constants : bytes
        Contents at ``program_address`` and ``weights_address``. The program is filled up to whole pages.
    input_stride, output_stride : int
        Bytes per run.
    result_stride : int
        Bytes from the results of a column to those of the next one.
    traffic : Traffic
        Predicted from the formula; of the features that the network was compiled with.
    digest : str
        Of these, if their lists are a part of the program (:mod:`pyralis.gen.gcn.lookup`); else empty.
    """

    network: IntGraphNetwork
    config: GcnConfig
    numbering: Numbering
    plan: Plan
    descriptors: tuple[dict[str, Any], ...]
    program: bytes
    constants: bytes
    input_stride: int
    output_stride: int
    result_stride: int
    traffic: Traffic
    digest: str = ""

    @property
    def stays(self) -> bool:
        """Whether the input comes as lists that the core holds all at a time (``Settings.keep_input``)."""
        return self.plan.sparse_input and self.plan.lists[INPUT].together

    @cached_property
    def layout(self) -> GraphLayout:
        """Where features and results lie: what a driver must know."""
        c, n, last = self.config, self.network, self.network.operations[-1]
        lists = self.plan.lists.get(INPUT)
        return GraphLayout(
            nodes=n.nodes,
            features=n.input.features,
            values=n.input.values,
            input_unit=n.input.unit,
            columns=c.columns,
            clusters=c.clusters,
            lanes=c.lanes,
            beat_bytes=c.bus_bits // 8,
            intervals=tuple(zip(lists.bounds[1:], lists.lines, strict=True)) if lists else (),
            compact=lists is not None and lists.compact,
            splits=0 if lists else self.plan.matrices[INPUT].splits,
            input_stride=self.input_stride,
            output_stride=self.output_stride,
            result_stride=self.result_stride,
            width=n.widths()[last.name],
            output=last.epilogue.output,
            digest=self.digest,
            numbering=self.numbering.new,
        )

    def pack_input(self, features: Any) -> bytes:
        """Bytes at ``input_address`` of *features* (nodes, features), ndarray or matrix of scipy.

        Raises UserError if shape, type or values are not what the network takes, or if they have more lines
        than those that it was compiled for.
        """
        try:
            return self.layout.pack(features)
        except DriverError as error:
            raise _refused(error) from None

    def unpack_results(self, memory: bytes) -> np.ndarray:
        """Rows of the last operation, (nodes, width) int64, from the bytes at ``output_address``."""
        return self.layout.unpack(memory)


def compile_network(
    network: IntGraphNetwork,
    config: GcnConfig,
    *,
    features: Any = None,
    settings: Settings | None = None,
    order: Order = "spread",
) -> Compiled:
    """Compiles *network* for a core of size *config*.

    Proves from the actual weights and degrees that no sum can leave its width.

    Parameters
    ----------
    network : IntGraphNetwork
    config : GcnConfig
    features : (nodes, features) ndarray or matrix of scipy
        Those of the graph. Sizes of a sparse input follow from them, and the balance of the columns.
    settings : Settings, optional
        Of the program.
    order : {"spread", "given", "cuthill-mckee"}
        See :func:`pyralis.gen.gcn.reorder.renumber`.

    Raises
    ------
    UserError
        Names the operation, the value and the bound of what does not fit or is not supported.
    """
    network.validate(accumulator_bits=config.accumulator_bits, product_bits=config.product_bits)
    settings = settings or Settings()
    network = needed(network)
    needs.nodes(network, config).refuse()
    for refusal in refusals(network, config):
        raise refusal
    drafted = draft(network, config, chain=settings.chain, windows=None)
    needs.buffer(drafted.steps, config).refuse()
    if features is not None:
        features = checked_features(features, network)
    elif drafted.sparse_input:
        what = "the core reads this network's input as lists of its elements, and no features are given"
        raise UserError(
            what,
            "input",
            "give the features of the graph, --features FILE.npy: they say how long the lists are",
        )
    numbering, network, planned = arrange(
        network, config, features, order=order, chain=settings.chain, windows=settings.windows
    )
    needs.row_store(planned, config).refuse()
    stored, rows_of_weights, digest = None, b"", ""
    if planned.sparse_input:
        for refusal in input_refusals(network, config):
            raise refusal
        stored = int(non_zeros(features).sum())
        needs.feature_lines(planned.lists[INPUT], config).refuse()
    elif (combine := wanted(network, config, spill=True)) is not None:  # it gathers rows of its weights
        widths.prove(
            planned.network, accumulator_bits=config.accumulator_bits, product_bits=config.product_bits
        )
        stored, digest = int(non_zeros(features).sum()), digest_of(features)
        rows_of_weights = table(combine, planned.memory[INPUT], config, planned.matrices[INPUT].splits)
    if settings.hubs and config.hubs:
        place_hubs(planned, config)
    constants = Constants(planned, config, rows_of_weights)
    schedule = Schedule(planned, constants, config, settings)
    needs.program(len(schedule.descriptors)).refuse()
    beat = config.bus_bits // 8
    results = schedule.results.written + sum(rows.written for rows in planned.memory.values())
    return Compiled(
        network=network,
        config=config,
        numbering=numbering,
        plan=planned,
        descriptors=tuple(schedule.descriptors),
        program=_program(schedule.descriptors),
        constants=bytes(constants.image),
        input_stride=schedule.input_bytes or beat,
        digest=digest,
        output_stride=schedule.output_bytes,
        result_stride=schedule.results.stride,
        traffic=Traffic(
            first=traffic.bytes_of(schedule.descriptors, beat, results, later=False),
            later=traffic.bytes_of(schedule.descriptors, beat, results, later=True),
            compulsory=traffic.compulsory(network, stored, compact=_compact(schedule.descriptors)),
            operations=traffic.operations(planned.network, stored),
        ),
    )


def _compact(descriptors: list[dict[str, Any]]) -> set[Content]:
    """Contents of which some lines are compact."""
    return {each["content"] for each in descriptors if each.get("compact")}


def _program(descriptors: list[dict[str, Any]]) -> bytes:
    """The descriptors, filled up with the last one, END, to whole pages: a core reads them by pages."""
    packed = [_packed(fields) for fields in descriptors]
    return b"".join(packed + packed[-1:] * (-len(packed) % PAGE))


def _packed(fields: dict[str, Any]) -> bytes:
    return LAYOUTS[fields["opcode"]].const(fields).as_value().value.to_bytes(DESCRIPTOR_BYTES, "little")


def input_refusals(network: IntGraphNetwork, config: GcnConfig) -> Iterator[UserError]:
    """What the core cannot do with an input that comes as lists."""
    if network.input.values != "binary" and not config.feature_values:
        what = "features have values, and this core counts every entry as 1"
        yield UserError(what, "input", "use a configuration with feature_values")


def checked_features(features: Any, network: IntGraphNetwork) -> Any:
    """Features as int8, ndarray or csr_array, after shape, type and range have been checked."""
    shape, bounds = (network.nodes, network.input.features), RANGES[network.input.values]
    try:
        return check_features(features, shape, bounds)
    except DriverError as error:
        raise _refused(error) from None


def _refused(error: DriverError) -> UserError:
    return UserError(error.what, "input array", error.hint)
