"""Aggregation Engine: sums, or maxima, of the rows of the row store that sparse matrices name."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.gcn.config import LINE, GcnConfig
from pyralis.hw.gcn.dispatch import WORK_BITS, Dispatch
from pyralis.hw.gcn.draws import RECIPROCAL_BITS, RECIPROCALS, SAMPLE_SETTINGS
from pyralis.hw.gcn.lines import LINE_JOB, LOAD_JOB, ROW_BITS, LineBuffer, LineLayout
from pyralis.hw.gcn.merge import Merge, RowLayout
from pyralis.hw.gcn.rowstore import RowStore, StoreReadLayout, StoreWriteLayout
from pyralis.hw.gcn.sampler import Sampler
from pyralis.hw.gcn.simdcore import AGGREGATION_SETTINGS, SimdCore
from pyralis.hw.gcn.tasks import Tasks

__all__ = ["Aggregation"]


class Aggregation(wiring.Component):
    """All columns: line buffer, tasks, dispatch, SIMD cores and merge, around one row store.

    Ports
    -----
    settings : In(AGGREGATION_SETTINGS), sample : In(SAMPLE_SETTINGS), sample_seed : In(16)
        Constant from the cycle before a job on, and while ``busy``. ``sample_seed`` is added without carry to
        the seed of ``sample``, which is for cores with a Sampler.
    loads, lines, jobs : In(streams), jobs_allowed : In(ROW_BITS), for each column
        See :class:`pyralis.hw.gcn.lines.LineBuffer`.
    writes, reads, read_data : for each column
        See :class:`pyralis.hw.gcn.rowstore.RowStore`.
    rows : Out(stream of RowLayout), for each column
        One for each row and replay of a job.
    work : Out(ArrayLayout(32, cores)), for each column
        Entries given to each core since ``clear``.
    entries : Out(ArrayLayout(range(LINE + 1), columns))
        Entries that each column gives to its cores in this cycle, for counting.
    clear : In(1)
    open : In(1)
        Cores may take tasks, and read rows. Without it, each core's first task is made ready.
    settled : Out(1)
        No copy of a hub waits to be written: jobs that read hubs may begin.
    busy : Out(1)
        A job, or something of it, is inside.

    Timing
    ------
    Cycles of the engine alone are measured in its tests: the adjacency of Cora, 16 bytes a row.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.sums.aggregate`, exact; rows of a column leave in any order.

    Source
    ------
    HyGCN (Yan et al., HPCA 2020), section 4.3. Chunks of heavy rows with dynamic dispatch, the banked row
    store and hub copies take the place of its vertex-disperse mode.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        self.store = store = RowStore(config)
        self.read_latency = store.read_latency
        members = store.signature.members
        columns = c.columns
        super().__init__({
            "settings": In(AGGREGATION_SETTINGS),
            "sample": In(SAMPLE_SETTINGS),
            "sample_seed": In(16),
            "loads": In(stream.Signature(LOAD_JOB)).array(columns),
            "lines": In(stream.Signature(LineLayout(c.edge_weights))).array(columns),
            "jobs": In(stream.Signature(LINE_JOB)).array(columns),
            "jobs_allowed": In(ROW_BITS, init=(1 << ROW_BITS) - 1).array(columns),
            "writes": In(stream.Signature(StoreWriteLayout(c))).array(columns),
            "reads": In(StoreReadLayout(c)).array(columns),
            "read_data": members["read_data"],
            "rows": Out(stream.Signature(RowLayout(c))).array(columns),
            "work": Out(data.ArrayLayout(WORK_BITS, c.cores)).array(columns),
            "entries": Out(data.ArrayLayout(range(LINE + 1), columns)),
            "clear": In(1),
            "open": In(1, init=1),
            "settled": Out(1),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        m.submodules.store = store = self.store
        m.d.comb += [store.splits.eq(self.settings.splits), self.settled.eq(store.settled)]
        if c.sampler:
            self._sample(m)
        busy = []
        for column in range(c.columns):
            weighted = c.edge_weights
            m.submodules[f"lines_{column}"] = lines = LineBuffer(c.edge_lines, values=weighted)
            m.submodules[f"tasks_{column}"] = tasks = Tasks(values=weighted)
            m.submodules[f"dispatch_{column}"] = dispatch = Dispatch(c.cores, values=weighted)
            m.submodules[f"merge_{column}"] = merge = Merge(c)
            connect(m, lines.loads, flipped(self.loads[column]))
            connect(m, lines.lines, flipped(self.lines[column]))
            connect(m, lines.jobs, flipped(self.jobs[column]))
            spans = lines.spans
            if c.sampler:
                m.submodules[f"sampler_{column}"] = sampler = Sampler(values=weighted)
                connect(m, spans, sampler.spans)
                m.d.comb += [sampler.settings.eq(self._settings), sampler.reciprocal.eq(self._reciprocal)]
                busy.append(sampler.busy)
                spans = sampler.sampled
            connect(m, spans, tasks.spans)
            connect(m, tasks.tasks, dispatch.tasks)
            connect(m, merge.rows, flipped(self.rows[column]))
            connect(m, store.writes[column], flipped(self.writes[column]))
            m.d.comb += [
                lines.allowed.eq(self.jobs_allowed[column]),
                tasks.freed.valid.eq(merge.freed.valid),
                tasks.freed.slot.eq(merge.freed.slot),
                tasks.single.eq(self.settings.by_row),
                dispatch.by_row.eq(self.settings.by_row),
                dispatch.clear.eq(self.clear),
                merge.maximum.eq(self.settings.maximum),
                self.work[column].eq(dispatch.work),
                self.entries[column].eq(Mux(tasks.tasks.valid & tasks.tasks.ready, tasks.tasks.p.count, 0)),
                store.reads[column].eq(self.reads[column]),
                self.read_data[column].valid.eq(store.read_data[column].valid),
                self.read_data[column].data.eq(store.read_data[column].data),
            ]
            busy += [lines.busy, tasks.busy, dispatch.busy, merge.busy]
            for k in range(c.cores):
                number = column * c.cores + k
                m.submodules[f"core_{column}_{k}"] = core = SimdCore(c)
                given = dispatch.cores[k]
                m.d.comb += [
                    core.tasks.payload.eq(given.payload),
                    core.tasks.valid.eq(given.valid & self.open),
                    given.ready.eq(core.tasks.ready & self.open),
                ]
                connect(m, core.results, merge.results[k])
                for part in range(c.splits):
                    connect(m, core.requests[part], store.requests[number][part])
                    connect(m, store.replies[number][part], core.replies[part])
                m.d.comb += core.settings.eq(self.settings)
                busy.append(core.busy)
        working = Signal()
        m.d.comb += [working.eq(Cat(busy).any()), self.busy.eq(working)]
        return m

    def _sample(self, m: Module) -> None:
        """What holds for the samplers of all columns, in registers."""
        m.submodules.reciprocals = table = Memory(
            shape=RECIPROCAL_BITS, depth=len(RECIPROCALS), init=RECIPROCALS
        )
        found = table.read_port()
        self._settings = Signal(SAMPLE_SETTINGS)
        self._reciprocal = found.data
        m.d.comb += found.addr.eq(self.sample.count)
        m.d.sync += [
            self._settings.eq(self.sample),
            self._settings.seed.eq(self.sample.seed ^ self.sample_seed),
        ]
