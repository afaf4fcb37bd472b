"""Feature maps back to memory, as they are."""

from amaranth import Module, ResetInserter, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaJob
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.maps import MAP_LATENCY
from pyralis.hw.snn.program import STORE
from pyralis.hw.snn.words import PackWords

__all__ = ["Store"]


class Store(wiring.Component):
    """Executes STORE descriptors: reads words 0, 1, ... of a feature-map buffer and writes them to memory.

    Ports
    -----
    descriptors : In(stream of STORE)
        Legal ones only (:class:`pyralis.hw.snn.check.Check`). Accepted when the unit is idle.
    output_address : In(address_bits)
        Byte address that ``target`` counts from, a multiple of the bus bytes. Constant while ``busy``.
    read : Out({enable, buffer, address}), data : In(V * S)
        Port of the feature maps; ``data`` belongs to the ``read`` of ``map_latency`` cycles ago.
    jobs : Out(stream of DmaJob), beats : Out(stream of bus_bits)
        Write DMA, one job a descriptor. Layout of the words: :mod:`pyralis.hw.snn.words`.
    busy : Out(1)
        High from the cycle after a descriptor is accepted to its ``done``.
    done : Out(1)
        Pulse: the write DMA takes the last beat in this cycle. That it has reached memory is for the DMA to
        say.
    flush : In(1)
        Back to idle, whatever was going on. The write DMA must be flushed in the same cycle.

    Parameters
    ----------
    map_latency : int
        Cycles from ``read`` to ``data``, at least 1.

    Timing
    ------
    One word a cycle when ``beats.ready`` is held, or one every ``slot_bits / bus_bits`` cycles where a word
    is larger than a beat. The first beat comes ``map_latency + 3`` cycles and its words after the job.
    """

    def __init__(self, config: SnnConfig, *, map_latency: int = MAP_LATENCY) -> None:
        if map_latency < 1:
            raise ValueError(f"map_latency must be at least 1, not {map_latency}")
        self.config = config
        self.map_latency = map_latency
        super().__init__({
            "descriptors": In(stream.Signature(STORE)),
            "output_address": In(config.address_bits),
            "read": Out(wiring.Signature({"enable": Out(1), "buffer": Out(1), "address": Out(16)})),
            "data": In(config.map_word_bits),
            "jobs": Out(stream.Signature(DmaJob(config.dma))),
            "beats": Out(stream.Signature(config.bus_bits)),
            "busy": Out(1),
            "done": Out(1),
            "flush": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.pack = pack = PackWords(self.config)
        d = Signal(STORE, reset_less=True)
        unread, begin = Signal(16), Signal()  # words still to be asked for
        m.d.comb += [
            self.jobs.p.address.eq(self.output_address + d.target),
            self.jobs.p.beats.eq(d.beats),
            self.beats.payload.eq(pack.beats.payload),
            self.beats.valid.eq(pack.beats.valid),
            pack.beats.ready.eq(self.beats.ready),
            self.read.buffer.eq(d.buffer),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.descriptors.ready.eq(1)
                with m.If(self.descriptors.valid):
                    m.d.sync += [d.eq(self.descriptors.p), self.busy.eq(1)]
                    m.next = "JOB"
            with m.State("JOB"):
                m.d.comb += [self.jobs.valid.eq(1), begin.eq(self.jobs.ready)]
                with m.If(self.jobs.ready):
                    m.next = "RUN"
            with m.State("RUN"), m.If(self.beats.valid & self.beats.ready):
                m.d.sync += d.beats.eq(d.beats - 1)
                with m.If(d.beats == 1):
                    m.d.comb += self.done.eq(1)
                    m.d.sync += self.busy.eq(0)
                    m.next = "IDLE"
        with m.If(begin):
            m.d.sync += unread.eq(d.words)
        with m.Elif(self.read.enable):
            m.d.sync += unread.eq(unread - 1)
        with m.If(self.jobs.valid):
            m.d.sync += self.read.address.eq(0)
        with m.Elif(self.read.enable):
            m.d.sync += self.read.address.eq(self.read.address + 1)
        self._collect(m, d, unread, pack)
        return ResetInserter(self.flush)(m)

    def _collect(self, m: Module, d, unread: Signal, pack: PackWords) -> None:
        """Asks for a word only when the FIFO has a place for it; hands the words on in order."""
        depth = self.map_latency + 4  # asked for, through the maps and the FIFO, without a pause
        m.submodules.fifo = fifo = SyncFIFOBuffered(width=self.config.map_word_bits, depth=depth)
        unpacked = Signal(16)  # words that the packer has not yet taken
        places = Signal(range(depth + 1), init=depth)
        taken = Signal()
        arriving = Signal(self.map_latency)
        m.d.comb += [
            self.read.enable.eq((unread != 0) & (places != 0)),
            fifo.w_en.eq(arriving[-1]),
            fifo.w_data.eq(self.data),
            pack.words.valid.eq(fifo.r_rdy),
            fifo.r_en.eq(pack.words.ready),
            pack.words.p.data.eq(fifo.r_data),
            pack.words.p.last.eq(unpacked == 1),
            taken.eq(pack.words.valid & pack.words.ready),
        ]
        m.d.sync += arriving.eq(arriving << 1 | self.read.enable)
        m.d.sync += places.eq(places - self.read.enable + taken)
        with m.If(self.jobs.valid):
            m.d.sync += unpacked.eq(d.words)
        with m.Elif(taken):
            m.d.sync += unpacked.eq(unpacked - 1)
