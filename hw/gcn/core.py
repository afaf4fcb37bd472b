"""The graph core: all units wired together, without registers or bus names."""

from amaranth import Cat, Module, Mux, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.signature import AxiRead, AxiWrite
from pyralis.hw.common.control import JobControl
from pyralis.hw.gcn.aggregateunit import AggregateUnit
from pyralis.hw.gcn.aggregation import Aggregation
from pyralis.hw.gcn.combination import Combination
from pyralis.hw.gcn.combineunit import CombineUnit
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.counters import Counters
from pyralis.hw.gcn.epilogue import Engine
from pyralis.hw.gcn.execute import Execute
from pyralis.hw.gcn.fetch import Fetch
from pyralis.hw.gcn.handler import CLIENTS, READERS, MemoryHandler
from pyralis.hw.gcn.load import LoadUnit
from pyralis.hw.gcn.program import FAULTS, ErrorCode, Source, Target
from pyralis.hw.gcn.results import RESULT_SETTINGS, Results
from pyralis.hw.gcn.scales import Scales
from pyralis.hw.gcn.storeread import StoreReads

__all__ = ["GcnCore"]


class GcnCore(wiring.Component):
    """Fetch, execute, compute.

    A descriptor whose rows go to memory ends when they have left its engine, and a run when all its
    descriptors have: results are still being written while the next run is at work. All are in memory when
    the job ends.

    Members
    -------
    control : JobControl
        Its register-side ports are wired by :class:`pyralis.hw.gcn.top.GcnTop`.
    counters : Counters

    Ports
    -----
    read_bus : Out(AxiRead), write_bus : Out(AxiWrite)
        All of the memory.
    program_address, weights_address : In(address_bits)
    by_priority, by_batch, by_need, remap : In(1)
        See :class:`pyralis.hw.gcn.handler.MemoryHandler`.
    sample_seed : In(16)
        Added without carry to the seeds of all samples.
    drained : Out(1)
        Nothing is outstanding on the bus.
    saturated : Out(1)
        A clamp of an epilogue has changed a value in this job.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        self.control = JobControl(config.address_bits, ErrorCode, FAULTS)
        self.counters = Counters(config)
        buses = {"address_bits": config.address_bits, "data_bits": config.bus_bits}
        super().__init__({
            "read_bus": Out(AxiRead(**buses)),
            "write_bus": Out(AxiWrite(**buses)),
            "program_address": In(config.address_bits),
            "weights_address": In(config.address_bits),
            "by_priority": In(1),
            "by_batch": In(1),
            "by_need": In(1),
            "remap": In(1),
            "sample_seed": In(16),
            "drained": Out(1),
            "saturated": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        m.submodules.control = self.control
        m.submodules.counters = self.counters
        m.submodules.handler = self.handler = MemoryHandler(c.handler)

        def unit(name: str, component: wiring.Component) -> wiring.Component:
            """Adds a unit that ``flush`` resets as a whole."""
            setattr(m.submodules, name, ResetInserter(self.control.flush)(component))
            return component

        self.fetch = unit("fetch", Fetch(c))
        self.execute = unit("execute", Execute())
        self.load = unit("load", LoadUnit(c))
        self.results = unit("results", Results(c))
        self.aggregation = unit("aggregation", Aggregation(c))
        self.combination = unit("combination", Combination(c))
        self.aggregate = unit("aggregate", AggregateUnit(c, self.aggregation))
        self.combine = unit("combine", CombineUnit(c, self.combination))
        self._program(m, unit)
        self._memory(m)
        self._constants(m, unit)
        self._store(m, unit)
        self._chain(m)
        self._results(m)
        self._status(m)
        return m

    def _program(self, m: Module, unit) -> None:
        """Program to units, and back that their descriptors have ended."""
        control, fetch, execute, load = self.control, self.fetch, self.execute, self.load
        connect(m, fetch.descriptors, execute.descriptors)
        connect(m, execute.load, load.descriptors)
        connect(m, execute.aggregate, self.aggregate.descriptors)
        connect(m, execute.combine, self.combine.descriptors)
        m.d.comb += [
            fetch.start.eq(control.fetch),
            fetch.flush.eq(control.flush),
            fetch.program_address.eq(self.program_address),
            execute.ended.load.eq(load.ended),
            execute.ended.aggregate.eq(self.aggregate.ended),
            execute.ended.combine.eq(self.combine.ended),
            execute.oldest_begun.eq(load.oldest_begun),
            self.aggregate.rows_ready.eq(execute.rows_ready),
            execute.skip_resident.eq(control.resident & (control.runs_done != 0)),
        ]

    def _memory(self, m: Module) -> None:
        """Everybody's jobs and beats at the Memory Handler."""
        handler, load, control = self.handler, self.load, self.control
        connect(m, self.fetch.jobs, handler.program_jobs)
        connect(m, handler.program_data, self.fetch.data)
        for client in ("edges", "features", "weights"):
            connect(m, getattr(load, f"{client}_jobs"), getattr(handler, f"{client}_jobs"))
            connect(m, getattr(handler, f"{client}_data"), getattr(load, f"{client}_data"))
        connect(m, self.results.jobs, handler.outputs_jobs)
        connect(m, self.results.data, handler.outputs_data)
        connect(m, handler.read, flipped(self.read_bus))
        connect(m, handler.write, flipped(self.write_bus))
        m.d.comb += [
            self.results.done.eq(handler.outputs_done),
            self.results.output_address.eq(control.output_address),
            load.weights_address.eq(self.weights_address),
            load.input_address.eq(control.input_address),
            load.output_address.eq(control.output_address),
            *(
                getattr(handler, name).eq(getattr(self, name))
                for name in ("by_priority", "by_batch", "by_need", "remap")
            ),
            handler.late.eq(load.late),
            handler.flush.eq(control.flush),
        ]

    def _constants(self, m: Module, unit) -> None:
        """Lines, weights, biases and scales to the engines."""
        c, load = self.config, self.load
        for n in range(c.columns):
            connect(m, load.edge_loads[n], self.aggregation.loads[n])
            connect(m, load.edge_lines[n], self.aggregation.lines[n])
        for n in range(c.columns * c.clusters):
            connect(m, load.feature_loads[n], self.combination.loads[n])
            connect(m, load.feature_lines[n], self.combination.lines[n])
        connect(m, load.weights, self.combination.weights)
        for biases in (self.aggregate.biases, self.combination.biases):  # each takes its own
            m.d.comb += [biases.payload.eq(load.biases.payload), biases.valid.eq(load.biases.valid)]
        m.d.comb += load.biases.ready.eq(1)
        for engine, current, readers in (
            (Engine.AGGREGATION, self.aggregate.current, self.aggregate.scales),
            (Engine.COMBINATION, self.combine.current, self.combination.scales),
        ):
            scales = unit(f"scales_{engine.name.lower()}", Scales(c, engine))
            m.d.comb += [scales.write.eq(load.scales), scales.base.eq(current.scale_base)]
            for n in range(c.columns):
                connect(m, readers[n], scales.ports[n])

    def _store(self, m: Module, unit) -> None:
        """Who writes to the row store, and who reads it beside the cores."""
        c, store = self.config, self.aggregation
        for n in range(c.columns):
            reads = unit(f"reads_{n}", StoreReads(c, 2, store.read_latency))
            connect(m, self.aggregate.requests[n], reads.requests[0])
            connect(m, self.combine.requests[n], reads.requests[1])
            for k, reader in enumerate((self.aggregate, self.combine)):
                m.d.comb += [
                    reader.words[n].valid.eq(reads.words[k].valid),
                    reader.words[n].data.eq(reads.words[k].data),
                ]
            m.d.comb += [
                store.reads[n].eq(reads.read),
                reads.word.valid.eq(store.read_data[n].valid),
                reads.word.data.eq(store.read_data[n].data),
            ]
            sink = store.writes[n]
            aggregated, combined, loaded = self.aggregate.writes[n], self.combine.writes[n], self.load.rows[n]
            with m.If(aggregated.valid):
                m.d.comb += self._pass(aggregated, sink)
            with m.Elif(combined.valid):
                m.d.comb += self._pass(combined, sink)
            with m.Else():
                m.d.comb += [
                    sink.p.address.eq(loaded.p.address),
                    sink.p.data.eq(loaded.p.data),
                    sink.valid.eq(loaded.valid),
                    loaded.ready.eq(sink.ready),
                ]

    @staticmethod
    def _pass(source, sink) -> list:
        return [
            sink.payload.eq(source.payload),
            sink.valid.eq(source.valid),
            source.ready.eq(sink.ready),
        ]

    def _chain(self, m: Module) -> None:
        """Rows of an aggregation to the combination behind it, once that has begun.

        Both units count their chains: the combination of an earlier one may still be at work.
        """
        aggregate, combine = self.aggregate, self.combine
        handed, taken, open_, mine = Signal(), Signal(), Signal(), Signal()  # chains, modulo 2
        with m.If(aggregate.ended & (aggregate.current.target == Target.CHAIN)):
            m.d.sync += handed.eq(~handed)
        with m.If(combine.ended & (combine.current.source == Source.CHAIN)):
            m.d.sync += taken.eq(~taken)
        with m.If(self.control.flush):
            m.d.sync += [handed.eq(0), taken.eq(0)]
        m.d.comb += [
            mine.eq(handed == taken),
            open_.eq(combine.chain_open & mine),
            aggregate.chain_open.eq(open_),
            aggregate.chain_coming.eq(combine.chain_coming & mine),
        ]
        for n in range(self.config.columns):
            m.d.comb += [
                aggregate.chain_allowed[n].eq(combine.chain_allowed[n]),
                combine.groups[n].payload.eq(aggregate.groups[n].payload),
                combine.groups[n].valid.eq(aggregate.groups[n].valid & open_),
                aggregate.groups[n].ready.eq(combine.groups[n].ready & open_),
            ]

    def _results(self, m: Module) -> None:
        """Rows to memory, of one unit at a time."""
        results, aggregate, combine = self.results, self.aggregate, self.combine
        combined = Signal()  # the owner
        taking = Signal()
        aggregates = aggregate.start & (aggregate.current.target == Target.MEMORY)
        combines = combine.start & (combine.current.target == Target.MEMORY)
        wants = aggregate.waiting & (aggregate.current.target == Target.MEMORY)
        m.d.comb += [
            taking.eq(aggregates | combines),
            aggregate.memory_free.eq(~results.busy),
            combine.memory_free.eq(~results.busy & ~wants),
            results.start.eq(taking),
        ]
        owner, made = Signal(), Signal()  # made: by a descriptor that has not ended
        with m.If(taking):
            m.d.sync += [combined.eq(combines), made.eq(1)]
        with m.Elif(Mux(combined, combine.ended, aggregate.ended)):
            m.d.sync += made.eq(0)
        m.d.comb += [
            owner.eq(Mux(taking, combines, combined)),
            self.execute.unwritten.eq(results.busy & ~made),
        ]
        for unit, mine in ((aggregate, ~owner), (combine, owner)):
            d = unit.current
            with m.If(mine):
                m.d.comb += [
                    results.settings.output.eq(d.epilogue.output),
                    results.settings.slices.eq(d.slices),
                    *(
                        results.settings[name].eq(d[f"result_{name}"])
                        for name in RESULT_SETTINGS.members
                        if name not in ("output", "slices")
                    ),
                    results.row_counts.eq(unit.row_counts),
                ]
        for n in range(self.config.columns):
            with m.If(owner):
                m.d.comb += self._pass(combine.results[n], results.rows[n])
            with m.Else():
                m.d.comb += self._pass(aggregate.results[n], results.rows[n])
            for unit in (aggregate, combine):
                m.d.comb += unit.results_allowed[n].eq(results.allowed[n])

    def _status(self, m: Module) -> None:
        """What control watches, and what is counted."""
        control, counters, handler = self.control, self.counters, self.handler
        fetch, execute, load = self.fetch, self.execute, self.load
        units = {"load": load, "aggregate": self.aggregate, "combine": self.combine}
        beats = {
            **{f"{name}_beats": getattr(handler, f"{name}_data") for name in READERS},
            "write_beats": handler.outputs_data,
        }
        # Nobody that waits for the engines waits for long while one of these moves.
        moved = Cat(
            *(beat.valid & beat.ready for beat in beats.values()),
            *(row.valid & row.ready for row in self.aggregation.rows),
            *self.aggregation.entries,
            self.combination.issued,
            self.combination.stepping,
        )
        activity, later = Signal(), Signal()
        m.d.sync += activity.eq(moved.any())
        # Results of a run are written while the next one is at work; the job's end is behind all of them.
        m.d.sync += later.eq(control.runs_done + 1 != control.runs)
        m.d.comb += [
            self.drained.eq(~handler.busy),
            control.drained.eq(self.drained),
            control.activity.eq(activity),
            control.run_done.eq(execute.run_done),
            control.index.eq(execute.index),
            control.fetch_busy.eq(fetch.busy),
            control.fetch_error.eq(fetch.error),
            control.fetch_index.eq(fetch.error_index),
            execute.may_end.eq(~(self.results.busy | load.busy) | later),
            self.saturated.eq(self.aggregate.saturated | self.combination.saturated),
            self.aggregate.clear.eq(control.begin),
            self.combination.clear.eq(control.begin),
            self.aggregation.clear.eq(control.begin),
            self.aggregation.sample_seed.eq(self.sample_seed),
            counters.clear.eq(control.begin),
            counters.cycles.eq(control.busy),
            counters.aggregate_cycles.eq(self.aggregate.active),
            counters.combine_cycles.eq(self.combine.active),
            counters.drain_cycles.eq(execute.draining),
            counters.entries.eq(self.aggregation.entries),
            counters.issued.eq(self.combination.issued),
            counters.stepping.eq(self.combination.stepping),
            *(
                getattr(counters, name).eq(getattr(load, name))
                for name in ("rows_seen", "rows_loaded")
                if self.config.occupancy_words
            ),
        ]
        for n, name in enumerate(CLIENTS):
            m.d.comb += control.faults[f"{name}_bus"].eq(handler.error[n])
        for name, beat in beats.items():
            m.d.comb += getattr(counters, name).eq(beat.valid & beat.ready)
        for name, unit in units.items():
            handed = getattr(execute, name)
            header = handed.p.load if name == "load" else handed.p
            begin, index = handed.valid & handed.ready, header.index
            if name == "aggregate":  # it may have been waiting for its rows
                begin, index = unit.begun, unit.current.index
            m.d.comb += [
                counters.begin[name].eq(begin),
                counters.end[name].eq(unit.ended),
                counters.index[name].eq(index),
            ]
