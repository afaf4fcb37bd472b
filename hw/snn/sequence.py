"""Issues one kernel position and input tile to the array each cycle."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

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


class Sequence(wiring.Component):
    """Loops over step groups, kernel rows, kernel columns and input tiles of every pixel group.

    A step is issued in every cycle in which its weight word is on chip, its input rows are written and (for
    the last step of a group) the array has room; passes, groups, tiles and layers follow each other without a
    gap. A layer may begin while the one before it is still leaving the output path: ``row_done`` tells how
    far that has come.

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
    issued, weight_stall, layer_end : Out(1)
        For the counters: a step is issued; one waits for its weights; the layer's last step is issued.
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
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.rows = rows = RowsReady()
        layer, window = self.layers.p, self.windows.p
        tile, column = Signal(16), Signal(16)
        row, group = Signal(16), Signal(8)
        offset, row_offset = Signal(16), Signal(16)  # words from the field's first pixel, step group included
        index = Signal(range(self.config.weight_depth))

        tile_end, column_end, row_end, pass_end = Signal(), Signal(), Signal(), Signal()
        first, last_pass, group_end = Signal(), Signal(), Signal()
        ready, waiting = Signal(), Signal()
        m.d.comb += [
            tile_end.eq(tile + 1 == layer.in_tiles),
            column_end.eq(tile_end & (column + 1 == layer.kernel_width)),
            row_end.eq(row + 1 == layer.kernel_height),
            pass_end.eq(column_end & row_end),
            first.eq((tile == 0) & (column == 0) & (row == 0)),
            last_pass.eq(group + 1 == layer.in_groups),
            group_end.eq(pass_end & last_pass),
            waiting.eq(self.layers.valid & self.windows.valid & rows.ready),
            ready.eq(waiting & (~pass_end | self.room)),
            self.issued.eq(ready & self.weights.available),
            self.weight_stall.eq(ready & ~self.weights.available),
            self.issued_last.eq(self.issued & pass_end),
            self.layer_end.eq(self.issued & group_end & window.layer_end),
            self.windows.ready.eq(self.issued & group_end),
            self.layers.ready.eq(self.layer_end),
            self.weights.index.eq(index),
            self.weights.enable.eq(self.issued),
            self.weights.release.eq(window.tile_end & last_pass),
            rows.needed.eq(window.rows),
            rows.row_done.eq(self.row_done),
            rows.layer_done.eq(self.layer_done),
            rows.layer_issued.eq(self.layer_end),
        ]
        with m.If(self.issued):
            with m.If(~self.weights.release):
                m.d.sync += index.eq(Mux(pass_end, 0, index + 1))
            m.d.sync += tile.eq(Mux(tile_end, 0, tile + 1))
            with m.If(tile_end):
                m.d.sync += column.eq(Mux(column_end, 0, column + 1))
            m.d.sync += offset.eq(offset + layer.in_groups)
            with m.If(column_end):
                m.d.sync += row.eq(Mux(row_end, 0, row + 1))
                m.d.sync += row_offset.eq(row_offset + layer.in_row_words)
                m.d.sync += offset.eq(row_offset + layer.in_row_words)
            with m.If(pass_end):
                following = Mux(last_pass, 0, group + 1)
                m.d.sync += [group.eq(following), offset.eq(following), row_offset.eq(following)]

        self._read(m, layer, window, row, column, offset)
        self._delay(m, first, pass_end)
        return m

    def _read(self, m: Module, layer, window, row: Signal, column: Signal, offset: Signal) -> None:
        """Addresses of all lanes; a position in the padding is not enabled and reads zero."""
        m.d.sync += self.read_buffer.eq(layer.in_buffer)
        for n in range(self.config.pixel_lanes):
            lane = window.lanes[n]
            y, x = Signal(18, name=f"y_{n}"), Signal(18, name=f"x_{n}")
            # Negative coordinates are huge as unsigned numbers: one comparison checks both sides.
            m.d.comb += [y.eq(lane.y + row), x.eq(lane.x + column)]
            m.d.sync += [
                self.reads[n].enable.eq(
                    self.issued & lane.used & (y < layer.in_height) & (x < layer.in_width)
                ),
                self.reads[n].address.eq(lane.address + offset),
            ]

    def _delay(self, m: Module, first: Signal, last: Signal) -> None:
        """The flags travel beside the address register and the map."""
        assert ISSUE_LATENCY == MAP_LATENCY + 1
        valid, starts, ends = self.issued, self.issued & first, self.issued & last
        for stage in range(ISSUE_LATENCY):
            flags = [Signal(name=f"{name}_{stage}") for name in ("valid", "first", "last")]
            m.d.sync += [flag.eq(value) for flag, value in zip(flags, (valid, starts, ends), strict=True)]
            valid, starts, ends = flags
        m.d.comb += [self.steps.valid.eq(valid), self.steps.first.eq(starts), self.steps.last.eq(ends)]


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
