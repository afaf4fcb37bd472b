"""Loads: from LOAD descriptors to everything that is on chip."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.dma import DmaJob
from pyralis.hw.axi.read import ReadBeat
from pyralis.hw.common.stream import Queue, RegisterSlice
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.hw.gcn.execute import LoadOrder
from pyralis.hw.gcn.latejobs import TURN_BITS, LateJobs
from pyralis.hw.gcn.lines import LOAD_JOB, LineLayout
from pyralis.hw.gcn.loadconstants import ConstantLoader
from pyralis.hw.gcn.loadlines import LineLoader
from pyralis.hw.gcn.program import COMPACT_BITS, LOAD, Content, Origin, takes_compact
from pyralis.hw.gcn.windowjobs import WindowJobs, WindowLoad

__all__ = ["IN_ORDER", "SETTLE", "LoadUnit"]

IN_ORDER = 32
"""Loads that may have been accepted and not ended."""

SETTLE = 8
"""Cycles from the last word of a load until it counts as ended: all readers see the word by then."""


class _Channel(enum.Enum, shape=2):
    """Client of the Memory Handler that brings a load."""

    EDGES = 0
    FEATURES = 1
    WEIGHTS = 2


_DEPTHS = {_Channel.EDGES: 4, _Channel.FEATURES: 4, _Channel.WEIGHTS: 8}
"""Loads of a channel that are asked for ahead of the one that comes."""

_JOBS_AHEAD = 64
"""Jobs of the weights channel that memory is asked for ahead, where a load can have several."""


class LoadUnit(wiring.Component):
    """Executes LOAD descriptors, in three channels that work side by side.

    Each channel has its client of the Memory Handler, and does its loads in order: lines of edges, lines of
    features, and everything else. Memory is asked for a load as soon as its channel has a place for it, so
    that short loads follow each other without waiting for the memory. Where there is a Sparsity Eliminator,
    it stands between the loads of the third channel and the memory: of rows that it is to look through, the
    words of all windows come as one load, which is ended when its last word has.

    Ports
    -----
    descriptors : In(stream of LoadOrder)
        Legal ones only, in the order of the program; what a load has to wait for is over when it is offered.
        One with ``skip`` brings nothing and is only counted.
    weights_address, input_address, output_address : In(address_bits)
        What ``source`` counts from, multiples of the bus bytes; looked at when a descriptor transfers.
    ended : Out(1)
        Pulse: the oldest load that has not ended ends; the n-th pulse is for the n-th descriptor. All that it
        brought is where it belongs, and can be read. A load of scales ends when it begins: who reads scales
        waits for each (:class:`pyralis.hw.gcn.scales.Scales`).
    oldest_begun : Out(1)
        The oldest load that has not ended brings lines, and the line buffers have its LOAD_JOBs, so that jobs
        that read the lines may begin.
    busy : Out(1)
        A load has not ended, or scales are still to come.
    edges_jobs, features_jobs, weights_jobs : Out(streams of DmaJob)
    edges_data, features_data, weights_data : In(streams of ReadBeat)
        See :class:`pyralis.hw.gcn.handler.MemoryHandler`.
    late : Out(1)
        What the third channel asks memory for belongs behind loads of features that have not ended, and is
        more than a burst.
    edge_loads, edge_lines : Out(streams), for each column
    feature_loads, feature_lines : Out(streams), for each cluster of each column
        See :class:`pyralis.hw.gcn.lines.LineBuffer`. Edges without values have the value 1.
    weights, biases, scales, rows
        See :class:`pyralis.hw.gcn.loadconstants.ConstantLoader`.
    rows_seen, rows_loaded : Out
        See ``seen`` and ``loaded`` of :class:`pyralis.hw.gcn.windowjobs.WindowJobs`; only of cores that have
        an eliminator.

    Timing
    ------
    A beat a cycle in each channel, but for what :class:`pyralis.hw.gcn.loadconstants.ConstantLoader` says,
    and a few cycles between two loads. A descriptor every 2 cycles; ``ended`` comes ``SETTLE`` cycles or more
    after the last word was taken, or the load of scales was.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        self.dma = dma = c.handler.dma
        clusters = c.columns * c.clusters
        short = {each: bits if takes_compact(c, each) else 0 for each, bits in COMPACT_BITS.items()}
        self.edges = LineLoader(
            c.bus_bits, c.columns, values=c.edge_weights, compact=short[Content.EDGES], fill=1
        )
        self.features = LineLoader(
            c.bus_bits, clusters, values=c.feature_values, compact=short[Content.FEATURES], gaps=True
        )
        self.constants = ConstantLoader(c)
        self.windows = WindowJobs(c) if c.occupancy_words else None
        counts = (
            {f"rows_{name}": Out(self.windows.bits) for name in ("seen", "loaded")} if self.windows else {}
        )
        job = DmaJob(dma) if self.windows is None else WindowLoad(c)
        self.late_jobs = LateJobs(job, 2 * _JOBS_AHEAD)
        own = self.constants.signature.members
        jobs, beats = stream.Signature(DmaJob(dma)), stream.Signature(ReadBeat(dma))
        super().__init__({
            "descriptors": In(stream.Signature(LoadOrder)),
            **{f"{origin.name.lower()}_address": In(c.address_bits) for origin in Origin},
            "ended": Out(1),
            "oldest_begun": Out(1),
            "busy": Out(1),
            "late": Out(1),
            **{f"{channel.name.lower()}_jobs": Out(jobs) for channel in _Channel},
            **{f"{channel.name.lower()}_data": In(beats) for channel in _Channel},
            "edge_loads": Out(stream.Signature(LOAD_JOB)).array(c.columns),
            "edge_lines": Out(stream.Signature(LineLayout(c.edge_weights))).array(c.columns),
            "feature_loads": Out(stream.Signature(LOAD_JOB)).array(clusters),
            "feature_lines": Out(stream.Signature(LineLayout(c.feature_values))).array(clusters),
            **{name: own[name] for name in ("weights", "biases", "scales", "rows")},
            **counts,
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        begun, done, loads = {}, {}, {}
        for channel, loader in (
            (_Channel.EDGES, self.edges),
            (_Channel.FEATURES, self.features),
            (_Channel.WEIGHTS, self.constants),
        ):
            name = channel.name.lower()
            m.submodules[f"{name}_loader"] = loader
            loads[channel] = self._channel(m, name, loader, _DEPTHS[channel])
            done[channel] = self._settled(m, name, loader.done)
        begun = {_Channel.EDGES: self.edges.begun, _Channel.FEATURES: self.features.begun}
        for name, loader in (("edge", self.edges), ("feature", self.features)):
            for kind in ("loads", "lines"):
                for source, port in zip(getattr(loader, kind), getattr(self, f"{name}_{kind}"), strict=True):
                    connect(m, source, flipped(port))
        connect(m, self.constants.weights, flipped(self.weights))
        connect(m, self.constants.biases, flipped(self.biases))
        m.d.comb += self.scales.eq(self.constants.scales)
        for source, port in zip(self.constants.rows, self.rows, strict=True):
            connect(m, source, flipped(port))
        if self.windows:
            m.d.comb += [
                self.windows.write.eq(self.constants.occupancy),
                self.windows.written.eq(self.constants.written),
                self.rows_seen.eq(self.windows.seen),
                self.rows_loaded.eq(self.windows.loaded),
            ]
        order = self._accept(m, loads)
        self._end(m, order, begun, done)
        return m

    def _channel(self, m: Module, name: str, loader, depth: int) -> tuple[Queue, Queue]:
        """Queues of a channel's DMA jobs and of its loads, and the beats to its loader, load by load."""
        constants = loader is self.constants
        layout = self.late_jobs.jobs.p.shape() if constants else DmaJob(self.dma)
        m.submodules[f"{name}_jobs_queue"] = jobs = Queue(layout, depth)
        m.submodules[f"{name}_loads_queue"] = loads = Queue(loader.load.p.shape(), depth)
        m.submodules[f"{name}_slice"] = beats = RegisterSlice(ReadBeat(self.dma))
        connect(m, flipped(getattr(self, f"{name}_data")), beats.input)
        coming = Signal(name=f"{name}_coming")  # beats of the load that the loader has, or had
        ends = Signal(name=f"{name}_ends")  # the last beat of a job is the last one of its load
        if constants:
            self._constants(m, jobs, beats, ends)
        else:
            connect(m, jobs.output, flipped(getattr(self, f"{name}_jobs")))
            m.d.comb += ends.eq(1)
        m.d.comb += [
            loader.load.payload.eq(loads.output.payload),
            loader.load.valid.eq(loads.output.valid & ~coming),
            loads.output.ready.eq(loader.load.ready & ~coming),
            loader.beats.payload.eq(beats.output.p.data),
            loader.beats.valid.eq(beats.output.valid & coming),
            beats.output.ready.eq(loader.beats.ready & coming),
        ]
        with m.If(loader.load.valid & loader.load.ready):
            m.d.sync += coming.eq(1)
        with m.Elif(beats.output.valid & beats.output.ready & beats.output.p.last & ends):
            m.d.sync += coming.eq(0)
        return jobs, loads

    def _constants(self, m: Module, jobs: Queue, beats: RegisterSlice, ends: Signal) -> None:
        """Jobs of the third channel to memory, and whether they belong behind features."""
        late = self.late_jobs
        m.submodules.late_jobs = late
        connect(m, jobs.output, late.jobs)
        if self.windows:
            self._windows(m, late.passed, beats, ends)
        else:
            connect(m, late.passed, flipped(self.weights_jobs))
            m.d.comb += ends.eq(1)
        m.d.comb += [
            late.asked.eq(self.weights_jobs.valid & self.weights_jobs.ready),
            late.come.eq(beats.output.valid & beats.output.ready & beats.output.p.last),
            late.done.eq(self.features.done),
            self.late.eq(late.late),
        ]

    def _windows(self, m: Module, loads, beats: RegisterSlice, ends: Signal) -> None:
        """Loads through the eliminator to memory, and for each job on the way whether it ends one."""
        windows = self.windows
        assert windows is not None
        m.submodules.windows = windows
        m.submodules.jobs_ahead = ahead = Queue(1, _JOBS_AHEAD)
        connect(m, loads, windows.loads)
        m.d.comb += [
            self.weights_jobs.payload.eq(windows.jobs.p.job),
            self.weights_jobs.valid.eq(windows.jobs.valid & ahead.input.ready),
            ahead.input.payload.eq(windows.jobs.p.last),
            ahead.input.valid.eq(windows.jobs.valid & self.weights_jobs.ready),
            windows.jobs.ready.eq(self.weights_jobs.ready & ahead.input.ready),
            ends.eq(ahead.output.payload),
            ahead.output.ready.eq(beats.output.valid & beats.output.ready & beats.output.p.last),
        ]

    @staticmethod
    def _settled(m: Module, name: str, done) -> Signal:
        """*done*, ``SETTLE - 1`` cycles later; the count of loads that have ended takes one more."""
        later = Signal(SETTLE - 1, name=f"{name}_settling")
        m.d.sync += later.eq(Cat(done, later))
        return later[-1]

    def _accept(self, m: Module, loads: dict[_Channel, tuple[Queue, Queue]]) -> Queue:
        """Descriptors to their channels and to the queue of all, which is returned."""
        given = self.descriptors.p.load
        load, address = Signal(LOAD, reset_less=True), Signal(self.config.address_bits, reset_less=True)
        channel, skip, waiting, go = Signal(_Channel), Signal(), Signal(), Signal()
        m.d.comb += self.descriptors.ready.eq(~waiting)
        base = Signal(self.config.address_bits)
        with m.Switch(given.origin):
            for origin in Origin:
                with m.Case(origin):
                    m.d.comb += base.eq(getattr(self, f"{origin.name.lower()}_address"))
        with m.If(~waiting):
            m.d.sync += [
                waiting.eq(self.descriptors.valid),
                load.eq(given),
                address.eq(base + given.source),
                skip.eq(self.descriptors.p.skip),
                channel.eq(_Channel.WEIGHTS),
            ]
            for content, own in ((Content.EDGES, _Channel.EDGES), (Content.FEATURES, _Channel.FEATURES)):
                with m.If(given.content == content):
                    m.d.sync += channel.eq(own)
        with m.Elif(go):
            m.d.sync += waiting.eq(0)

        count, nothing = self._eliminated(load)
        entry = data.StructLayout({"channel": _Channel, "skip": 1})
        m.submodules.order = order = Queue(entry, IN_ORDER)
        room, turn = Signal(), Signal(TURN_BITS)  # the next load of features
        # One burst is not worth being late: it goes with what stands in front of it.
        before, short = Signal(TURN_BITS), Signal()
        m.d.comb += [
            go.eq(waiting & order.input.ready & (skip | room)),
            order.input.valid.eq(go),
            order.input.p.channel.eq(channel),
            order.input.p.skip.eq(skip | nothing),
            short.eq(load.beats <= self.dma.burst_beats),
        ]
        for own, (jobs, settings) in loads.items():
            put = Signal(name=f"{own.name.lower()}_put")
            with m.If(channel == own):
                m.d.comb += [room.eq(jobs.input.ready & settings.input.ready), put.eq(go & ~skip)]
            eliminates = self.windows is not None and own == _Channel.WEIGHTS
            asked = jobs.input.p
            if own == _Channel.WEIGHTS:
                m.d.comb += asked.turn.eq(Mux(short, before, turn))
                with m.If(put):
                    m.d.sync += before.eq(asked.turn)
                asked = asked.job
            elif own == _Channel.FEATURES:
                m.d.sync += turn.eq(turn + put)
            wanted = asked.job if eliminates else asked
            m.d.comb += [
                jobs.input.valid.eq(put),
                wanted.address.eq(address),
                wanted.beats.eq(load.beats),
                settings.input.valid.eq(put & ~nothing if eliminates else put),
            ]
            names = {"lines": "count"}  # the rest is called as in the descriptor
            for field in settings.input.p.shape().members:
                m.d.comb += settings.input.p[field].eq(load[names.get(field, field)])
            if eliminates:
                m.d.comb += [
                    settings.input.p.count.eq(count),
                    asked.is_bitmap.eq(load.content == Content.OCCUPANCY),
                    asked.mode.eq(load.eliminate),
                    asked.grouped.eq(load.grouped),
                    asked.height.eq(load.height),
                    asked.occupancy.eq(load.occupancy),
                    asked.rows.eq(load.count),
                ]
        return order

    def _eliminated(self, load) -> tuple:
        """Words that a load brings, not its rows where some are left out; and whether there are none."""
        if self.windows is None:
            return load.count, Const(0)
        eliminates = load.eliminate != Elimination.NONE
        words = (load.beats << self.windows.rows_log2) >> self.windows.beats_log2
        return Mux(eliminates, words, load.count), eliminates & (load.beats == 0)

    def _end(self, m: Module, order: Queue, begun: dict, done: dict) -> None:
        """Ends loads in order; a channel may be ahead of the order by all that its queue holds."""
        head = order.output
        accepted = order.input.valid & order.input.ready
        inside = Signal(range(IN_ORDER + 3))
        m.d.sync += inside.eq(inside + accepted - self.ended)
        over, lines = Signal(), Signal()  # the head has ended; it has begun to bring lines
        for channel, pulse in done.items():
            name = channel.name.lower()
            ended, own = Signal.like(inside, name=f"{name}_ended"), Signal(name=f"{name}_oldest")
            m.d.comb += own.eq(~head.p.skip & (head.p.channel == channel))
            m.d.sync += ended.eq(ended + pulse - (self.ended & own))
            with m.If(own):
                m.d.comb += over.eq(ended != 0)
            if channel in begun:
                ahead = Signal.like(inside, name=f"{name}_begun")
                m.d.sync += ahead.eq(ahead + begun[channel] - (self.ended & own))
                with m.If(own):
                    m.d.comb += lines.eq(ahead != 0)
        m.d.comb += [
            self.ended.eq(head.valid & (head.p.skip | over)),
            head.ready.eq(self.ended),
            self.oldest_begun.eq(head.valid & lines),
            self.busy.eq((inside != 0) | ~self.descriptors.ready | self.constants.busy),
        ]
