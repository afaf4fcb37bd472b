"""The output path: everything that happens to currents after they leave the array."""

from amaranth import Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.common.stream import RegisterSlice
from pyralis.hw.snn.array import SlotLayout
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.group import GroupLayout
from pyralis.hw.snn.maps import MapWrite
from pyralis.hw.snn.neuron import Neuron
from pyralis.hw.snn.peaks import Peaks
from pyralis.hw.snn.planes import Planes
from pyralis.hw.snn.pool import Pool
from pyralis.hw.snn.program import LAYER, Output
from pyralis.hw.snn.results import Results
from pyralis.hw.snn.slot import TaggedSlot
from pyralis.hw.snn.tagger import Tagger
from pyralis.hw.snn.weights import ParameterPort

__all__ = ["OutputPath"]


class OutputPath(wiring.Component):
    """Tags, bit planes, peaks, neurons, then pooling into the feature maps or results, one layer at a time.

    The settings of a layer stay in a register while its slots are in flight; the path runs empty between
    layers, which the array's FIFO hides. Neurons and everything behind them never stall, so slots wait in
    front of them: for the parameters of their tile, for room among the results, or for their own potential of
    the step group before.

    Ports
    -----
    layers : In(stream of LAYER)
        Accepted when the previous layer has left.
    groups : In(stream of GroupLayout)
        One per pixel group and tile, in the order of the slots.
    currents : In(stream of SlotLayout)
    parameters : Out(ParameterPort)
        ``release`` comes in the cycle after the last read of a tile; ``ready`` then speaks of the next tile
        from the following cycle on.
    write : Out(MapWrite)
    row_done : Out(1)
        Pulse: the last word of an output row has been written, in the last tile.
    results : Out(stream of ArrayLayout(signed(32), P))
        Output ``COUNTS`` or ``POTENTIALS``: P channels of a used lane, [tile][pixel][block].
    class_index : Out(16), class_valid : Out(1)
        With ``argmax``: pulse together with ``layer_done``, when the index is final.
    layer_done : Out(1)
        Pulse: everything of the layer has been written, counted and handed over.
    spikes : Out
        Spikes of channels that exist, after pooling, in this cycle.
    saturated : Out(1), address_error : Out(1)
        Pulses: a value was clamped; a word outside the feature map was not written.

    Timing
    ------
    Initiation interval 1 slot, one cycle more per tile; see :class:`pyralis.hw.snn.neuron.Neuron` for more
    step groups than one. From a slot to its write 3 * S + 6 cycles.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        lanes = data.ArrayLayout(signed(32), config.neuron_lanes)
        super().__init__({
            "layers": In(stream.Signature(LAYER)),
            "groups": In(stream.Signature(GroupLayout(config))),
            "currents": In(stream.Signature(SlotLayout(config))),
            "parameters": Out(ParameterPort(config)),
            "write": Out(MapWrite(config)),
            "row_done": Out(1),
            "results": Out(stream.Signature(lanes)),
            "class_index": Out(16),
            "class_valid": Out(1),
            "layer_done": Out(1),
            "spikes": Out(range(config.neuron_lanes * config.step_lanes + 1)),
            "saturated": Out(1),
            "address_error": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        m.submodules.tagger = tagger = Tagger(c)
        # Cuts the readiness of the neurons off from the walk in front of the path.
        m.submodules.slice = tagged = RegisterSlice(TaggedSlot(c))
        m.submodules.planes = planes = Planes(c)
        m.submodules.peaks = peaks = Peaks(c)
        m.submodules.neuron = neuron = Neuron(c)
        m.submodules.pool = pool = Pool(c)
        m.submodules.results = results = Results(c)
        connect(m, flipped(self.layers), tagger.layers)
        connect(m, flipped(self.groups), tagger.groups)
        connect(m, flipped(self.currents), tagger.currents)
        connect(m, tagger.slots, tagged.input)
        connect(m, tagged.output, planes.slots)
        connect(m, planes.sums, peaks.slots)
        connect(m, pool.write, flipped(self.write))
        connect(m, results.results, flipped(self.results))
        for sink in (pool, results):
            m.d.comb += [sink.fired.eq(neuron.fired), sink.result.eq(neuron.result)]
        for unit in (peaks, neuron, pool, results):
            m.d.comb += unit.settings.eq(tagger.settings)
        m.d.comb += [
            results.begin.eq(tagger.begin),
            tagger.busy.eq(
                tagged.output.valid
                | planes.busy
                | peaks.busy
                | (neuron.pending != 0)
                | pool.busy
                | results.busy
            ),
            self.layer_done.eq(tagger.layer_done),
            self.row_done.eq(pool.row_done),
            self.class_index.eq(results.class_index),
            self.class_valid.eq(tagger.layer_done & tagger.settings.argmax),
            self.spikes.eq(pool.spikes),
            self.saturated.eq(neuron.fired & neuron.result.saturated),
            self.address_error.eq(pool.address_error),
        ]
        self._gate(m, peaks.peaks, neuron, results.room, tagger.settings.output != Output.SPIKES)
        return m

    def _gate(self, m: Module, sums, neuron: Neuron, room, has_results) -> None:
        """Lets slots into the neurons while they have parameters, and room for results."""
        go, port = Signal(), self.parameters
        spacious = Signal()  # results of one slot more than are inside have room, as they had a cycle ago
        m.d.sync += spacious.eq(~has_results | (neuron.pending + 1 < room))
        m.d.comb += [
            go.eq(port.ready & ~port.release & spacious),
            neuron.slots.payload.eq(sums.payload),
            neuron.slots.valid.eq(sums.valid & go),
            sums.ready.eq(neuron.slots.ready & go),
            port.block.eq(neuron.block),
            neuron.bias.eq(port.bias),
            neuron.threshold.eq(port.threshold),
        ]
        m.d.sync += port.release.eq(neuron.slots.valid & neuron.slots.ready & sums.p.tag.tile_end)
