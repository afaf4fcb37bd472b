"""Cycle and event counters of the graph core, for the whole job and for each descriptor."""

from amaranth import Module, Mux, ResetInserter, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from pyralis.hw.common.stream import Queue
from pyralis.hw.common.sums import DescriptorSums
from pyralis.hw.gcn.config import LINE, GcnConfig
from pyralis.hw.gcn.execute import UNITS
from pyralis.hw.gcn.windowjobs import window_bits

__all__ = ["EVENTS", "PER_DESCRIPTOR", "TOTALS", "Counters"]

PER_DESCRIPTOR = 64
"""Descriptors 0..63 have a counter of their own; those of later ones are filed under the index modulo 64."""

EVENTS = (
    *("cycles", "aggregate_cycles", "combine_cycles", "drain_cycles"),
    *("program_beats", "edges_beats", "features_beats", "weights_beats", "write_beats"),
)
"""Totals of what happens at most once a cycle: busy cycles, those in which each engine has a descriptor,
those at the job's end in which nothing is left but results to write; bus beats of each reader and of the
writer."""

TOTALS = (*EVENTS[:4], "entries", "products", *EVENTS[4:], "rows_seen", "rows_loaded")
"""Job totals, 48 bits. ``entries``: of adjacencies, given to SIMD cores, each slice counted; ``products``: of
an element with a row of ``lanes`` weights; ``rows_seen``: that the Sparsity Eliminator has looked at, each
slice counted; ``rows_loaded``: in the windows that it has left."""

IN_FLIGHT = {"load": 32, "aggregate": 8, "combine": 8}
"""Descriptors of a unit that have begun and are not filed yet. More are lost, and the later ones of the unit
are then filed wrongly: what a unit may hold at a time is bounded well below."""


