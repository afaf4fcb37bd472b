"""Combination Engine: products of rows and weights, dense or sparse, in all columns."""

from amaranth import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.gcn.column import Column, CombineSettings
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.densesteps import DenseSteps
from pyralis.hw.gcn.epilogue import BiasLoader, Engine
from pyralis.hw.gcn.lines import LINE_JOB, LOAD_JOB, ROW_BITS, LineLayout
from pyralis.hw.gcn.scales import ScalePort
from pyralis.hw.gcn.weightbuffer import WeightBuffer

__all__ = ["Combination"]


class Combination(wiring.Component):
    """Weight Buffer, columns with one systolic module each, and what they do in each mode.

    *Dense*: a column's rows arrive in its Aggregation Buffer, from the Aggregation Engine or from anywhere
    else, and are multiplied group by group. *Independent* modules begin as soon as their own group is there,
    and read weights themselves; *cooperative* ones wait until all have a group, and only the first one reads
    weights, which then pass through all modules.

    *Gather*: a column's sparse rows lie in the line buffers of its clusters, row r of the column as row
    ``r // clusters`` of cluster ``r mod clusters``, and are read by jobs.

    Ports
    -----
    settings : In(CombineSettings)
        Constant while ``busy``.
    row_counts : In(ArrayLayout(ROW_BITS, columns))
        Dense: rows of each column. Constant while ``busy``.
    start : In(1)
        Begins a dense phase: groups of the phase come after it. Not while ``busy``.
    busy : Out(1)
        A phase or something of it is inside. A dense phase is over when it falls.
    weights : In(stream of WeightWrite), biases : In(stream of BiasLoad)
        Always taken; of the next phase while no rows of this one need the place. See
        :class:`pyralis.hw.gcn.weightbuffer.WeightBuffer` and :class:`pyralis.hw.gcn.epilogue.BiasLoader`.
    groups : In(stream of {row, slice, data}), allowed : Out(ROW_BITS), for each column
        See :class:`pyralis.hw.gcn.aggbuffer.AggBuffer`.
    loads, lines, jobs : In(streams), for each cluster of each column
        See :class:`pyralis.hw.gcn.lines.LineBuffer`. The ``base`` of a job is that of the weight rows.
    jobs_allowed : In(ROW_BITS), for each column
        Groups of a job that may begin, in every cluster; all where nothing drives it.
    scales : Out(ScalePort), for each column
    rows : Out(stream of FinishedRow), for each column
        Tag: number of the row in the column. Dense rows leave in order, sparse ones in any.
    clear : In(1)
        Clears ``saturated``.
    saturated : Out(1)
        Sticky: a clamp of an epilogue has changed a value.
    issued : Out(ArrayLayout(gather_ports, columns)), stepping : Out(columns)
        Gather ports that have issued an entry with a source, modules that are given a step: for counting.

    Timing
    ------
    In phase: dense, a step a cycle in each module where rows have ``pe_rows`` elements or more; gather, an
    entry a cycle in each port, but for what its tests measure.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.sums.combine` and :func:`pyralis.sim.golden.gcn.epilogue.epilogue`, exact.

    Source
    ------
    HyGCN (Yan et al., HPCA 2020), section 4.4, for the two dense modes. The gather mode is ours; sparse
    features are in AWB-GCN (Geng et al., MICRO 2020) and most designs after it.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        self.buffer, self.loader = WeightBuffer(c), BiasLoader(c.lanes, Engine.COMBINATION)
        self.columns = [Column(c) for _ in range(c.columns)]
        column = self.columns[0].signature.members
        clusters = c.columns * c.clusters
        super().__init__({
            "settings": In(CombineSettings(c)),
            "row_counts": In(data.ArrayLayout(ROW_BITS, c.columns)),
            "start": In(1),
            "busy": Out(1),
            "weights": self.buffer.signature.members["writes"],
            "biases": self.loader.signature.members["bias"],
            "groups": column["groups"].array(c.columns),
            "allowed": Out(data.ArrayLayout(ROW_BITS, c.columns)),
            "loads": In(stream.Signature(LOAD_JOB)).array(clusters),
            "lines": In(stream.Signature(LineLayout(c.feature_values))).array(clusters),
            "jobs": In(stream.Signature(LINE_JOB)).array(clusters),
            "jobs_allowed": In(ROW_BITS, init=(1 << ROW_BITS) - 1).array(c.columns),
            "scales": Out(ScalePort).array(c.columns),
            "rows": column["rows"].array(c.columns),
            "clear": In(1),
            "saturated": Out(1),
            "issued": Out(data.ArrayLayout(c.gather_ports, c.columns)),
            "stepping": Out(c.columns),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        m.submodules.buffer, m.submodules.loader = buffer, loader = self.buffer, self.loader
        connect(m, flipped(self.weights), buffer.writes)
        connect(m, flipped(self.biases), loader.bias)
        saturated, busy = Signal(c.columns), Signal(c.columns)
        for n, column in enumerate(self.columns):
            m.submodules[f"column_{n}"] = column
            self._outside(m, n, column)
            m.d.comb += [
                column.bias.eq(loader.write),
                saturated[n].eq(column.saturated),
                self.issued[n].eq(column.issued),
                self.stepping[n].eq(column.step.valid & ~self.settings.gather),
            ]
        steps = self._steps(m)
        for n, column in enumerate(self.columns):
            m.d.comb += busy[n].eq(column.busy | steps[n].busy)
        m.d.comb += [self.saturated.eq(saturated.any()), self.busy.eq(busy.any())]
        return m

    def _outside(self, m: Module, n: int, column: Column) -> None:
        """Joins the ports of column *n* to those of the engine."""
        clusters = self.config.clusters
        connect(m, flipped(self.groups[n]), column.groups)
        connect(m, column.rows, flipped(self.rows[n]))
        connect(m, column.scales, flipped(self.scales[n]))
        for k in range(clusters):
            connect(m, flipped(self.loads[n * clusters + k]), column.loads[k])
            connect(m, flipped(self.lines[n * clusters + k]), column.lines[k])
            connect(m, flipped(self.jobs[n * clusters + k]), column.jobs[k])
        m.d.comb += [
            column.settings.eq(self.settings),
            column.row_count.eq(self.row_counts[n]),
            column.jobs_allowed.eq(self.jobs_allowed[n]),
            column.start.eq(self.start),
            column.clear.eq(self.clear),
            self.allowed[n].eq(column.allowed),
        ]

    def _steps(self, m: Module) -> list[DenseSteps]:
        """Steps of each column, or of the first one for all; and who reads weights."""
        c = self.config
        buffer, columns = self.buffer, self.columns
        gather, chained = Signal(), Signal()
        held = Signal(2)  # readers whose port is written do not read in the next cycle
        m.d.comb += [
            gather.eq(self.settings.gather),
            chained.eq(self.settings.cooperative & ~self.settings.gather),
        ]
        m.d.sync += held.eq(buffer.hold)
        all_offered, all_room = Signal(), Signal()
        m.d.comb += [
            all_offered.eq(Cat(column.offered for column in columns).all()),
            all_room.eq(Cat(column.room for column in columns).all()),
        ]
        steps: list[DenseSteps] = []
        for n, column in enumerate(columns):
            m.submodules[f"steps_{n}"] = own = DenseSteps(c)
            steps.append(own)
            first = n * c.gather_ports
            m.d.comb += [
                own.settings.eq(self.settings.dense),
                own.offered.eq(column.offered),
                own.room.eq(column.room),
                own.hold.eq(held[first % 2]),
                column.hold.eq(Cat(buffer.hold[(first + g) % 2] for g in range(c.gather_ports))),
                column.take.eq(own.take),
                column.reserve.eq(own.reserve),
                column.step.eq(own.step),
                column.fetch.eq(own.fetch),
            ]
            for g in range(c.gather_ports):
                m.d.comb += [
                    buffer.reads[first + g].eq(column.reads[g]),
                    column.words[g].eq(buffer.words[first + g]),
                ]
            with m.If(~gather):
                m.d.comb += buffer.reads[first].eq(own.read)
            if n == 0:
                m.d.comb += own.start.eq(self.start & ~gather)
                with m.If(chained):
                    m.d.comb += [own.offered.eq(all_offered), own.room.eq(all_room)]
            else:
                before = columns[n - 1]
                m.d.comb += own.start.eq(self.start & ~gather & ~chained)
                with m.If(chained):
                    m.d.comb += [
                        column.take.eq(steps[0].take),
                        column.reserve.eq(steps[0].reserve),
                        column.step.eq(before.next_step),
                        column.fetch.eq(before.next_fetch),
                        column.words[0].eq(before.next_word),
                    ]
        return steps
