"""One column of the Combination Engine: buffers, systolic module, gather clusters and epilogue."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.gcn.aggbuffer import AggBuffer, GroupSettings, fetch_layout
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.densesteps import DenseSettings
from pyralis.hw.gcn.dispatch import Dispatch
from pyralis.hw.gcn.epilogue import BIAS_SLICES, EPILOGUE_SETTINGS, BiasWrite, Epilogue
from pyralis.hw.gcn.gather import GATHER_SETTINGS, GatherCluster, result_config
from pyralis.hw.gcn.lines import LINE_JOB, LOAD_JOB, ROW_BITS, LineBuffer, LineLayout
from pyralis.hw.gcn.merge import Merge, RowLayout
from pyralis.hw.gcn.pairs import WordLayout
from pyralis.hw.gcn.reserve import ReservedQueue
from pyralis.hw.gcn.scales import ScalePort, ScaleStage
from pyralis.hw.gcn.systolic import STEP, SystolicModule
from pyralis.hw.gcn.tasks import Tasks
from pyralis.hw.gcn.weightbuffer import WEIGHT_READ

__all__ = ["Column", "CombineSettings"]


def CombineSettings(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """What holds for a phase of the Combination Engine.

    ``gather``: sparse features, else groups of the Aggregation Buffers. ``cooperative``: the modules are a
    chain (dense only). ``group_slices``: of a row in the Aggregation Buffer. ``scaled``: each row has a scale
    of its own, else all have ``scale``. ``bias_base``: slice of the bias of slice 0.
    """
    return data.StructLayout({
        "gather": 1,
        "cooperative": 1,
        "sparse": GATHER_SETTINGS,
        "dense": DenseSettings(config),
        "group_slices": GroupSettings(config).members["slices"],
        "scaled": 1,
        "scale": 16,
        "bias_base": range(BIAS_SLICES),
        "epilogue": EPILOGUE_SETTINGS,
    })


class Column(wiring.Component):
    """Rows in, rows out.

    Ports
    -----
    settings, row_count, start, groups, allowed, loads, lines, jobs, jobs_allowed, scales, bias, rows, clear
    saturated
        See :class:`pyralis.hw.gcn.combination.Combination`.
    busy : Out(1)
        Something is inside, groups in the Aggregation Buffer left out.
    offered : Out(1), take : In(1)
        See :class:`pyralis.hw.gcn.aggbuffer.AggBuffer`.
    room : Out(1), reserve : In(1)
        See :class:`pyralis.hw.gcn.densesteps.DenseSteps`.
    hold : In(gather_ports)
        Ports that must not read weights two cycles later.
    reads : Out(ArrayLayout(WEIGHT_READ, gather_ports))
        Of gather mode.
    words : In(ArrayLayout(WordLayout, gather_ports)), step : In(STEP), fetch : In(fetch_layout)
        Of its own, or of the module before.
    next_word, next_step, next_fetch : Out
        For the next module.
    issued : Out(gather_ports)
        See :class:`pyralis.hw.gcn.gather.GatherCluster`.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        self.buffer = AggBuffer(c)
        self.epilogue = Epilogue(c.lanes, c.product_bits, ROW_BITS, c.epilogue_lanes, extra=False)
        super().__init__({
            "settings": In(CombineSettings(c)),
            "row_count": In(ROW_BITS),
            "start": In(1),
            "groups": self.buffer.signature.members["rows"],
            "allowed": Out(ROW_BITS),
            "loads": In(stream.Signature(LOAD_JOB)).array(c.clusters),
            "lines": In(stream.Signature(LineLayout(c.feature_values))).array(c.clusters),
            "jobs": In(stream.Signature(LINE_JOB)).array(c.clusters),
            "jobs_allowed": In(ROW_BITS, init=(1 << ROW_BITS) - 1),
            "scales": Out(ScalePort),
            "bias": In(BiasWrite(c.lanes)),
            "rows": self.epilogue.signature.members["output"],
            "clear": In(1),
            "saturated": Out(1),
            "busy": Out(1),
            "offered": Out(1),
            "take": In(1),
            "room": Out(1),
            "reserve": In(1),
            "hold": In(c.gather_ports),
            "reads": Out(data.ArrayLayout(WEIGHT_READ, c.gather_ports)),
            "words": In(data.ArrayLayout(WordLayout(c), c.gather_ports)),
            "step": In(STEP),
            "fetch": In(fetch_layout(c)),
            "next_word": Out(WordLayout(c)),
            "next_step": Out(STEP),
            "next_fetch": Out(fetch_layout(c)),
            "issued": Out(c.gather_ports),
        })

    @property
    def results(self) -> int:
        """Places for dense results: what is under way, and what comes until a place is known to be free."""
        return 1 << (2 * self.config.pe_rows + 19).bit_length()

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.module = module = SystolicModule(self.config)
        m.d.comb += [
            module.gather.eq(self.settings.gather),
            module.words.eq(self.words),
            module.step.eq(self.step),
            self.next_word.eq(module.next_word),
            self.next_step.eq(module.next_step),
        ]
        self._groups(m, module)
        sources = [self._dense(m, module)]
        busy = []
        for cluster in range(self.config.clusters):
            rows, working = self._cluster(m, cluster, module)
            sources.append(rows)
            busy += working
        self._finish(m, sources, busy)
        return m

    def _groups(self, m: Module, module: SystolicModule) -> None:
        m.submodules.buffer = buffer = self.buffer
        connect(m, flipped(self.groups), buffer.rows)
        m.d.comb += [
            buffer.settings.rows.eq(self.row_count),
            buffer.settings.slices.eq(self.settings.group_slices),
            buffer.settings.stride.eq(self.settings.dense.stride),
            buffer.start.eq(self.start),
            self.offered.eq(buffer.offered),
            buffer.take.eq(self.take),
            buffer.fetch.eq(self.fetch),
            self.next_fetch.eq(buffer.next_fetch),
            self.allowed.eq(buffer.allowed),
            module.elements.eq(buffer.elements),
        ]

    def _dense(self, m: Module, module: SystolicModule):
        """Numbers the dense results, and keeps those of rows that there are; returns their stream."""
        c = self.config
        m.submodules.dense = queue = ReservedQueue(RowLayout(result_config(c)), self.results)
        at, index = Signal(range(c.pe_rows)), Signal.like(queue.word.slice)
        group, number, real = Signal(ROW_BITS), Signal(ROW_BITS), Signal()
        m.d.comb += [
            number.eq(Cat(at, group)),
            real.eq(number < self.row_count),
            queue.put.eq(module.row.valid & real),
            queue.cancel.eq(module.row.valid & ~real),
            queue.word.row.eq(number),
            queue.word.slice.eq(index),
            queue.word.sums.eq(module.row.sums),
            queue.reserve.eq(Mux(self.reserve, c.pe_rows, 0)),
        ]
        m.d.sync += self.room.eq((queue.spare >= c.pe_rows) & ~self.reserve)
        with m.If(module.row.valid):
            m.d.sync += at.eq(at + 1)
            with m.If(at == c.pe_rows - 1):
                m.d.sync += index.eq(index + 1)
                with m.If(index + 1 == self.settings.dense.slices):
                    m.d.sync += [index.eq(0), group.eq(group + 1)]
        with m.If(self.start):
            m.d.sync += [at.eq(0), index.eq(0), group.eq(0)]
        self._dense_busy = Signal()
        m.d.comb += self._dense_busy.eq(queue.spare != queue.depth)
        return queue.output

    def _cluster(self, m: Module, n: int, module: SystolicModule):
        """Cluster *n* of gather mode, from lines to rows; returns its rows, and what says that it is busy."""
        c = self.config
        ports, values = c.cluster_ports, c.feature_values
        m.submodules[f"lines_{n}"] = lines = LineBuffer(c.feature_lines, values=values)
        m.submodules[f"tasks_{n}"] = tasks = Tasks(values=values)
        m.submodules[f"dispatch_{n}"] = dispatch = Dispatch(ports, values=values)
        m.submodules[f"gather_{n}"] = gather = GatherCluster(c)
        m.submodules[f"merge_{n}"] = merge = Merge(result_config(c))
        connect(m, flipped(self.loads[n]), lines.loads)
        connect(m, flipped(self.lines[n]), lines.lines)
        connect(m, flipped(self.jobs[n]), lines.jobs)
        connect(m, lines.spans, tasks.spans)
        connect(m, tasks.tasks, dispatch.tasks)
        for port in range(ports):
            connect(m, dispatch.cores[port], gather.tasks[port])
        connect(m, gather.results, merge.results[0])
        connect(m, merge.freed, tasks.freed)
        first = n * ports
        m.d.comb += [
            lines.allowed.eq(self.jobs_allowed),
            dispatch.clear.eq(self.clear),
            gather.settings.eq(self.settings.sparse),
            gather.hold.eq(self.hold[first : first + ports]),
            gather.sums.eq(module.gathered[n]),
            module.drain[n].eq(gather.drain),
            self.issued[first : first + ports].eq(gather.issued),
        ]
        for port in range(ports):
            m.d.comb += [
                self.reads[first + port].eq(gather.reads[port]),
                module.feeds[first + port].eq(gather.feeds[port]),
            ]
        return merge.rows, [lines.busy, tasks.busy, dispatch.busy, gather.busy, merge.busy]

    def _finish(self, m: Module, sources: list, busy: list) -> None:
        """One row a cycle of all sources in turn; then its scale, then the epilogue."""
        c = self.config
        layout = RowLayout(result_config(c))
        move, chosen, row, turn = Signal(), Signal(layout), Signal(ROW_BITS), Signal()
        cluster_bits = (c.clusters - 1).bit_length()
        dense, gathered = sources[0], sources[1:]
        m.submodules.scaling = scaling = ScaleStage(layout)
        connect(m, scaling.scales, flipped(self.scales))
        m.d.comb += move.eq(scaling.rows.ready)
        with m.If(dense.valid):
            m.d.comb += [chosen.eq(dense.p), row.eq(dense.p.row), dense.ready.eq(move)]
        for n, source in enumerate(gathered):  # of two that are there, they take turns
            others = [other.valid & (turn != n) for k, other in enumerate(gathered) if k != n]
            number = Cat(Const(n, cluster_bits), source.p.row) if cluster_bits else source.p.row
            blocked = Cat(dense.valid, *others).any()
            with m.If(source.valid & ~blocked):
                m.d.comb += [chosen.eq(source.p), row.eq(number), source.ready.eq(move)]
                with m.If(move):
                    m.d.sync += turn.eq(1 - n)
        scaled = scaling.output
        m.d.comb += [
            scaling.scaled.eq(self.settings.scaled),
            scaling.scale.eq(self.settings.scale),
            scaling.rows.valid.eq(Cat(source.valid for source in sources).any()),
            scaling.rows.p.eq(chosen),
            scaling.rows.p.row.eq(row),
        ]

        m.submodules.epilogue = epilogue = self.epilogue
        connect(m, flipped(self.rows), epilogue.output)
        m.d.comb += [
            epilogue.input.valid.eq(scaled.valid),
            scaled.ready.eq(epilogue.input.ready),
            epilogue.input.p.tag.eq(scaled.p.row),
            epilogue.input.p.slice.eq(scaled.p.slice),
            epilogue.input.p.sums.eq(scaled.p.sums),
            epilogue.input.p.scale.eq(scaling.factor),
            epilogue.settings.eq(self.settings.epilogue),
            epilogue.bias_base.eq(self.settings.bias_base),
            epilogue.bias.eq(self.bias),
            epilogue.clear.eq(self.clear),
            self.saturated.eq(epilogue.saturated),
            self.busy.eq(Cat(*busy, scaling.busy, self._dense_busy, epilogue.busy).any()),
        ]
