"""Memory Handler: the clients of the external memory, in an order that its rows and banks like."""

from amaranth import Cat, Module, Mux, ResetInserter, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.arbiter import BeatOwner, BeatRouter
from pyralis.hw.axi.cutter import BurstCutter, CutBurst
from pyralis.hw.axi.dma import BurstQueue, DmaJob
from pyralis.hw.axi.read import ReadBeat, ReadDma
from pyralis.hw.axi.signature import AxiRead, AxiWrite
from pyralis.hw.axi.write import WriteDma
from pyralis.hw.common.stream import Queue, RegisterSlice
from pyralis.hw.gcn.batch import BatchOrder
from pyralis.hw.gcn.handlerconfig import HandlerConfig

__all__ = ["CLIENTS", "NEEDS", "READERS", "MemoryHandler"]

READERS = ("program", "edges", "features", "weights")
"""Clients that read, in HyGCN's order of priority, the highest first."""

CLIENTS = (*READERS, "outputs")
"""All clients, in HyGCN's order of priority; the last one writes."""

NEEDS = {"program": 0, "weights": 1, "features": 2, "edges": 3, "outputs": 4}
"""How soon the first layer wants what each client brings, if it combines first: no product without weights,
features as they come, edges when all rows have been combined. Weights of a layer behind, with its scales, are
wanted as late as its edges."""

PROGRAM_BURSTS = 2
"""Longest bursts for which the program has room on chip: it is read a page at a time."""

ON_THE_WAY = 8
"""Bursts that are on their way besides those on the bus: in registers in front of it, and behind it."""


