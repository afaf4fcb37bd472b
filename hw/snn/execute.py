"""Hands descriptors to the units that carry them out, in order."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaJob
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import DESCRIPTOR_BYTES, LAYER, LOAD, STORE, Opcode, Output

__all__ = ["Execute"]


class Execute(wiring.Component):
    """In-order dispatch with two layers in flight.

    A layer goes to the pixel walk, the sequencer and the output path at once; the next one follows while the
    first is still leaving the output path (the sequencer waits for the rows that it needs). LOAD, STORE and
    END wait until everything before them has finished.

    Ports
    -----
    descriptors : In(stream of 1024 bits)
    walk, sequence, output : Out(stream of LAYER)
    loads : Out(stream of LOAD), stores : Out(stream of STORE)
    results : Out(stream of DmaJob)
        Where the layer's results go, before the layer itself.
    output_address : In(address_bits)
    load_done, store_done, layer_done : In(1)
        Pulses.
    writes_idle : In(1)
        Nothing is on its way to memory.
    run_done : Out(1)
        Pulse: END, and everything before it has finished.
    index : Out(16)
        Of the last descriptor handed out, for errors.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "descriptors": In(stream.Signature(8 * DESCRIPTOR_BYTES)),
            "walk": Out(stream.Signature(LAYER)),
            "sequence": Out(stream.Signature(LAYER)),
            "output": Out(stream.Signature(LAYER)),
            "loads": Out(stream.Signature(LOAD)),
            "stores": Out(stream.Signature(STORE)),
            "results": Out(stream.Signature(DmaJob(config.dma))),
            "output_address": In(config.address_bits),
            "load_done": In(1),
            "store_done": In(1),
            "layer_done": In(1),
            "writes_idle": In(1),
            "run_done": Out(1),
            "index": Out(16),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        descriptor = self.descriptors.payload
        layer = data.View(LAYER, descriptor)
        in_flight = Signal(range(3))
        quiet = (in_flight == 0) & self.writes_idle
        units = (self.walk, self.sequence, self.output)
        begin = Signal()  # a layer goes out
        result_sent = Signal()
        for unit in units:
            m.d.comb += unit.payload.eq(descriptor)
        m.d.comb += [
            self.loads.payload.eq(descriptor),
            self.stores.payload.eq(descriptor),
            self.results.p.address.eq(self.output_address + layer.result_address),
            self.results.p.beats.eq(layer.result_beats),
        ]
        m.d.sync += in_flight.eq(in_flight + begin - self.layer_done)
        with m.If(self.descriptors.ready):
            m.d.sync += self.index.eq(layer.index)

        with m.FSM():
            with m.State("NEXT"), m.If(self.descriptors.valid), m.Switch(layer.opcode):
                with m.Case(Opcode.LAYER):
                    stored = layer.output == Output.SPIKES
                    m.d.comb += self.results.valid.eq(~stored & ~result_sent)
                    with m.If(self.results.valid & self.results.ready):
                        m.d.sync += result_sent.eq(1)
                    accept = (in_flight != 2) & self.walk.ready & self.sequence.ready & self.output.ready
                    m.d.comb += begin.eq(accept & (stored | result_sent))
                    m.d.comb += [unit.valid.eq(begin) for unit in units]
                    with m.If(begin):
                        m.d.sync += result_sent.eq(0)
                        m.d.comb += self.descriptors.ready.eq(1)
                with m.Case(Opcode.LOAD):
                    m.d.comb += self.loads.valid.eq(quiet)
                    with m.If(self.loads.valid & self.loads.ready):
                        m.d.comb += self.descriptors.ready.eq(1)
                        m.next = "LOAD"
                with m.Case(Opcode.STORE):
                    m.d.comb += self.stores.valid.eq(quiet)
                    with m.If(self.stores.valid & self.stores.ready):
                        m.d.comb += self.descriptors.ready.eq(1)
                        m.next = "STORE"
                with m.Case(Opcode.END), m.If(quiet):
                    m.d.comb += [self.descriptors.ready.eq(1), self.run_done.eq(1)]
            with m.State("LOAD"), m.If(self.load_done):
                m.next = "NEXT"
            with m.State("STORE"), m.If(self.store_done):
                m.next = "NEXT"
        return m