class Counters(wiring.Component):
    """What the driver reads to see where the time went.

    Ports
    -----
    clear : In(1)
        At the start of a job.
    cycles, aggregate_cycles, combine_cycles, drain_cycles, program_beats, ... : In(1)
        One for each of ``EVENTS``.
    entries : In(ArrayLayout(range(LINE + 1), columns))
        Entries that each column gives to its cores in this cycle.
    issued : In(ArrayLayout(gather_ports, columns)), stepping : In(columns)
        Of the Combination Engine: ports that issue an entry with a source, modules that make a step with all
        PE rows.
    rows_seen, rows_loaded : In
        See :class:`pyralis.hw.gcn.load.LoadUnit`; only of cores that have an eliminator.
    begin, end : In({unit: 1})
        A unit of ``UNITS`` begins a descriptor, ends its oldest one.
    index : In({unit: 6})
        Of the descriptor that begins.
    total_... : Out(48)
        One for each of ``TOTALS``.
    select : In, descriptor_cycles : Out(40)
        Cycles from the begin of a descriptor to its end, summed over all runs. Units overlap, so that these
        do not add up to ``cycles``.

    Timing
    ------
    An event shows in its total some cycles later, at most 8; the cycles of a descriptor some 10 cycles after
    its end, and 3 more for each one that has ended just before. All inputs but ``select`` go through
    registers first: they come from the ends of other units' paths.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        index, units = ceil_log2(PER_DESCRIPTOR), dict.fromkeys(UNITS, 1)
        self._rows = ("rows_seen", "rows_loaded") if config.occupancy_words else ()
        super().__init__({
            "clear": In(1),
            **{name: In(1) for name in EVENTS},
            "entries": In(data.ArrayLayout(range(LINE + 1), config.columns)),
            "issued": In(data.ArrayLayout(config.gather_ports, config.columns)),
            "stepping": In(config.columns),
            **{name: In(window_bits(config)) for name in self._rows},
            "begin": In(data.StructLayout(units)),
            "end": In(data.StructLayout(units)),
            "index": In(data.StructLayout(dict.fromkeys(UNITS, index))),
            **{f"total_{name}": Out(48) for name in TOTALS},
            "select": In(index),
            "descriptor_cycles": Out(40),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        self._clears = [self.clear]
        self._held: dict[str, Signal] = {}
        for name in (*EVENTS, *self._rows, "entries", "issued", "stepping", "begin", "end", "index"):
            held = self._held[name] = Signal.like(getattr(self, name), name=f"{name}_held")
            m.d.sync += held.eq(getattr(self, name))
        for name in (*EVENTS, *self._rows):
            self._total(m, name, self._held[name], 1)
        entries, issued = self._held["entries"], self._held["issued"]
        products = []
        for n in range(c.columns):
            ports = issued[n]
            gathered = sum((ports[k] for k in range(1, c.gather_ports)), ports[0])
            products.append(gathered + Mux(self._held["stepping"][n], c.pe_rows, 0))
        self._total(m, "products", *self._sum(m, "products", products))
        self._total(m, "entries", *self._sum(m, "entries", [entries[n] for n in range(c.columns)]))
        self._file(m)
        return m

    def _total(self, m: Module, name: str, amount, latency: int) -> None:
        """Adds *amount*, which belongs to the inputs of *latency* cycles ago."""
        total = getattr(self, f"total_{name}")
        m.d.sync += total.eq(Mux(self._clear(m, latency), 0, total + amount))

    def _clear(self, m: Module, latency: int):
        """``clear`` of *latency* cycles ago."""
        while len(self._clears) <= latency:
            late = Signal(name=f"clear_{len(self._clears)}")
            m.d.sync += late.eq(self._clears[-1])
            self._clears.append(late)
        return self._clears[latency]

    @staticmethod
    def _sum(m: Module, name: str, amounts: list) -> tuple[Signal, int]:
        """Sum of what follows from held inputs, with a register behind each stage; and its latency."""
        latency, size = 1, 1  # the first stage takes them one by one
        while True:
            groups = [amounts[n : n + size] for n in range(0, len(amounts), size)]
            amounts = []
            for n, group in enumerate(groups):
                value = sum(group[1:], group[0])
                amounts.append(Signal(len(value), name=f"{name}_{latency}_{n}", reset_less=True))
                m.d.sync += amounts[-1].eq(value)
            latency, size = latency + 1, 4
            if len(amounts) == 1:
                return amounts[0], latency

    def _file(self, m: Module) -> None:
        """Cycles of each descriptor: the times of begins and ends wait in pairs until they are filed."""
        held = self._held
        m.submodules.cycles_of = sums = DescriptorSums(PER_DESCRIPTOR)
        now = Signal(32)
        opening = data.StructLayout({"index": len(self.select), "at": len(now)})
        index, begun, ended = Signal(len(self.select)), Signal.like(now), Signal.like(now)
        pace, filing, free = Signal(range(3)), Signal(), Signal()
        m.d.sync += [now.eq(now + 1), filing.eq(0)]
        with m.If(pace != 0):  # the sums take one in three cycles
            m.d.sync += pace.eq(pace - 1)
        m.d.comb += free.eq(pace == 0)
        for unit in reversed(UNITS):  # loads are many, and wait for the engines
            begins, ends = Queue(opening, IN_FLIGHT[unit]), Queue(len(now), IN_FLIGHT[unit])
            m.submodules[f"{unit}_begins"] = ResetInserter(self._clear(m, 1))(begins)
            m.submodules[f"{unit}_ends"] = ResetInserter(self._clear(m, 1))(ends)
            file, later = Signal(name=f"{unit}_files"), Signal(name=f"free_after_{unit}")
            m.d.comb += [
                begins.input.valid.eq(held["begin"][unit]),
                begins.input.p.index.eq(held["index"][unit]),
                begins.input.p.at.eq(now),
                ends.input.valid.eq(held["end"][unit]),
                ends.input.payload.eq(now),
                file.eq(free & begins.output.valid & ends.output.valid),
                begins.output.ready.eq(file),
                ends.output.ready.eq(file),
                later.eq(free & ~file),
            ]
            with m.If(file):
                m.d.sync += [
                    filing.eq(1),
                    pace.eq(2),
                    index.eq(begins.output.p.index),
                    begun.eq(begins.output.p.at),
                    ended.eq(ends.output.payload),
                ]
            free = later
        m.d.comb += [
            sums.clear.eq(self._clear(m, 1)),
            sums.add.eq(filing),
            sums.index.eq(index),
            sums.amount.eq((ended - begun)[: len(now)]),
            sums.select.eq(self.select),
            self.descriptor_cycles.eq(sums.value),
        ]