class MemoryHandler(wiring.Component):
    """Joins four readers and a writer to one AXI4 read port and one write port.

    Jobs are cut into bursts, and :class:`~pyralis.hw.gcn.batch.BatchOrder` says which client's burst is asked
    for next: a row of the memory serves several bursts of one client before that of another one is opened.
    Short ones go together, up to the beats of a longest one. A burst goes only when all its beats have room
    on chip, or, of the writer, are there, so that no client can hold up another one by not taking or not
    bringing beats.

    Parameters
    ----------
    config : HandlerConfig
        Sizes.

    Ports
    -----
    program_jobs, edges_jobs, features_jobs, weights_jobs, outputs_jobs : In(stream of DmaJob)
        What to move, in whole bus words. Jobs of no beats give nothing.
    program_data, edges_data, features_data, weights_data : Out(stream of ReadBeat)
        The beats of the client's jobs in order. On a bus error the beat still comes.
    outputs_data : In(stream of data_bits)
        The words of the writer's jobs in order; as many as ``buffer_bursts`` hold are taken ahead of a job.
    outputs_done : Out(1)
        High for one cycle for each of the writer's jobs, after its last response.
    read, write : Out(AxiRead(...)), Out(AxiWrite(...))
    by_priority, by_batch, by_need : In(1)
        See ``BatchOrder``; priorities are those of ``CLIENTS`` (HyGCN's), or by need of ``NEEDS``.
    late : In(1)
        What the weights' client asks for belongs behind the features that are on their way.
    remap : In(1)
        Addresses are permuted as ``HandlerConfig.remap`` does, of reads and writes alike; not to be changed
        while ``busy``. The host then writes images by ``HandlerConfig.place`` and reads results by
        ``HandlerConfig.collect``.
    flush : In(1)
        Abandons everything, as the DMA engines do: jobs and words that are offered while it is high are taken
        and dropped, later ones wait until what is on the bus has been completed.
    busy : Out(1)
        A burst or a beat is on its way, or a flush is being completed. (A job that waits for its turn does
        not count.)
    error : Out(5)
        A bit for each client, in the order of ``CLIENTS``: high for one cycle for each bad response.

    Timing
    ------
    ARVALID is high 5 cycles after the transfer of a lone job, the client's ``valid`` 4 cycles after RVALID.
    The clients get a burst every 2 cycles; of short ones of one client that follow each other one a cycle,
    and a cycle goes by after as many beats as a longest one has.
    """

    def __init__(self, config: HandlerConfig) -> None:
        self.config = config
        dma = config.dma
        jobs, beats = stream.Signature(DmaJob(dma)), stream.Signature(ReadBeat(dma))
        widths = {"address_bits": dma.address_bits, "data_bits": dma.data_bits}
        super().__init__({
            **{f"{name}_jobs": In(jobs) for name in CLIENTS},
            **{f"{name}_data": Out(beats) for name in READERS},
            "outputs_data": In(stream.Signature(dma.data_bits)),
            "outputs_done": Out(1),
            "read": Out(AxiRead(**widths)),
            "write": Out(AxiWrite(**widths)),
            "by_priority": In(1),
            "by_batch": In(1),
            "by_need": In(1),
            "late": In(1),
            "remap": In(1),
            "flush": In(1),
            "busy": Out(1),
            "error": Out(len(CLIENTS)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        dma = self.config.dma
        m.submodules.reader = reader = ReadDma(dma, cut=False)
        m.submodules.writer = writer = WriteDma(dma)
        # While a flush is completed, all that is not a DMA is held in reset.
        dropping, clear = Signal(), Signal()
        m.d.comb += clear.eq(self.flush | dropping)
        m.d.sync += dropping.eq(self.flush | (dropping & (reader.busy | writer.busy)))
        m.d.comb += [
            reader.flush.eq(self.flush),
            writer.flush.eq(self.flush),
        ]
        connect(m, reader.bus, flipped(self.read))
        connect(m, writer.bus, flipped(self.write))
        inner = Module()
        m.submodules.inner = ResetInserter(clear)(inner)
        waiting = self._serve(inner, reader, writer, clear)
        m.d.comb += self.busy.eq(reader.busy | writer.busy | waiting | clear)
        return m

    def _serve(self, m: Module, reader: ReadDma, writer: WriteDma, clear):
        """All between the clients and the DMA engines. Returns whether a burst waits for one of them."""
        c, dma = self.config, self.config.dma
        m.submodules.order = order = BatchOrder(len(CLIENTS), c.batch_bursts)
        # Registers, so that no readiness goes from a DMA to the order.
        m.submodules.read_slot = read_slot = RegisterSlice(DmaJob(dma))
        m.submodules.write_slot = write_slot = RegisterSlice(DmaJob(dma))
        on_the_way = dma.bursts + ON_THE_WAY
        m.submodules.router = router = BeatRouter(dma, len(READERS), on_the_way)
        m.d.comb += [
            order.by_priority.eq(self.by_priority),
            order.by_batch.eq(self.by_batch),
            order.by_need.eq(self.by_need),
            *(order.levels[n].eq(NEEDS[name]) for n, name in enumerate(CLIENTS) if name != "weights"),
            order.levels[CLIENTS.index("weights")].eq(Mux(self.late, NEEDS["edges"], NEEDS["weights"])),
        ]
        self._pass(m, read_slot.output, reader.jobs, clear)
        self._pass(m, write_slot.output, writer.jobs, clear)
        self._pass(m, reader.data, router.data, clear)

        # Whose beats come on the bus next, for its errors. Every burst handed to the DMA is one on the bus.
        turn, chosen = Signal(len(CLIENTS)), Signal(CutBurst(dma))
        owner = Signal(BeatOwner(len(READERS)))
        on_bus = BurstQueue(
            m,
            "on_bus",
            owner.reader.shape(),
            on_the_way,
            push=turn[:-1].any(),
            note=owner.reader,
            pop=self.read.rvalid & self.read.rlast,
        )
        free = {
            **dict.fromkeys(READERS, read_slot.input.ready & router.owners.ready & ~on_bus.full),
            "outputs": write_slot.input.ready,
        }
        m.d.comb += [turn.eq(order.turn), owner.last.eq(chosen.last)]
        # Beats that may still go in this turn: none, if there was not room for those of a longest burst.
        credit, roomy = Signal(range(dma.burst_beats + 1)), Signal(len(CLIENTS))
        most = Mux((turn & roomy).any(), dma.burst_beats, chosen.beats)
        with m.If(turn.any()):
            m.d.sync += credit.eq(Mux(order.goes_on, credit, most) - chosen.beats)
        for n, name in enumerate(CLIENTS):
            m.submodules[f"{name}_cutter"] = cutter = BurstCutter(dma)
            jobs, bursts = getattr(self, f"{name}_jobs"), cutter.bursts
            room = (PROGRAM_BURSTS if name == "program" else c.buffer_bursts) * dma.burst_beats
            m.d.comb += [
                cutter.jobs.payload.eq(jobs.payload),
                cutter.jobs.valid.eq(jobs.valid & ~clear),
                jobs.ready.eq(Mux(clear, self.flush, cutter.jobs.ready)),
                order.shown[n].eq(bursts.valid),
                order.free[n].eq(free[name]),
                bursts.ready.eq(turn[n]),
            ]
            with m.If(turn[n]):
                m.d.comb += chosen.eq(bursts.payload)
            queue = self._writer_queue(m, room, clear) if name == "outputs" else self._queue(m, name, room)
            count = Signal(range(room + 1), init=0 if name == "outputs" else room, name=f"{name}_count")
            moved = queue.output if name in READERS else queue.input
            step = Mux(turn[n], bursts.p.beats, 0)
            m.d.sync += count.eq(count - step + (moved.valid & moved.ready))
            # Whether there is room for the burst, or, of the writer, whether its words are there.
            fits = Signal(name=f"{name}_fits")
            m.d.sync += fits.eq(bursts.valid & (bursts.p.beats <= count) & ~turn[n])
            m.d.sync += roomy[n].eq(count >= dma.burst_beats)
            m.d.comb += [
                order.able[n].eq(fits),
                order.covered[n].eq(bursts.valid & (bursts.p.beats <= credit)),
            ]
            if name in READERS:
                m.d.comb += self.error[n].eq(~clear & reader.error & on_bus.some & (on_bus.head == n))
                connect(m, getattr(router, f"data_{n}"), queue.input)
                self._pass(m, queue.output, getattr(self, f"{name}_data"), clear)
                with m.If(turn[n]):
                    m.d.comb += owner.reader.eq(n)
            else:
                self._pass(m, queue.output, writer.data, clear)
        reads, writes = turn[:-1].any(), turn[-1]
        m.d.comb += [
            router.owners.valid.eq(reads),
            router.owners.payload.eq(owner),
            read_slot.input.valid.eq(reads),
            write_slot.input.valid.eq(writes),
        ]
        address = self._place(chosen.address)
        for slot in (read_slot, write_slot):
            m.d.comb += [slot.input.p.address.eq(address), slot.input.p.beats.eq(chosen.beats)]

        written = BurstQueue(
            m, "written", 1, dma.outstanding + 4, push=writes, note=chosen.last, pop=writer.done
        )
        m.d.comb += [
            self.outputs_done.eq(writer.done & written.head & ~clear),
            self.error[-1].eq(writer.error & ~clear),
        ]
        return read_slot.output.valid | write_slot.output.valid

    def _place(self, address):
        """The address of a burst, as ``HandlerConfig.remap`` gives it while the remap is on."""
        c = self.config
        low, high = c.burst_bit, c.bank_bit + c.bank_bits
        turned = address[low:high].rotate_right(c.bank_bits)
        return Mux(self.remap, Cat(address[:low], turned, address[high:]), address)

    @staticmethod
    def _pass(m: Module, source, target, clear) -> None:
        """Joins two streams, cut while *clear*."""
        m.d.comb += [
            target.payload.eq(source.payload),
            target.valid.eq(source.valid & ~clear),
            source.ready.eq(target.ready & ~clear),
        ]

    def _queue(self, m: Module, name: str, room: int) -> Queue:
        queue = Queue(ReadBeat(self.config.dma), room)
        m.submodules[f"{name}_queue"] = queue
        return queue

    def _writer_queue(self, m: Module, room: int, clear) -> Queue:
        m.submodules.outputs_queue = queue = Queue(self.config.dma.data_bits, room)
        words = self.outputs_data
        m.d.comb += [
            queue.input.payload.eq(words.payload),
            queue.input.valid.eq(words.valid & ~clear),
            words.ready.eq(Mux(clear, self.flush, queue.input.ready)),
        ]
        return queue
