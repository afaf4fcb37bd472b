"""Input maps from memory: feature-map words as they are, or signed pixels cut into bit planes."""

from amaranth import Module, ResetInserter, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.read import ReadBeat, ReadJob
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.maps import MapWrite
from pyralis.hw.snn.pixels import PixelWindows
from pyralis.hw.snn.program import LOAD
from pyralis.hw.snn.words import UnpackWords

__all__ = ["Load"]


class Load(wiring.Component):
    """Executes LOAD descriptors: reads a run of beats and writes words 0, 1, ... of a feature-map buffer.

    Ports
    -----
    descriptors : In(stream of LOAD)
        Legal ones only (:class:`pyralis.hw.snn.check.Check`). Accepted when the unit is idle.
    input_address : In(address_bits)
        Byte address that ``source`` counts from, a multiple of the bus bytes. Constant while ``busy``.
    jobs : Out(stream of ReadJob), data : In(stream of ReadBeat)
        Read DMA, one job a descriptor. Beats that are more than the words need are read and dropped.
    write : Out(MapWrite)
        Always accepted.
    busy : Out(1)
        High from the cycle after a descriptor is accepted to its ``done``.
    done : Out(1)
        Pulse: the last word of the descriptor is written in this cycle or before, every beat has been taken.
    address_error : Out(1)
        Pulse: pixels make more words than the buffer holds; the word is not written.
    flush : In(1)
        Back to idle, whatever was going on. The read DMA must be flushed in the same cycle.

    Timing
    ------
    Words: one a cycle, or one every ``slot_bits / bus_bits`` cycles, written 2 cycles after the beat that
    completes it. Pixels: one a cycle for up to four channels (:class:`pyralis.hw.snn.pixels.PixelWindows`),
    written 3 cycles after the beat. Beats that run out before the words do leave the unit waiting; the core's
    timeout sees that.

    Golden model
    ------------
    :func:`pyralis.sim.golden.snn.load.load`, bit exact.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "descriptors": In(stream.Signature(LOAD)),
            "input_address": In(config.address_bits),
            "jobs": Out(stream.Signature(ReadJob(config.dma))),
            "data": In(stream.Signature(ReadBeat(config.dma))),
            "write": Out(MapWrite(config)),
            "busy": Out(1),
            "done": Out(1),
            "address_error": Out(1),
            "flush": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.words = words = UnpackWords(self.config)
        m.submodules.pixels = pixels = PixelWindows(self.config)
        d = Signal(LOAD, reset_less=True)
        drained = Signal()  # the last beat has been taken
        write, last = Signal(), Signal()  # word handed over; it is the last
        m.d.comb += [
            # In every cycle in which the job is offered: nothing of it can have come yet.
            words.clear.eq(self.jobs.valid),
            pixels.start.eq(self.jobs.valid),
            *(pixels.settings[name].eq(d[name]) for name in pixels.settings.shape().members),
            self.jobs.p.address.eq(self.input_address + d.source),
            self.jobs.p.beats.eq(d.beats),
            words.beats.payload.eq(self.data.p.data),
            pixels.beats.payload.eq(self.data.p.data),
            pixels.words.ready.eq(1),
        ]
        with m.If(self.data.valid & self.data.ready & self.data.p.last):
            m.d.sync += drained.eq(1)

        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"):
                m.d.comb += self.descriptors.ready.eq(1)
                m.d.sync += drained.eq(0)
                with m.If(self.descriptors.valid):
                    m.d.sync += d.eq(self.descriptors.p)
                    m.next = "JOB"
            with m.State("JOB"):
                m.d.comb += self.jobs.valid.eq(1)
                with m.If(self.jobs.ready):
                    m.next = "RUN"
            with m.State("RUN"):
                self._run(m, d, words, pixels, write, last)
                with m.If(last):
                    m.next = "DRAIN"
            with m.State("DRAIN"):
                m.d.comb += [self.data.ready.eq(~drained), self.done.eq(drained)]
                with m.If(drained):
                    m.next = "IDLE"
        self._write(m, d, write)
        return ResetInserter(self.flush)(m)

    def _run(self, m: Module, d, words, pixels, write: Signal, last: Signal) -> None:
        """Beats to the unit of the mode; its words are always taken."""
        with m.If(d.pixels):
            m.d.comb += [
                pixels.beats.valid.eq(self.data.valid),
                self.data.ready.eq(pixels.beats.ready),
                write.eq(pixels.words.valid),
                last.eq(write & pixels.words.p.last),
            ]
            m.d.sync += self.write.data.eq(pixels.words.p.data)
        with m.Else():
            m.d.comb += [
                words.beats.valid.eq(self.data.valid),
                self.data.ready.eq(words.beats.ready),
                words.words.ready.eq(1),
                write.eq(words.words.valid),
                last.eq(write & (d.words == 1)),
            ]
            m.d.sync += self.write.data.eq(words.words.payload)
            with m.If(write):
                m.d.sync += d.words.eq(d.words - 1)

    def _write(self, m: Module, d, write: Signal) -> None:
        address = Signal(
            range(self.config.map_words + 1)
        )  # stays at map_words: outside once, outside for good
        inside = address != self.config.map_words
        m.d.sync += [
            self.write.enable.eq(write & inside),
            self.write.buffer.eq(d.buffer),
            self.write.address.eq(address),
            self.address_error.eq(write & ~inside),
        ]
        with m.If(self.jobs.valid):
            m.d.sync += address.eq(0)
        with m.Elif(write & inside):
            m.d.sync += address.eq(address + 1)
