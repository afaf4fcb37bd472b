"""Issues one kernel position and input tile to the array each cycle."""

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.stream import RegisterSlice
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.maps import LANE_READ, MAP_LATENCY
from pyralis.hw.snn.program import LAYER
from pyralis.hw.snn.walk import WindowLayout
from pyralis.hw.snn.weights import WEIGHT_LATENCY, WeightRead

__all__ = ["ISSUE_LATENCY", "Sequence", "StepFlags"]

ISSUE_LATENCY = WEIGHT_LATENCY
"""Cycles from the decision to issue a step until its spikes and weights reach the array."""


def StepFlags() -> wiring.Signature:  # noqa: N802 (a signature, named as one)
    """Flags of a step on its way into the array."""
    return wiring.Signature({"valid": Out(1), "first": Out(1), "last": Out(1)})


class StepLayout(data.StructLayout):
    """A step that is ready to be issued: all that does not depend on when it is issued.

    ``first``, ``last`` of its pass; ``layer_end``: last step of its layer, number ``layer``; ``rows``: of the
    layer before that must be written; ``index``, ``release``: its weight word; ``buffer`` and ``reads``: its
    map words.
    """

    def __init__(self, config: SnnConfig) -> None:
        super().__init__({
            "first": 1,
            "last": 1,
            "layer_end": 1,
            "layer": 16,
            "rows": 32,
            "index": range(config.weight_depth),
            "release": 1,
            "buffer": 1,
            "reads": data.ArrayLayout(LANE_READ, config.pixel_lanes),
        })


