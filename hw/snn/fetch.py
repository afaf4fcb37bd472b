"""Program fetch: descriptors from memory, checked, with their weight jobs sent ahead."""

from amaranth import Cat, Module, ResetInserter, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.read import ReadBeat, ReadJob
from pyralis.hw.snn.check import Check
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import DESCRIPTOR_BYTES, LAYER, ErrorCode, Opcode

__all__ = ["QUEUE_DEPTH", "Fetch"]

QUEUE_DEPTH = 4
"""Legal descriptors that wait for execution; weights are asked for this far ahead."""


class Fetch(wiring.Component):
    """Reads the program one descriptor at a time and stops after END or at the first illegal descriptor.

    The next descriptor is asked for only when the last one is known not to be END, so nothing behind the
    program is ever read, and only when the queue has a place for it.

    Ports
    -----
    start : In(1)
        Pulse: run the program at ``program_address``. Looked at only while ``busy`` is low.
    flush : In(1)
        Forgets everything, the error included. The read DMA must be flushed in the same cycle.
    program_address, weights_address : In(address_bits)
        Byte addresses, multiples of the bus bytes; constant while ``busy``.
    load_weights : In(1)
        0: the weights are on chip, no weight job is sent. Constant while ``busy``.
    jobs : Out(stream of ReadJob), data : In(stream of ReadBeat)
        Read DMA of the program, one job of 128 bytes per descriptor.
    weight_jobs : Out(stream of ReadJob)
        One job per LAYER descriptor, in order, as soon as the descriptor is known to be legal.
    weight_tile : Out({words, tiles})
        Shape of that job's stream, valid with it.
    descriptors : Out(stream of 1024 bits)
        Legal descriptors in order, END included.
    error : Out(ErrorCode), error_index : Out(16)
        Level, from an illegal descriptor until ``flush``. Nothing of that descriptor is passed on; its
        predecessors stay in the queue. The index is the one in the descriptor, or ``position`` where the
        version is wrong.
    position : Out(16)
        Place in the program of the descriptor that is being fetched, from 0 (for errors of the bus).
    busy : Out(1)
        From ``start`` until END is in the queue or ``flush``; stays high with an error.

    Timing
    ------
    4 cycles from the last beat of a descriptor to ``descriptors.valid``, 3 to ``weight_jobs.valid`` and to
    the next job (one later after a LAYER whose weight job is taken at once).
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "start": In(1),
            "flush": In(1),
            "program_address": In(config.address_bits),
            "weights_address": In(config.address_bits),
            "load_weights": In(1),
            "jobs": Out(stream.Signature(ReadJob(config.dma))),
            "data": In(stream.Signature(ReadBeat(config.dma))),
            "weight_jobs": Out(stream.Signature(ReadJob(config.dma))),
            "weight_tile": Out(data.StructLayout({"words": 32, "tiles": 16})),
            "descriptors": Out(stream.Signature(8 * DESCRIPTOR_BYTES)),
            "error": Out(ErrorCode),
            "error_index": Out(16),
            "position": Out(16),
            "busy": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.check = check = Check(self.config)
        m.submodules.queue = queue = SyncFIFOBuffered(width=8 * DESCRIPTOR_BYTES, depth=QUEUE_DEPTH)
        beats = 8 * DESCRIPTOR_BYTES // self.config.bus_bits

        descriptor = Signal(8 * DESCRIPTOR_BYTES, reset_less=True)
        layer = data.View(LAYER, descriptor)
        address = Signal(self.config.address_bits)
        left = Signal(range(beats))
        fault = Signal(ErrorCode)
        wiring.connect(m, queue.r_stream, wiring.flipped(self.descriptors))
        m.d.comb += [
            check.descriptor.eq(descriptor),
            queue.w_data.eq(descriptor),
            self.jobs.p.address.eq(address),
            self.jobs.p.beats.eq(beats),
            self.weight_jobs.p.address.eq(self.weights_address + layer.weight_address),
            self.weight_jobs.p.beats.eq(layer.weight_beats),
            self.weight_tile.words.eq(layer.tile_words),
            self.weight_tile.tiles.eq(layer.out_tiles),
        ]

        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += [address.eq(self.program_address), self.position.eq(0)]
                m.next = "REQUEST"
            with m.State("REQUEST"):
                m.d.sync += left.eq(beats - 1)
                m.d.comb += self.jobs.valid.eq(queue.w_rdy)
                with m.If(self.jobs.valid & self.jobs.ready):
                    m.next = "RECEIVE"
            with m.State("RECEIVE"):
                m.d.comb += self.data.ready.eq(1)
                with m.If(self.data.valid):
                    m.d.sync += descriptor.eq(Cat(descriptor, self.data.p.data)[self.config.bus_bits :])
                    m.d.sync += left.eq(left - 1)
                    with m.If(left == 0):
                        m.next = "CHECK"
            with m.State("CHECK"):  # a cycle of its own for the checker's logic
                m.d.sync += fault.eq(check.code)
                m.next = "DECIDE"
            with m.State("DECIDE"):
                self._decide(m, layer, fault, queue.w_en)
                m.d.sync += address.eq(address + DESCRIPTOR_BYTES)
            with m.State("WEIGHTS"):
                m.d.comb += self.weight_jobs.valid.eq(1)
                with m.If(self.weight_jobs.ready):
                    m.next = "REQUEST"
            with m.State("ERROR"):
                pass
        return ResetInserter(self.flush)(m)

    def _decide(self, m: Module, layer, fault: Signal, accept: Signal) -> None:
        with m.If(fault != ErrorCode.NONE):
            m.d.sync += self.error.eq(fault)
            m.d.sync += self.error_index.eq(layer.index)
            with m.If(fault == ErrorCode.VERSION):
                m.d.sync += self.error_index.eq(self.position)
            m.next = "ERROR"
        with m.Else():
            m.d.comb += accept.eq(1)
            m.d.sync += self.position.eq(self.position + 1)
            m.next = "REQUEST"
            with m.If(layer.opcode == Opcode.END):
                m.next = "IDLE"
            with m.Elif((layer.opcode == Opcode.LAYER) & self.load_weights):
                m.next = "WEIGHTS"
