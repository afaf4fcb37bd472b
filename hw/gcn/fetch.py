"""Program fetch of the graph core: pages, legality, and a store for later runs."""

from amaranth import Module, ResetInserter
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.read import ReadBeat, ReadJob
from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.common.fetch import ProgramFetch
from pyralis.hw.gcn.check import Check
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import ErrorCode, Opcode
from pyralis.hw.gcn.programstore import PAGE, ProgramStore

__all__ = ["Fetch"]


class Fetch(wiring.Component):
    """Reads the program by pages, from memory in a job's first run and then from a store on chip.

    Ports
    -----
    start, flush, program_address, descriptors, error, error_index, position, busy
        See :class:`~pyralis.hw.common.fetch.ProgramFetch`. ``flush`` clears the store as well: the next run
        reads from memory.
    jobs : Out(stream of ReadJob), data : In(stream of ReadBeat)
        The program's client of the memory.

    Timing
    ------
    From ``start`` to ``jobs.valid`` 1 cycle. With n beats in a descriptor, the first one that is on chip is
    at ``descriptors`` ``n + 6`` cycles after ``start`` (``n + 5`` with a queue of one), each further one of
    its page ``n + 2`` cycles later, and the first one of the next page ``n + 4``.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        dma = config.handler.dma
        super().__init__({
            "start": In(1),
            "flush": In(1),
            "program_address": In(dma.address_bits),
            "jobs": Out(stream.Signature(ReadJob(dma))),
            "data": In(stream.Signature(ReadBeat(dma))),
            "descriptors": Out(stream.Signature(8 * DESCRIPTOR_BYTES)),
            "error": Out(ErrorCode),
            "error_index": Out(16),
            "position": Out(16),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        dma = self.config.handler.dma
        m.submodules.fetch = fetch = ProgramFetch(
            dma,
            Check(self.config),
            check_latency=1,
            end=Opcode.END,
            codes=ErrorCode,
            page=PAGE,
            depth=self.config.program_queue,
        )
        store = ProgramStore(dma)
        m.submodules.store = ResetInserter(self.flush)(store)
        connect(m, fetch.jobs, store.jobs)
        connect(m, store.data, fetch.data)
        connect(m, store.bus_jobs, flipped(self.jobs))
        connect(m, flipped(self.data), store.bus_data)
        connect(m, fetch.descriptors, flipped(self.descriptors))
        m.d.comb += [
            fetch.start.eq(self.start),
            fetch.flush.eq(self.flush),
            fetch.program_address.eq(self.program_address),
            store.start.eq(self.start),
            self.error.eq(fetch.error),
            self.error_index.eq(fetch.error_index),
            self.position.eq(fetch.position),
            self.busy.eq(fetch.busy),
        ]
        return m