class Sequence(wiring.Component):
    """Loops over step groups, kernel rows, kernel columns and input tiles of every pixel group.

    A step is issued in every cycle in which its weight word is on chip, its input rows are written and (for
    the last step of a group) the array has room; passes, groups, tiles and layers follow each other without a
    gap. A layer may begin while the one before it is still leaving the output path: ``row_done`` tells how
    far that has come.

    The loops (:class:`Steps`) run ahead of the issue, so that neither waits for the other's logic.

    Ports
    -----
    layers : In(stream of LAYER), windows : In(stream of WindowLayout)
        ``windows`` transfers once a group.
    weights : Out(WeightRead)
    reads, read_buffer
        To :class:`pyralis.hw.snn.maps.FeatureMaps`, one cycle after the decision.
    steps : Out(StepFlags)
        To the array, ``ISSUE_LATENCY`` cycles after the decision.
    room : In(1), issued_last : Out(1)
        Room for a group in the array's output, and that a group's last step has been issued into it.
    row_done, layer_done : In(1)
        Pulses of the output path: an output row is complete in the map; a layer has left.
    issued, weight_stall, layer_end : Out(1), layer_index : Out(16)
        For the counters: a step is issued; one waits for its weights; the last step of layer ``layer_index``
        is issued.

    Timing
    ------
    The first step of a layer is issued 2 cycles after ``layers`` shows it, and 1 after its window is there.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "layers": In(stream.Signature(LAYER)),
            "windows": In(stream.Signature(WindowLayout(config))),
            "weights": Out(WeightRead(config)),
            "reads": Out(data.ArrayLayout(LANE_READ, config.pixel_lanes)),
            "read_buffer": Out(1),
            "steps": Out(StepFlags()),
            "room": In(1),
            "issued_last": Out(1),
            "row_done": In(1),
            "layer_done": In(1),
            "issued": Out(1),
            "weight_stall": Out(1),
            "layer_end": Out(1),
            "layer_index": Out(16),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.loops = loops = Steps(self.config)
        m.submodules.slice = ahead = RegisterSlice(StepLayout(self.config))
        m.submodules.rows = rows = RowsReady()
        wiring.connect(m, wiring.flipped(self.layers), loops.layers)
        wiring.connect(m, wiring.flipped(self.windows), loops.windows)
        wiring.connect(m, loops.ahead, ahead.input)
        step, ready = ahead.output.p, Signal()
        m.d.comb += [
            ready.eq(ahead.output.valid & rows.ready & (~step.last | self.room)),
            self.issued.eq(ready & self.weights.available),
            ahead.output.ready.eq(self.issued),
            self.weight_stall.eq(ready & ~self.weights.available),
            self.issued_last.eq(self.issued & step.last),
            self.layer_end.eq(self.issued & step.layer_end),
            self.layer_index.eq(step.layer),
            self.weights.index.eq(step.index),
            self.weights.enable.eq(self.issued),
            self.weights.release.eq(step.release),
            rows.needed.eq(step.rows),
            rows.row_done.eq(self.row_done),
            rows.layer_done.eq(self.layer_done),
            rows.layer_issued.eq(self.layer_end),
        ]
        m.d.sync += self.read_buffer.eq(step.buffer)
        for read, wanted in zip(self.reads, step.reads, strict=True):
            m.d.sync += [read.enable.eq(self.issued & wanted.enable), read.address.eq(wanted.address)]
        self._delay(m, step.first, step.last)
        return m

    def _delay(self, m: Module, first: Value, last: Value) -> None:
        """The flags travel beside the address register and the map."""
        assert ISSUE_LATENCY == MAP_LATENCY + 1
        valid, starts, ends = self.issued, self.issued & first, self.issued & last
        for stage in range(ISSUE_LATENCY):
            flags = [Signal(name=f"{name}_{stage}") for name in ("valid", "first", "last")]
            m.d.sync += [flag.eq(value) for flag, value in zip(flags, (valid, starts, ends), strict=True)]
            valid, starts, ends = flags
        m.d.comb += [self.steps.valid.eq(valid), self.steps.first.eq(starts), self.steps.last.eq(ends)]


class Steps(wiring.Component):
    """The nested loops of :class:`Sequence`: one step a transfer.

    Whether a loop is in its last round is kept in a register beside its counter and worked out together with
    the counter's next value; for the first step of a layer, while the layer moves into a register.

    Ports
    -----
    layers : In(stream of LAYER), windows : In(stream of WindowLayout)
    ahead : Out(stream of StepLayout)
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "layers": In(stream.Signature(LAYER)),
            "windows": In(stream.Signature(WindowLayout(config))),
            "ahead": Out(stream.Signature(StepLayout(config))),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        layer, window = Signal(LAYER, reset_less=True), self.windows.p
        there, load = Signal(), Signal()  # a layer is in the register; the next one may follow
        tile, column = Signal(16), Signal(16)
        row, group = Signal(16), Signal(8)
        offset, row_offset = Signal(16), Signal(16)  # words from the field's first pixel, step group included
        index = Signal(range(self.config.weight_depth))

        move = Signal()  # a step leaves
        tile_end, column_end, pass_end, group_end = Signal(), Signal(), Signal(), Signal()
        limits = ("in_tiles", "kernel_width", "kernel_height", "in_groups")
        moves = (move, move & tile_end, move & column_end, move & pass_end)
        flags = []  # last round of each loop
        for counter, name, advance in zip((tile, column, row, group), limits, moves, strict=True):
            limit, last = getattr(layer, name), Signal(name=f"last_{counter.name}")
            with m.If(advance):
                m.d.sync += last.eq(Mux(last, limit == 1, counter + 2 == limit))
                m.d.sync += counter.eq(Mux(last, 0, counter + 1))
            with m.If(load):
                m.d.sync += last.eq(getattr(self.layers.p, name) == 1)
            flags.append(last)
        tile_last, column_last, row_last, last_pass = flags
        step = self.ahead.p
        m.d.comb += [
            tile_end.eq(tile_last),
            column_end.eq(tile_last & column_last),
            pass_end.eq(column_end & row_last),
            group_end.eq(pass_end & last_pass),
            self.ahead.valid.eq(there & self.windows.valid),
            move.eq(self.ahead.valid & self.ahead.ready),
            self.windows.ready.eq(move & group_end),
            load.eq(~there | (move & group_end & window.layer_end)),
            self.layers.ready.eq(load),
            step.first.eq((tile == 0) & (column == 0) & (row == 0)),
            step.last.eq(pass_end),
            step.layer_end.eq(group_end & window.layer_end),
            step.layer.eq(layer.index),
            step.rows.eq(window.rows),
            step.index.eq(index),
            step.release.eq(window.tile_end & last_pass),
            step.buffer.eq(layer.in_buffer),
        ]
        with m.If(load):
            m.d.sync += [layer.eq(self.layers.p), there.eq(self.layers.valid)]
        with m.If(move):
            with m.If(~step.release):
                m.d.sync += index.eq(Mux(pass_end, 0, index + 1))
            m.d.sync += offset.eq(offset + layer.in_groups)
            with m.If(column_end):
                m.d.sync += row_offset.eq(row_offset + layer.in_row_words)
                m.d.sync += offset.eq(row_offset + layer.in_row_words)
            with m.If(pass_end):
                following = Mux(last_pass, 0, group + 1)
                m.d.sync += [offset.eq(following), row_offset.eq(following)]

        for n in range(self.config.pixel_lanes):
            lane = window.lanes[n]
            y, x = Signal(18, name=f"y_{n}"), Signal(18, name=f"x_{n}")
            # Negative coordinates are huge as unsigned numbers: one comparison checks both sides. A position
            # in the padding is not enabled and reads zero.
            m.d.comb += [
                y.eq(lane.y + row),
                x.eq(lane.x + column),
                step.reads[n].enable.eq(lane.used & (y < layer.in_height) & (x < layer.in_width)),
                step.reads[n].address.eq(lane.address + offset),
            ]
        return m


class RowsReady(wiring.Component):
    """Whether the input rows that a group needs have been written by the layer before.

    At most two layers are under way (one issuing, one leaving), so it is enough to know whether the earlier
    one has left, and if not, how many rows of its last tile are complete.
    """

    def __init__(self) -> None:
        super().__init__({
            "needed": In(32),
            "ready": Out(1),
            "row_done": In(1),
            "layer_done": In(1),
            "layer_issued": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        leaving = Signal(2)  # layers issued completely that have not left yet
        done = Signal(32)
        m.d.sync += leaving.eq(leaving + self.layer_issued - self.layer_done)
        m.d.sync += done.eq(Mux(self.layer_done, 0, done + self.row_done))
        m.d.comb += self.ready.eq((leaving == 0) | ((leaving == 1) & (done >= self.needed)))
        return m
