"""Gather mode of the Combination Engine: tasks of sparse features to weight rows and steps of sums."""

from dataclasses import replace

from amaranth import Array, Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import LINE, NO_SOURCE, GcnConfig
from pyralis.hw.gcn.reserve import ReservedQueue
from pyralis.hw.gcn.simdcore import ResultLayout
from pyralis.hw.gcn.systolic import CAPTURE, FEED, SumsLayout
from pyralis.hw.gcn.tasks import TaskLayout
from pyralis.hw.gcn.weightbuffer import READ_LATENCY, WEIGHT_READ

__all__ = ["GATHER_SETTINGS", "GatherCluster", "result_config"]

GATHER_SETTINGS = data.StructLayout({"valued": 1, "signed": 1})
"""``valued``: entries count by their values, int8 if ``signed``, else uint8. Without, each counts 1."""

_FEED_LATENCY = 2 + READ_LATENCY  # from the decision to issue an entry to its step at the module
_RESULT_LATENCY = _FEED_LATENCY + CAPTURE  # from the decision to pass a result on to its sums
_RESULTS = (
    16  # places of the result queue: what is under way, and what comes until a place is known to be free
)


def result_config(config: GcnConfig) -> GcnConfig:
    """The sizes with which :class:`pyralis.hw.gcn.merge.Merge` takes the results of a cluster."""
    return replace(config, cores=1, accumulator_bits=config.product_bits)


