"""Carries out COMBINE: the Combination Engine, what feeds it, and its ways out."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.gcn.combination import Combination
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import FinishedRow
from pyralis.hw.gcn.feed import Feed
from pyralis.hw.gcn.lines import ROW_BITS, SLICE_BITS
from pyralis.hw.gcn.matching import address_bits
from pyralis.hw.gcn.phase import Phase
from pyralis.hw.gcn.program import COMBINE, Source, Target
from pyralis.hw.gcn.route import GroupRow, Route, target_settings
from pyralis.hw.gcn.rowstore import StoreWriteLayout

__all__ = ["CombineUnit"]


class CombineUnit(wiring.Component):
    """From descriptor to rows of results, in all columns.

    Parameters
    ----------
    engine : Combination
        A submodule of the caller, of which this drives all that belongs to a phase.

    Ports
    -----
    descriptors, current, active, ended, row_counts, start, memory_free, results_allowed, requests, words,
    writes, results
        See :class:`pyralis.hw.gcn.aggregateunit.AggregateUnit`.
    chain_coming, chain_open : Out(1), chain_allowed : Out(ROW_BITS), groups : In(stream of GroupRow), for
    each column
        A phase that takes the rows of an aggregation has started; takes them; groups that may begin; the
        rows, which never wait.
    """

    def __init__(self, config: GcnConfig, engine: Combination) -> None:
        self.config, self.engine = c, _ = config, engine
        self.phase = Phase(COMBINE, c.columns, c.clusters)
        word = wiring.Signature({"valid": Out(1), "data": Out(c.row_bits)})
        row = stream.Signature(FinishedRow(c.lanes, ROW_BITS))
        super().__init__({
            "descriptors": In(stream.Signature(COMBINE)),
            "current": Out(COMBINE),
            "active": Out(1),
            "ended": Out(1),
            "row_counts": self.phase.signature.members["row_counts"],
            "start": Out(1),
            "memory_free": In(1),
            "results_allowed": In(ROW_BITS).array(c.columns),
            "chain_coming": Out(1),
            "chain_open": Out(1),
            "chain_allowed": Out(ROW_BITS).array(c.columns),
            "groups": In(stream.Signature(GroupRow(c))).array(c.columns),
            "requests": Out(stream.Signature(address_bits(c))).array(c.columns),
            "words": In(word).array(c.columns),
            "writes": Out(stream.Signature(StoreWriteLayout(c))).array(c.columns),
            "results": Out(row).array(c.columns),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.phase = phase = self.phase
        d, engine = phase.current, self.engine
        connect(m, flipped(self.descriptors), phase.descriptors)
        memory, inside, gathers = Signal(), Signal(), Signal()
        m.d.comb += [
            self.current.eq(d),
            self.active.eq(phase.active),
            self.ended.eq(phase.ended),
            self.start.eq(phase.start),
            self.row_counts.eq(phase.row_counts),
            memory.eq(d.target == Target.MEMORY),
            gathers.eq(d.source == Source.FEATURES),
            phase.permitted.eq(self.memory_free | ~memory),
            phase.quiet.eq(~inside),
            self.chain_coming.eq(phase.active & (d.source == Source.CHAIN)),
            self.chain_open.eq(phase.settled & (d.source == Source.CHAIN)),
        ]
        self._lines(m, d, gathers, memory)
        first, slices = self._settings(m, d, gathers)
        busy = [engine.busy]
        for column in range(self.config.columns):
            feed, route = self._column(m, column, d, first, slices)
            busy += [feed.busy, engine.rows[column].valid, route.busy]
        m.d.comb += inside.eq(Cat(busy).any())
        return m

    def _lines(self, m: Module, d, gathers: Signal, memory: Signal) -> None:
        """Jobs of the gather clusters."""
        c, phase, engine = self.config, self.phase, self.engine
        cluster_bits = (c.clusters - 1).bit_length()
        group = Signal(ROW_BITS)
        m.d.comb += [
            # All rows of a cluster at once, unless there is room for some of them only.
            group.eq(Mux(memory, (1 << d.result_group) >> cluster_bits, -1)),
            phase.sparse.eq(gathers),
            phase.sparse_rows.start.eq(d.start),
            phase.sparse_rows.group_rows.eq(group),
            phase.sparse_rows.replays.eq(d.slices),
            phase.sparse_rows.base.eq(d.weight_base),
            phase.sparse_rows.step.eq(d.weight_stride),
        ]
        for sent, job in zip(phase.jobs, engine.jobs, strict=True):
            m.d.comb += [job.payload.eq(sent.payload), job.valid.eq(sent.valid), sent.ready.eq(job.ready)]
        for column in range(c.columns):
            allowed = Mux(phase.settled, self.results_allowed[column], 0)
            m.d.comb += engine.jobs_allowed[column].eq(Mux(memory, allowed, -1))

    def _settings(self, m: Module, d, gathers: Signal) -> tuple[Signal, Signal]:
        """Settings of the engine; returns the slices of the first source's rows, and of both."""
        c, engine = self.config, self.engine
        lane_bits, row_bits = (c.lanes - 1).bit_length(), (c.pe_rows - 1).bit_length()
        first, slices = Signal(SLICE_BITS), Signal(SLICE_BITS)
        settings, dense = engine.settings, engine.settings.dense
        m.d.sync += [  # right when the phase starts
            first.eq((d.boundary + (c.lanes - 1)) >> lane_bits),
            slices.eq((d.elements + (c.lanes - 1)) >> lane_bits),
        ]
        stride = Signal(range(SLICE_BITS + 1))
        for bit in range(SLICE_BITS):
            with m.If((slices - 1)[bit]):
                m.d.comb += stride.eq(bit + 1)
        m.d.comb += [
            settings.gather.eq(gathers),
            settings.cooperative.eq(d.cooperative),
            settings.sparse.valued.eq(d.valued),
            settings.sparse.signed.eq(d.is_signed),
            dense.groups.eq((self.phase.row_counts[0] + (c.pe_rows - 1)) >> row_bits),
            dense.elements.eq(d.elements),
            dense.boundary.eq(d.boundary),
            dense.signed.eq(d.is_signed),
            dense.second_signed.eq(d.second_signed),
            dense.slices.eq(d.slices),
            dense.base.eq(d.weight_base),
            dense.stride.eq(stride),
            settings.group_slices.eq(slices),
            *(settings[name].eq(d[name]) for name in ("scaled", "scale", "bias_base", "epilogue")),
            engine.row_counts.eq(self.phase.row_counts),
            engine.start.eq(self.phase.start & ~gathers),
        ]
        return first, slices

    def _column(self, m: Module, n: int, d, first: Signal, slices: Signal) -> tuple[Feed, Route]:
        m.submodules[f"feed_{n}"] = feed = Feed(self.config, n)
        m.submodules[f"route_{n}"] = route = Route(self.config, n)
        engine, rows, sink = self.engine, self.engine.rows[n], self.engine.groups[n]
        chained, given = self.groups[n], feed.rows
        m.d.comb += [
            feed.settings.begin.eq(Mux(d.source == Source.CHAIN, first, 0)),
            feed.settings.boundary.eq(first),
            feed.settings.end.eq(slices),
            *(feed.settings[name].eq(d[name]) for name in ("base", "stride", "second_base", "second_stride")),
            feed.row_count.eq(self.phase.row_counts[n]),
            feed.start.eq(self.phase.start & (d.source != Source.FEATURES)),
            feed.allowed.eq(engine.allowed[n]),
            feed.word.valid.eq(self.words[n].valid),
            feed.word.data.eq(self.words[n].data),
            self.chain_allowed[n].eq(engine.allowed[n]),
            # Neither is begun before there is room for it: an order of the two cannot block them.
            sink.payload.eq(Mux(chained.valid, chained.payload, given.payload)),
            sink.valid.eq(chained.valid | given.valid),
            chained.ready.eq(sink.ready),
            given.ready.eq(sink.ready & ~chained.valid),
            route.rows.payload.eq(rows.payload),
            route.rows.valid.eq(rows.valid),
            rows.ready.eq(route.rows.ready),
            route.target.eq(d.target),
        ]
        target_settings(m, route.settings, d)
        connect(m, feed.requests, flipped(self.requests[n]))
        connect(m, route.writes, flipped(self.writes[n]))
        connect(m, route.results, flipped(self.results[n]))
        return feed, route
