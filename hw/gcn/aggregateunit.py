"""Carries out AGGREGATE: the Aggregation Engine with its epilogues and ways out."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.gcn.aggregation import Aggregation
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import BiasLoader, Engine, FinishedRow
from pyralis.hw.gcn.finish import FINISH_SETTINGS, Finish
from pyralis.hw.gcn.lines import ROW_BITS
from pyralis.hw.gcn.matching import address_bits
from pyralis.hw.gcn.phase import Phase
from pyralis.hw.gcn.program import AGGREGATE, Target
from pyralis.hw.gcn.route import GroupRow, Route, target_settings
from pyralis.hw.gcn.rowstore import StoreWriteLayout
from pyralis.hw.gcn.scales import ScalePort
from pyralis.hw.gcn.simdcore import AGGREGATION_SETTINGS

__all__ = ["AggregateUnit"]


class AggregateUnit(wiring.Component):
    """From descriptor to rows of results, in all columns. The row store itself is the caller's to share.

    Parameters
    ----------
    engine : Aggregation
        A submodule of the caller, of which this drives ``settings`` and ``jobs`` and takes ``rows``.

    Ports
    -----
    descriptors : In(stream of AGGREGATE), current : Out(AGGREGATE), ended : Out(1)
        See :class:`pyralis.hw.gcn.phase.Phase`.
    rows_ready : In(1)
        Of the descriptor taken last: the rows that it reads are there, and those it writes may be written.
        Until then only its lists are read.
    begun : Out(1)
        Pulse: cores begin to read rows.
    active : Out(1)
        From the cycle after ``begun`` until ``ended``, that cycle included.
    row_counts, waiting, start : Out
        Of the phase, for those who take the results.
    memory_free : In(1)
        A phase whose rows go to memory may begin: those of the one before are there. It ends when all of them
        have been taken.
    results_allowed : In(ROW_BITS), for each column
        Groups of rows to memory that may begin.
    chain_coming, chain_open : In(1), chain_allowed : In(ROW_BITS) for each column
        The combination that takes the rows of this phase has started; is ready for them; groups that may
        begin, at least one.
    biases : In(stream), scales : Out(ScalePort) for each column
    requests : Out(stream of address), words : In({valid, data}), for each column
        Reads of the row store.
    writes, groups, results : Out(streams), for each column
        See :class:`pyralis.hw.gcn.route.Route`.
    clear : In(1), saturated : Out(1)
        See :class:`pyralis.hw.gcn.epilogue.Epilogue`.
    """

    def __init__(self, config: GcnConfig, engine: Aggregation) -> None:
        self.config, self.engine = c, _ = config, engine
        self.phase = Phase(AGGREGATE, c.columns, 1)
        self.loader = BiasLoader(c.lanes, Engine.AGGREGATION)
        self._rows = stream.Signature(FinishedRow(c.lanes, ROW_BITS))
        word = wiring.Signature({"valid": Out(1), "data": Out(c.row_bits)})
        super().__init__({
            "descriptors": In(stream.Signature(AGGREGATE)),
            "current": Out(AGGREGATE),
            "rows_ready": In(1),
            "begun": Out(1),
            "active": Out(1),
            "ended": Out(1),
            "row_counts": self.phase.signature.members["row_counts"],
            "waiting": Out(1),
            "start": Out(1),
            "memory_free": In(1),
            "results_allowed": In(ROW_BITS).array(c.columns),
            "chain_coming": In(1),
            "chain_open": In(1),
            "chain_allowed": In(ROW_BITS).array(c.columns),
            "biases": self.loader.signature.members["bias"],
            "scales": Out(ScalePort).array(c.columns),
            "requests": Out(stream.Signature(address_bits(c))).array(c.columns),
            "words": In(word).array(c.columns),
            "writes": Out(stream.Signature(StoreWriteLayout(c))).array(c.columns),
            "groups": Out(stream.Signature(GroupRow(c))).array(c.columns),
            "results": Out(self._rows).array(c.columns),
            "clear": In(1),
            "saturated": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.phase, m.submodules.loader = phase, loader = self.phase, self.loader
        d, engine = phase.current, self.engine
        connect(m, flipped(self.descriptors), phase.descriptors)
        connect(m, flipped(self.biases), loader.bias)
        memory, inside, opened = Signal(), Signal(), Signal()
        m.d.comb += [
            self.current.eq(d),
            # Copies of hubs are written one by one; whoever reads them waits.
            self.begun.eq(
                phase.active
                & ~opened
                & self.rows_ready
                & (engine.settled | ~d.hubs)
                & (self.chain_coming | (d.target != Target.CHAIN))
            ),
            self.active.eq(opened),
            engine.open.eq(opened),
            self.ended.eq(phase.ended),
            self.waiting.eq(phase.waiting),
            self.start.eq(phase.start),
            self.row_counts.eq(phase.row_counts),
            memory.eq(d.target == Target.MEMORY),
            phase.permitted.eq(self.memory_free | ~memory),
            phase.sparse.eq(1),
            phase.sparse_rows.start.eq(d.start),
            phase.sparse_rows.group_rows.eq(d.group_rows),
            phase.sparse_rows.replays.eq(d.slices),
            phase.sparse_rows.base.eq(d.base),
            phase.sparse_rows.step.eq(d.stride),
            phase.quiet.eq(~inside),
            *(engine.settings[name].eq(d[name]) for name in AGGREGATION_SETTINGS.members),
            engine.sample.eq(d.sample),
        ]
        with m.If(phase.ended):
            m.d.sync += opened.eq(0)
        with m.Elif(self.begun):
            m.d.sync += opened.eq(1)
        busy, saturated = [engine.busy], []
        for column in range(self.config.columns):
            finish, route = self._column(m, column, d)
            busy += [finish.busy, finish.output.valid, route.busy]
            saturated.append(finish.saturated)
        m.d.comb += [inside.eq(Cat(busy).any()), self.saturated.eq(Cat(saturated).any())]
        return m

    def _column(self, m: Module, n: int, d) -> tuple[Finish, Route]:
        m.submodules[f"finish_{n}"] = finish = Finish(self.config, n)
        m.submodules[f"route_{n}"] = route = Route(self.config, n)
        engine, phase, row = self.engine, self.phase, self.engine.rows[n]
        allowed = Signal(ROW_BITS, name=f"allowed_{n}")
        with m.Switch(d.target):
            with m.Case(Target.CHAIN):
                m.d.comb += allowed.eq(Mux(self.chain_open, self.chain_allowed[n], 1))
            with m.Case(Target.MEMORY):
                m.d.comb += allowed.eq(Mux(phase.settled, self.results_allowed[n], 0))
            with m.Default():
                m.d.comb += allowed.eq(-1)
        m.d.comb += [
            finish.rows.payload.eq(row.payload),
            finish.rows.valid.eq(row.valid),
            row.ready.eq(finish.rows.ready),
            engine.jobs[n].payload.eq(phase.jobs[n].payload),
            engine.jobs[n].valid.eq(phase.jobs[n].valid),
            phase.jobs[n].ready.eq(engine.jobs[n].ready),
            engine.jobs_allowed[n].eq(allowed),
            *(finish.settings[name].eq(d[name]) for name in FINISH_SETTINGS.members),
            finish.bias.eq(self.loader.write),
            finish.word.valid.eq(self.words[n].valid),
            finish.word.data.eq(self.words[n].data),
            finish.clear.eq(self.clear),
            route.target.eq(d.target),
        ]
        target_settings(m, route.settings, d)
        connect(m, finish.scales, flipped(self.scales[n]))
        connect(m, finish.requests, flipped(self.requests[n]))
        connect(m, finish.output, route.rows)
        connect(m, route.writes, flipped(self.writes[n]))
        connect(m, route.groups, flipped(self.groups[n]))
        connect(m, route.results, flipped(self.results[n]))
        return finish, route
