"""Starts, repeats, watches and stops a core that runs programs."""

from collections.abc import Mapping

from amaranth import Module, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["JobControl"]


class JobControl(wiring.Component):
    """Runs the program ``runs`` times and turns every fault into an error code.

    On an error, a timeout or an abort the whole datapath is reset for one cycle (``flush``); the DMA engines
    finish what the bus owes them by themselves, and a later start waits for that, so the core can be
    restarted after any fault as soon as the bus is alive.

    Parameters
    ----------
    address_bits : int
        Width of a bus address.
    codes : type of enum
        What the driver reads; it has ``NONE`` and ``TIMEOUT``.
    faults : dict of str to a member of *codes*
        Fault pulses that the datapath raises; of those of one cycle the first one of the dictionary counts.

    Ports
    -----
    start, abort : In(1)
        Pulses. ``start`` while busy is ignored.
    runs : In(32), resident : In(1), timeout : In(32)
        From the registers. ``timeout``: cycles without activity until the core gives up; 0: never.
    input_base, output_base, input_stride, output_stride : In
    activity : In(1)
        Something moved.
    drained : In(1)
        No DMA engine has anything outstanding.
    fetch_busy : In(1), fetch_error, fetch_index : In
    faults : In({name: 1})
        Pulses, one for each fault.
    index : In(16)
        Descriptor being carried out, filed with an error.
    run_done : In(1)
    fetch, load_weights : Out(1)
        ``fetch`` pulses once for each run, ahead of its execution. From the cycle after it until the next one
        ``load_weights`` says whether this run brings what stays on chip: the first one, or all runs if
        nothing is ``resident``.
    rewind : Out(1)
        Pulse at the end of a run, if something is ``resident``: it is used again.
    input_address, output_address : Out
        Of the run that is being carried out.
    flush : Out(1)
        Resets the datapath; a register, for it goes everywhere.
    begin : Out(1)
        Pulses when a start is accepted (counters and flags are cleared).
    busy, done, failed : Out(1)
        ``done`` and ``failed`` stay until the next start. ``finished`` pulses at the end, for the interrupt.
    error : Out(codes), error_index : Out(16), runs_done : Out(32)
    """

    def __init__(self, address_bits: int, codes: type[enum.Enum], faults: Mapping[str, enum.Enum]) -> None:
        self.codes, self.fault_codes = codes, dict(faults)
        address = address_bits
        super().__init__({
            "start": In(1),
            "abort": In(1),
            "runs": In(32),
            "resident": In(1),
            "timeout": In(32),
            "input_base": In(address),
            "output_base": In(address),
            "input_stride": In(32),
            "output_stride": In(32),
            "activity": In(1),
            "drained": In(1),
            "fetch_busy": In(1),
            "fetch_error": In(codes),
            "fetch_index": In(16),
            "faults": In(data.StructLayout(dict.fromkeys(faults, 1))),
            "index": In(16),
            "run_done": In(1),
            "fetch": Out(1),
            "load_weights": Out(1),
            "rewind": Out(1),
            "input_address": Out(address),
            "output_address": Out(address),
            "flush": Out(1),
            "begin": Out(1),
            "busy": Out(1),
            "done": Out(1),
            "failed": Out(1),
            "finished": Out(1),
            "error": Out(codes),
            "error_index": Out(16),
            "runs_done": Out(32),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        to_fetch = Signal(32)
        first = Signal()  # the next fetch is the first: it brings the weights in any case
        expired = self._watch(m)
        fault, code, where = self._fault(m, expired)

        m.d.sync += self.flush.eq(0)
        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"), m.If(self.start):
                m.d.comb += self.begin.eq(1)
                m.d.sync += [
                    self.done.eq(0),
                    self.failed.eq(0),
                    self.error.eq(self.codes.NONE),
                    self.error_index.eq(0),
                    self.runs_done.eq(0),
                    to_fetch.eq(self.runs),
                    self.input_address.eq(self.input_base),
                    self.output_address.eq(self.output_base),
                    first.eq(1),
                ]
                m.next = "DRAIN"
            with m.State("DRAIN"):
                with m.If(self.abort | expired):
                    m.d.sync += self.flush.eq(1)
                    m.next = "FLUSH"
                with m.Elif(self.drained):
                    m.d.sync += self.flush.eq(1)
                    m.next = "CLEAR"
                self._fail(m, expired & ~self.abort, self.codes.TIMEOUT, self.index)
            with m.State("CLEAR"):  # `flush` is high
                m.next = "RUN"
                with m.If(self.abort | expired):
                    m.d.sync += self.flush.eq(1)
                    m.next = "FLUSH"
                self._fail(m, expired & ~self.abort, self.codes.TIMEOUT, self.index)
            with m.State("RUN"):
                m.d.comb += self.fetch.eq((to_fetch != 0) & ~self.fetch_busy)
                with m.If(self.fetch):
                    m.d.sync += [
                        to_fetch.eq(to_fetch - 1),
                        self.load_weights.eq(first | ~self.resident),
                        first.eq(0),
                    ]
                with m.If(self.run_done):
                    self._next_run(m)
                with m.If(self.abort):
                    m.d.sync += self.flush.eq(1)
                    m.next = "FLUSH"
                with m.Elif(fault):
                    self._fail(m, 1, code, where)
                    m.d.sync += self.flush.eq(1)
                    m.next = "FLUSH"
                with m.Elif(self.runs_done == self.runs):
                    m.d.sync += self.done.eq(1)
                    m.d.comb += self.finished.eq(1)
                    m.next = "IDLE"
            with m.State("FLUSH"):
                m.d.comb += self.finished.eq(1)
                m.next = "IDLE"
        return m

    def _watch(self, m: Module) -> Signal:
        """Whether nothing has moved for too long."""
        quiet_cycles, expired = Signal(32), Signal()
        following = Signal(33)
        m.d.comb += following.eq(quiet_cycles + 1)
        m.d.sync += [
            quiet_cycles.eq(following),
            expired.eq((self.timeout != 0) & (following >= self.timeout)),
        ]
        with m.If(self.activity | ~self.busy | self.flush | expired):
            m.d.sync += [quiet_cycles.eq(0), expired.eq(0)]
        return expired

    def _fault(self, m: Module, expired: Signal) -> tuple[Signal, Signal, Signal]:
        """The first fault wins; among those of one cycle, the cause before its consequence."""
        fault, code, where = Signal(), Signal(self.codes), Signal(16)
        m.d.comb += [where.eq(self.index), fault.eq(1)]
        with m.If(self.fetch_error != self.codes.NONE):
            m.d.comb += [code.eq(self.fetch_error), where.eq(self.fetch_index)]
        for name, value in self.fault_codes.items():
            with m.Elif(self.faults[name]):
                m.d.comb += code.eq(value)
        with m.Elif(expired):
            m.d.comb += code.eq(self.codes.TIMEOUT)
        with m.Else():
            m.d.comb += fault.eq(0)
        return fault, code, where

    def _next_run(self, m: Module) -> None:
        m.d.comb += self.rewind.eq(self.resident)
        m.d.sync += [
            self.runs_done.eq(self.runs_done + 1),
            self.input_address.eq(self.input_address + self.input_stride),
            self.output_address.eq(self.output_address + self.output_stride),
        ]

    def _fail(self, m: Module, condition, code, where) -> None:
        with m.If(condition):
            m.d.sync += [self.failed.eq(1), self.error.eq(code), self.error_index.eq(where)]
