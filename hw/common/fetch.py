"""Program fetch: descriptors from memory, checked, in a queue."""

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth import Cat, Module, ResetInserter, Signal
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.axi.read import ReadBeat, ReadJob
from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES, descriptor

__all__ = ["ProgramFetch"]


class ProgramFetch(wiring.Component):
    """Reads the program page by page and stops after END or at the first illegal descriptor.

    The next page is asked for only when the last descriptor is known not to be END, so nothing behind the
    page of END is ever read. What is behind END in its page is dropped unseen, and then END is passed on:
    when a program has ended, none of its reads is on its way.

    A subclass may have states of its own, which a descriptor of a kind leads to before the next one is asked
    for (``_detours``, ``_states``).

    Parameters
    ----------
    dma : DmaConfig
        Widths of the bus.
    check : Component
        Legality of one descriptor: ``descriptor`` In(1024), ``code`` Out(codes).
    check_latency : int
        Of *check* in cycles: 0, or 1 where its logic is long.
    end : member of an enum
        Opcode that ends the program.
    codes : type of enum
        Of errors; it has ``NONE`` and ``VERSION``.
    page : int
        Descriptors that are read by one job.
    depth : int
        Legal descriptors that wait for execution.
    more : dict
        Further ports, of a subclass.

    Ports
    -----
    start : In(1)
        Pulse: run the program at ``program_address``. Looked at only while ``busy`` is low.
    flush : In(1)
        Forgets everything, the error included. The read DMA must be flushed in the same cycle.
    program_address : In(address_bits)
        Byte address, a multiple of the bus bytes; constant while ``busy``.
    jobs : Out(stream of ReadJob), data : In(stream of ReadBeat)
        Read DMA of the program, one job for each page. Pages of one descriptor are asked for when the queue
        has a place for it; larger ones at once, and their beats wait.
    descriptors : Out(stream of 1024 bits)
        Legal descriptors in order, END included.
    error : Out(codes), error_index : Out(16)
        Level, from an illegal descriptor until ``flush``. Nothing of that descriptor is passed on; its
        predecessors stay in the queue. The index is the one in the descriptor, or ``position`` where the
        version is wrong.
    position : Out(16)
        Place in the program of the descriptor that is being fetched, from 0 (for errors of the bus).
    busy : Out(1)
        From ``start`` until END is in the queue, or ``flush``; stays high with an error.

    Timing
    ------
    4 cycles from the last beat of a descriptor to ``descriptors.valid`` (of END: 2 from the last one of its
    page, if that is later), 3 to the next job or to the first beat of the next descriptor in the page.
    """

    def __init__(
        self,
        dma: DmaConfig,
        check: wiring.Component,
        *,
        end: enum.Enum,
        codes: type[enum.Enum],
        check_latency: int = 0,
        page: int = 1,
        depth: int = 4,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.dma, self.check, self.end, self.codes = dma, check, end, codes
        self.check_latency, self.page, self.depth = check_latency, page, depth
        super().__init__({
            "start": In(1),
            "flush": In(1),
            "program_address": In(dma.address_bits),
            "jobs": Out(stream.Signature(ReadJob(dma))),
            "data": In(stream.Signature(ReadBeat(dma))),
            "descriptors": Out(stream.Signature(8 * DESCRIPTOR_BYTES)),
            "error": Out(codes),
            "error_index": Out(16),
            "position": Out(16),
            "busy": Out(1),
            **(more or {}),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.check = check = self.check
        m.submodules.queue = queue = SyncFIFOBuffered(width=8 * DESCRIPTOR_BYTES, depth=self.depth)
        beats = 8 * DESCRIPTOR_BYTES // self.dma.data_bits

        word = Signal(8 * DESCRIPTOR_BYTES, reset_less=True, name="descriptor")
        address = Signal(self.dma.address_bits)
        left = Signal(range(beats))  # a power of two of beats: it comes back to the first value by itself
        fault = Signal(self.codes)
        page_over = Signal()
        wiring.connect(m, queue.r_stream, wiring.flipped(self.descriptors))
        m.d.comb += [
            check.descriptor.eq(word),
            queue.w_data.eq(word),
            self.jobs.p.address.eq(address),
            self.jobs.p.beats.eq(beats * self.page),
        ]

        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += [address.eq(self.program_address), self.position.eq(0)]
                m.next = "REQUEST"
            with m.State("REQUEST"):
                m.d.sync += left.eq(beats - 1)
                m.d.comb += self.jobs.valid.eq(queue.w_rdy if self.page == 1 else 1)
                with m.If(self.jobs.valid & self.jobs.ready):
                    m.next = "RECEIVE"
            with m.State("RECEIVE"):
                m.d.comb += self.data.ready.eq(1)
                with m.If(self.data.valid):
                    m.d.sync += word.eq(Cat(word, self.data.p.data)[self.dma.data_bits :])
                    m.d.sync += left.eq(left - 1)
                    if self.page > 1:
                        m.d.sync += page_over.eq(self.data.p.last)
                    with m.If(left == 0):
                        m.next = "CHECK"
            with m.State("CHECK"):  # a cycle of its own for the checker's logic
                if not self.check_latency:
                    m.d.sync += fault.eq(check.code)
                m.next = "DECIDE"
            with m.State("DECIDE"):
                if self.check_latency:
                    m.d.comb += fault.eq(check.code)
                if self.page == 1:
                    self._decide(m, word, address, fault, page_over, queue.w_en)
                else:
                    with m.If(queue.w_rdy):
                        self._decide(m, word, address, fault, page_over, queue.w_en)
            self._states(m, word)
            if self.page > 1:
                with m.State("DROP"):
                    m.d.comb += self.data.ready.eq(1)
                    with m.If(self.data.valid & self.data.p.last):
                        m.d.comb += queue.w_en.eq(1)
                        m.d.sync += self.position.eq(self.position + 1)
                        m.next = "IDLE"
            with m.State("ERROR"):
                pass
        return ResetInserter(self.flush)(m)

    def _decide(self, m: Module, word: Signal, address: Signal, fault: Signal, page_over, accept) -> None:
        header = data.View(descriptor(type(self.end), {}), word)
        one = self.page == 1
        with m.If(fault != self.codes.NONE):
            m.d.sync += self.error.eq(fault)
            m.d.sync += self.error_index.eq(header.index)
            with m.If(fault == self.codes.VERSION):
                m.d.sync += self.error_index.eq(self.position)
            m.next = "ERROR"
        if not one:  # the page of END is read to its end before that is told
            with m.Elif((header.opcode == self.end) & ~page_over):
                m.next = "DROP"
        with m.Else():
            m.d.comb += accept.eq(1)
            m.d.sync += self.position.eq(self.position + 1)
            m.next = "REQUEST"
            if not one:
                with m.If(~page_over):
                    m.next = "RECEIVE"
            with m.If(header.opcode == self.end):
                m.next = "IDLE"
            for condition, state in self._detours(word):
                with m.Elif(condition):
                    m.next = state
        m.d.sync += address.eq(address + DESCRIPTOR_BYTES)

    def _detours(self, word: Signal) -> Sequence[tuple[Any, str]]:
        """Which descriptors lead to a state of :meth:`_states` (pages of one descriptor only)."""
        return ()

    def _states(self, m: Module, word: Signal) -> None:
        """States that detours lead to; each goes on to ``REQUEST``."""
