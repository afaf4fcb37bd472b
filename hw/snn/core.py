"""The spiking core: all units wired together, without registers or bus names."""

from amaranth import Module, Mux, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.arbiter import ReadArbiter
from pyralis.hw.axi.read import ReadDma
from pyralis.hw.axi.signature import AxiRead, AxiWrite
from pyralis.hw.axi.write import WriteDma
from pyralis.hw.common.stream import Downsize, Queue
from pyralis.hw.snn.array import SpikeArray
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.control import Control
from pyralis.hw.snn.counters import TOTALS, Counters
from pyralis.hw.snn.execute import Execute
from pyralis.hw.snn.fetch import QUEUE_DEPTH, Fetch
from pyralis.hw.snn.group import GroupLayout
from pyralis.hw.snn.load import Load
from pyralis.hw.snn.maps import FeatureMaps, MapWrite
from pyralis.hw.snn.output import OutputPath
from pyralis.hw.snn.program import LAYER
from pyralis.hw.snn.sequence import ISSUE_LATENCY, Sequence
from pyralis.hw.snn.store import Store
from pyralis.hw.snn.walk import PixelWalk, WindowLayout
from pyralis.hw.snn.weights import WeightStore

__all__ = ["SnnCore"]

GROUPS_AHEAD = 16
"""Pixel groups between the walk and the output path; covers the array's latency with the shortest groups."""