class GatherCluster(wiring.Component):
    """``cluster_ports`` PE rows of a systolic module, each of which works on a task of its own.

    A port issues an entry a cycle: it reads the entry's weight row and sends the module a step of a sum. The
    module cannot be stopped and passes on one result of the cluster a cycle, so everything that can wait is
    decided here, where entries are issued: the last entry of a row is held back while the port's result of
    the row before has not been given a cycle to leave, and a result is given one only with a place in the
    queue behind.

    Ports
    -----
    tasks : In(stream of TaskLayout), one for each port
    settings : In(GATHER_SETTINGS)
        Constant while ``busy``.
    hold : In(cluster_ports)
        A port must not read two cycles later.
    reads : Out(ArrayLayout(WEIGHT_READ, cluster_ports))
    feeds : Out(ArrayLayout(FEED, cluster_ports))
        With the words of the reads, ``READ_LATENCY`` cycles later.
    drain : Out(range(cluster_ports)), sums : In(SumsLayout)
        See :class:`pyralis.hw.gcn.systolic.SystolicModule`.
    results : Out(stream of ResultLayout)
    issued : Out(cluster_ports)
        Ports that have issued an entry that names a source, in the cycle before: for counting.
    busy : Out(1)

    Timing
    ------
    Each port an entry a cycle, without a gap between tasks that wait; the cluster a result a cycle. A result
    is offered 13 cycles after the last entry of its row was issued, or later.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.sums.combine`, exact: the rows of its sparse source.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        self.result = ResultLayout(result_config(c))
        self.values = c.feature_values
        ports = c.cluster_ports
        super().__init__({
            "tasks": In(stream.Signature(TaskLayout(self.values))).array(ports),
            "settings": In(GATHER_SETTINGS),
            "hold": In(ports),
            "reads": Out(data.ArrayLayout(WEIGHT_READ, ports)),
            "feeds": Out(data.ArrayLayout(FEED, ports)),
            "drain": Out(range(max(ports, 2))),
            "sums": In(SumsLayout(c)),
            "results": Out(stream.Signature(self.result)),
            "issued": Out(ports),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        ports = self.config.cluster_ports
        m.submodules.queue = queue = ReservedQueue(self.result, _RESULTS)
        wiring.connect(m, wiring.flipped(self.results), queue.output)
        # Results that have not been given a cycle to leave, and their places.
        waiting, granted = Signal(ports), Signal(ports)
        tags = [Signal(self._tag_bits(), name=f"tag_{p}", reset_less=True) for p in range(ports)]
        full = Signal(ports)
        for p in range(ports):
            self._port(m, p, full, waiting, granted, tags[p])
        self._grant(m, queue, waiting, granted, tags)
        m.d.comb += self.busy.eq(full.any() | waiting.any() | (queue.spare != queue.depth))
        return m

    def _tag_bits(self) -> int:
        return self.result.size - SumsLayout(self.config).size

    def _port(self, m: Module, p: int, full: Signal, waiting: Signal, granted: Signal, tag: Signal) -> None:
        """Issues the entries of a port's tasks; the step of an entry follows its read through two stages."""
        task = Signal(TaskLayout(self.values), name=f"task_{p}", reset_less=True)
        at, first, row = (
            Signal(range(LINE), name=f"at_{p}"),
            Signal(name=f"first_{p}", init=1),
            Signal.like(task.row),
        )
        ends_row, ends_task, ends = (Signal(name=f"{name}_{p}") for name in ("ends_row", "ends_task", "ends"))
        issue, load = Signal(name=f"issue_{p}"), Signal(name=f"load_{p}")
        source = self.tasks[p]
        m.d.comb += [
            ends_row.eq(task.ends.bit_select(at, 1)),
            ends_task.eq(at + 1 == task.count),
            ends.eq(ends_row | ends_task),
            issue.eq(full[p] & ~self.hold[p] & (~ends | ~waiting[p] | granted[p])),
            load.eq(~full[p] | (issue & ends_task)),
            source.ready.eq(load),
        ]
        with m.If(load):
            m.d.sync += [full[p].eq(source.valid), task.eq(source.payload), row.eq(source.p.row), at.eq(0)]
        with m.Elif(issue):
            m.d.sync += [at.eq(at + 1), row.eq(row + ends_row)]
        with m.If(issue):
            m.d.sync += first.eq(ends)
        with m.If(granted[p]):
            m.d.sync += waiting[p].eq(0)
        with m.If(issue & ends):
            place = [row, task.slice, task.partial, task.final, task.slot, task.chunk]
            m.d.sync += [waiting[p].eq(1), tag.eq(Cat(*place))]

        index, base = Signal.like(task.base, name=f"index_{p}"), Signal.like(task.base, name=f"base_{p}")
        read = Signal(WEIGHT_READ, name=f"read_{p}")
        step, entry = Signal(FEED, name=f"step_{p}_0"), Signal(FEED, name=f"step_{p}_1")
        byte = Signal(8, name=f"byte_{p}")
        m.d.sync += [
            step.valid.eq(issue),
            step.first.eq(first),
            step.last.eq(ends),
            index.eq(Array(task.indices[k] for k in range(LINE))[at]),
            base.eq(task.base),
            read.enable.eq(step.valid),
            read.row.eq(index + base),
            entry.eq(step),
            entry.element.eq(Mux(index == NO_SOURCE, 0, 1)),
        ]
        m.d.comb += self.issued[p].eq(step.valid & (index != NO_SOURCE))
        if self.values:
            m.d.sync += byte.eq(Array(task["values"][k] for k in range(LINE))[at])
            with m.If(self.settings.valued & (index != NO_SOURCE)):
                m.d.sync += entry.element.eq(Cat(byte, byte[-1] & self.settings.signed).as_signed())
        m.d.comb += self.reads[p].eq(read)
        for n in range(READ_LATENCY):
            entry, before = Signal(FEED, name=f"step_{p}_{n + 2}"), entry
            m.d.sync += entry.eq(before)
        m.d.comb += self.feeds[p].eq(entry)

    def _grant(self, m: Module, queue: ReservedQueue, waiting, granted, tags: list[Signal]) -> None:
        """Gives one waiting result a cycle to leave, in turn; its place meets its sums at the queue."""
        ports = len(tags)
        turn, place = Signal(range(max(ports, 2))), Signal(self._tag_bits())
        chosen = Signal(range(max(ports, 2)))
        with m.If(queue.spare != 0), m.Switch(turn):
            for start in range(ports):
                with m.Case(start):
                    for offset in reversed(range(ports)):
                        p = (start + offset) % ports
                        with m.If(waiting[p]):
                            m.d.comb += [granted.eq(1 << p), chosen.eq(p), place.eq(tags[p])]
                            m.d.sync += turn.eq((p + 1) % ports)
        m.d.comb += queue.reserve.eq(granted.any())
        valid, drain = Signal(_RESULT_LATENCY), chosen
        m.d.sync += valid.eq(Cat(granted.any(), valid))
        for n in range(_RESULT_LATENCY):
            place, before = Signal(self._tag_bits(), name=f"place_{n}", reset_less=True), place
            m.d.sync += place.eq(before)
        for n in range(_RESULT_LATENCY - 1):
            drain, before = Signal.like(chosen, name=f"drain_{n}", reset_less=True), drain
            m.d.sync += drain.eq(before)
        m.d.comb += [
            self.drain.eq(drain),
            queue.put.eq(valid[-1]),
            queue.word.eq(Cat(place, self.sums)),
        ]