class SnnCore(wiring.Component):
    """Fetch, execute, compute.

    Members
    -------
    control : Control
        Its register-side ports are wired by :class:`pyralis.hw.snn.top.SnnTop`.
    counters : Counters

    Ports
    -----
    weights_bus : Out(AxiRead)
        Weights and parameters.
    data_read_bus : Out(AxiRead), data_write_bus : Out(AxiWrite)
        Program, input; results and stored maps.
    program_address, weights_address : In(address_bits)
    drained : Out(1)
        No DMA engine has anything outstanding.
    saturated : Out(1)
        Pulse: a potential saturated.
    class_index : Out(16), class_valid : Out(1)
        Largest result of the last layer, once a run.
    observe : Out({valid, layer_done, buffer, address, data})
        Every feature-map word that the output path writes, for simulation; left open in synthesis it costs
        nothing.
    active : Out(1)
        A valid step is in the array.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        self.control = Control(config)
        self.counters = Counters()
        buses = {"address_bits": config.address_bits, "data_bits": config.bus_bits}
        super().__init__({
            "weights_bus": Out(AxiRead(**buses)),
            "data_read_bus": Out(AxiRead(**buses)),
            "data_write_bus": Out(AxiWrite(**buses)),
            "program_address": In(config.address_bits),
            "weights_address": In(config.address_bits),
            "drained": Out(1),
            "saturated": Out(1),
            "class_index": Out(16),
            "class_valid": Out(1),
            "observe": Out(MapWrite(config)),
            "observe_layer": Out(1),
            "active": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        m.submodules.control = control = self.control
        m.submodules.counters = self.counters
        flush = control.flush

        def unit(name: str, component: wiring.Component) -> wiring.Component:
            """Adds a unit that ``flush`` resets as a whole."""
            setattr(m.submodules, name, ResetInserter(flush)(component))
            return component

        dmas = {
            "weight_dma": ReadDma(c.dma),
            "data_dma": ReadDma(c.dma),
            "write_dma": WriteDma(c.dma),
        }
        for name, dma in dmas.items():
            m.submodules[name] = dma
            m.d.comb += dma.flush.eq(flush)
        self.fetch = unit("fetch", Fetch(c))
        self.execute = unit("execute", Execute(c))
        self.load = unit("load", Load(c))
        self.store = unit("store", Store(c))
        self.maps = unit("maps", FeatureMaps(c))
        self.weights = unit("weights", WeightStore(c))
        self.walk = unit("walk", PixelWalk(c))
        self.sequence = unit("sequence", Sequence(c))
        self.array = unit("array", SpikeArray(c, issue_latency=ISSUE_LATENCY))
        self.output = unit("output", OutputPath(c))
        self._program(m, unit, dmas)
        self._layers(m, unit)
        self._maps(m)
        self._results(m, unit, dmas)
        self._status(m, unit, dmas)
        return m

    def _program(self, m: Module, unit, dmas: dict) -> None:
        """Program and input share one read master; weights have their own."""
        arbiter = unit("arbiter", ReadArbiter(self.config.dma))
        tiles = unit("weight_tiles", Queue(self.fetch.weight_tile.shape(), QUEUE_DEPTH + 2))
        fetch, data_dma, weight_dma = self.fetch, dmas["data_dma"], dmas["weight_dma"]
        connect(m, fetch.jobs, arbiter.jobs_0)
        connect(m, self.load.jobs, arbiter.jobs_1)
        connect(m, arbiter.data_0, fetch.data)
        connect(m, arbiter.data_1, self.load.data)
        connect(m, arbiter.jobs, data_dma.jobs)
        connect(m, data_dma.data, arbiter.data)
        connect(m, data_dma.bus, flipped(self.data_read_bus))
        connect(m, weight_dma.bus, flipped(self.weights_bus))
        connect(m, weight_dma.data, self.weights.beats)
        connect(m, tiles.output, self.weights.layers)
        connect(m, fetch.descriptors, self.execute.descriptors)
        spilled = Signal()  # the map that is loaded was stored by this run
        with m.If(self.execute.loads.valid & self.execute.loads.ready):
            m.d.sync += spilled.eq(self.execute.loads.p.spilled)
        # A weight job goes to the DMA and, as the shape of its stream, to the weight store.
        m.d.comb += [
            weight_dma.jobs.payload.eq(fetch.weight_jobs.payload),
            tiles.input.payload.eq(fetch.weight_tile),
            weight_dma.jobs.valid.eq(fetch.weight_jobs.valid & tiles.input.ready),
            tiles.input.valid.eq(fetch.weight_jobs.valid & weight_dma.jobs.ready),
            fetch.weight_jobs.ready.eq(weight_dma.jobs.ready & tiles.input.ready),
            fetch.program_address.eq(self.program_address),
            fetch.weights_address.eq(self.weights_address),
            fetch.start.eq(self.control.fetch),
            fetch.flush.eq(self.control.flush),
            fetch.load_weights.eq(self.control.load_weights),
            self.load.input_address.eq(Mux(spilled, self.control.output_address, self.control.input_address)),
            self.load.flush.eq(self.control.flush),
            self.weights.rewind.eq(self.control.rewind),
        ]

    def _layers(self, m: Module, unit) -> None:
        """Each unit takes its layers from a queue, so that it can begin the next one by itself."""
        for name, source, sink in (
            ("walk_layers", self.execute.walk, self.walk.layers),
            ("sequence_layers", self.execute.sequence, self.sequence.layers),
            ("output_layers", self.execute.output, self.output.layers),
        ):
            queue = unit(name, Queue(LAYER, 3))
            connect(m, source, queue.input)
            connect(m, queue.output, sink)
        windows = unit("windows", Queue(WindowLayout(self.config), 4))
        groups = unit("groups", Queue(GroupLayout(self.config), GROUPS_AHEAD))
        connect(m, self.walk.windows, windows.input)
        connect(m, windows.output, self.sequence.windows)
        connect(m, self.walk.groups, groups.input)
        connect(m, groups.output, self.output.groups)
        connect(m, self.execute.loads, self.load.descriptors)
        connect(m, self.execute.stores, self.store.descriptors)
        connect(m, self.sequence.weights, self.weights.read)
        connect(m, self.output.parameters, self.weights.parameters)
        connect(m, self.array.currents, self.output.currents)
        m.d.comb += [
            self.array.steps.valid.eq(self.sequence.steps.valid),
            self.array.steps.first.eq(self.sequence.steps.first),
            self.array.steps.last.eq(self.sequence.steps.last),
            self.array.weights.eq(self.weights.weights),
            self.array.issued_last.eq(self.sequence.issued_last),
            self.sequence.room.eq(self.array.room),
            self.sequence.row_done.eq(self.output.row_done),
            self.sequence.layer_done.eq(self.output.layer_done),
            self.execute.layer_done.eq(self.output.layer_done),
            self.execute.load_done.eq(self.load.done),
            self.execute.store_done.eq(self.store.done),
            self.active.eq(self.array.active),
        ]

    def _maps(self, m: Module) -> None:
        """LOAD and STORE never run beside a layer, so the ports are shared by who is busy."""
        maps, store, load = self.maps, self.store, self.load
        m.d.comb += [
            maps.read_buffer.eq(Mux(store.busy, store.read.buffer, self.sequence.read_buffer)),
            maps.reads.eq(self.sequence.reads),
            self.array.steps.spikes.eq(maps.data),
            store.data.eq(maps.data[0]),
            store.flush.eq(self.control.flush),
            store.output_address.eq(self.control.output_address),
        ]
        with m.If(store.busy):
            m.d.comb += [
                maps.reads[0].enable.eq(store.read.enable),
                maps.reads[0].address.eq(store.read.address),
            ]
        for member in ("enable", "buffer", "address", "data"):
            own, other = getattr(self.output.write, member), getattr(load.write, member)
            m.d.comb += getattr(maps.write, member).eq(Mux(load.busy, other, own))
            m.d.comb += getattr(self.observe, member).eq(own)
        m.d.comb += self.observe_layer.eq(self.output.layer_done)

    def _results(self, m: Module, unit, dmas: dict) -> None:
        """Results of the last layer and stored maps share the write master, one after the other."""
        dma, execute, store = dmas["write_dma"], self.execute, self.store
        narrow = unit("results", Downsize(32 * self.config.neuron_lanes, self.config.bus_bits))
        connect(m, dma.bus, flipped(self.data_write_bus))
        m.d.comb += [
            narrow.input.payload.eq(self.output.results.payload),
            narrow.input.valid.eq(self.output.results.valid),
            self.output.results.ready.eq(narrow.input.ready),
            execute.output_address.eq(self.control.output_address),
        ]
        pairs = ((dma.jobs, store.jobs, execute.results), (dma.data, store.beats, narrow.output))
        for sink, stored, computed in pairs:
            with m.If(store.busy):
                self._pass(m, stored, sink)
            with m.Else():
                self._pass(m, computed, sink)

    def _pass(self, m: Module, source, sink) -> None:
        """Connects two streams inside a condition."""
        m.d.comb += [
            sink.payload.eq(source.payload),
            sink.valid.eq(source.valid),
            source.ready.eq(sink.ready),
        ]

    def _status(self, m: Module, unit, dmas: dict) -> None:
        control, counters, output = self.control, self.counters, self.output
        weight_dma, data_dma, write_dma = dmas.values()
        moved = {
            "weight_beats": weight_dma.data.valid & weight_dma.data.ready,
            "read_beats": data_dma.data.valid & data_dma.data.ready,
            "write_beats": write_dma.data.valid & write_dma.data.ready,
        }
        # The layers in flight, oldest first: whose spikes leave, and who is named in an error.
        indices = unit("indices", Queue(16, 4))
        begun = self.execute.output
        m.d.comb += [
            indices.input.payload.eq(begun.p.index),
            indices.input.valid.eq(begun.valid & begun.ready),
            indices.output.ready.eq(output.layer_done),
            self.drained.eq(~(weight_dma.busy | data_dma.busy | write_dma.busy)),
            control.drained.eq(self.drained),
            control.run_done.eq(self.execute.run_done),
            control.index.eq(Mux(indices.output.valid, indices.output.payload, self.execute.index)),
            control.fetch_busy.eq(self.fetch.busy),
            control.fetch_error.eq(self.fetch.error),
            control.fetch_index.eq(self.fetch.error_index),
            control.activity.eq(
                sum(moved.values()) | self.sequence.issued | (output.currents.valid & output.currents.ready)
            ),
            control.faults.map_address.eq(
                self.maps.address_error | output.address_error | self.load.address_error
            ),
            control.faults.program_bus.eq(data_dma.error & ~self.load.busy),
            control.faults.data_bus.eq(data_dma.error & self.load.busy),
            control.faults.weight_bus.eq(weight_dma.error),
            control.faults.write_bus.eq(write_dma.error),
            self.saturated.eq(output.saturated),
            self.class_index.eq(output.class_index),
            self.class_valid.eq(output.class_valid),
            counters.clear.eq(control.begin),
            counters.cycles.eq(control.busy),
            counters.active.eq(self.sequence.issued),
            counters.weight_stalls.eq(self.sequence.weight_stall),
            counters.layer_index.eq(self.sequence.layer_index),
            counters.layer_end.eq(self.sequence.layer_end),
            counters.leaving_index.eq(indices.output.payload),
            counters.layer_done.eq(output.layer_done),
            counters.spikes.eq(output.spikes),
        ]
        # A cycle late: what makes it untrue (a job for results, a STORE) keeps the execution from looking at
        # it for longer than that.
        m.d.sync += self.execute.writes_idle.eq(~write_dma.busy & ~self.output.results.valid)
        m.d.comb += [getattr(counters, name).eq(moved[name]) for name in TOTALS if name in moved]
