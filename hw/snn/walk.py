"""Walks the output pixels of a layer and packs them into groups of N."""

from amaranth import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.stream import RegisterSlice
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.group import GroupLayout
from pyralis.hw.snn.program import LAYER

__all__ = ["PixelWalk", "WindowLayout"]


def WindowLayout(config: SnnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """What the sequencer needs of a group: where each lane's receptive field begins in the input map.

    ``y, x``: input coordinates of the field's first pixel, negative in the padding. ``address``: map word of
    that pixel (modulo 2**16). ``rows``: input rows, counted through all images, that must have been written
    before the group can be read. ``tile_end``: last group of a tile; ``layer_end``: and of the layer.
    """
    lane = data.StructLayout({"used": 1, "y": signed(17), "x": signed(17), "address": 16})
    return data.StructLayout({
        "lanes": data.ArrayLayout(lane, config.pixel_lanes),
        "rows": 32,
        "tile_end": 1,
        "layer_end": 1,
    })


class PixelWalk(wiring.Component):
    """Pixel groups of a layer, in the order in which the array computes them.

    For every tile of output channels the same walk: images, rows and columns of the *pooled* output map and,
    inside each, the pixels of its pooling window. The window's pixels are neighbours in this order, so
    pooling needs no line buffer. Consecutive pixels fill the N lanes whatever row or image they belong to;
    only the last group of a tile may have unused lanes. All addresses are running sums of the strides in the
    descriptor.

    Ports
    -----
    layers : In(stream of LAYER)
    windows : Out(stream of WindowLayout)
        For the sequencer.
    groups : Out(stream of GroupLayout)
        For the output path. The next group is gathered when both have taken this one.

    Timing
    ------
    One pixel a cycle; a group every N + 1 cycles at best, which the output path (N * M / P) never undercuts
    as long as M > P. The first group of a layer is offered N + 2 cycles after ``layers.valid``.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "layers": In(stream.Signature(LAYER)),
            "windows": Out(stream.Signature(WindowLayout(config))),
            "groups": Out(stream.Signature(GroupLayout(config))),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        n_lanes = self.config.pixel_lanes
        m.submodules.loops = loops = Pixels()
        wiring.connect(m, wiring.flipped(self.layers), loops.layers)
        # Between the loops, which work out the rows, and the largest number of rows of a group.
        m.submodules.slice = ahead = RegisterSlice(PIXEL)
        pixels = ahead.output.p

        lane = Signal(range(max(n_lanes, 2)))
        window = Signal(WindowLayout(self.config), reset_less=True)
        group = Signal(GroupLayout(self.config), reset_less=True)
        take = Signal()
        m.d.comb += [
            self.windows.payload.eq(window),
            self.groups.payload.eq(group),
            ahead.input.payload.eq(loops.pixel),
            ahead.input.valid.eq(loops.valid),
            loops.next.eq(loops.valid & ahead.input.ready),
            ahead.output.ready.eq(~self.windows.valid & ~self.groups.valid),
            take.eq(ahead.output.valid & ahead.output.ready),
        ]
        for port in (self.windows, self.groups):
            with m.If(port.ready):
                m.d.sync += port.valid.eq(0)
        with m.If(take):
            m.d.sync += lane.eq(lane + 1)
            first = lane == 0
            for n in range(n_lanes):
                with m.If(lane == n):
                    m.d.sync += [
                        window.lanes[n].eq(Cat(Const(1, 1), pixels.y, pixels.x, pixels.address)),
                        group.lanes[n].used.eq(1),
                        group.lanes[n].first.eq(pixels.first),
                        group.lanes[n].last.eq(pixels.last),
                        group.lanes[n].row.eq(pixels.row),
                        group.lanes[n].address.eq(pixels.target),
                    ]
                with m.Elif(first):
                    m.d.sync += [window.lanes[n].used.eq(0), group.lanes[n].used.eq(0)]
            m.d.sync += [
                window.rows.eq(Mux(first | (pixels.rows > window.rows), pixels.rows, window.rows)),
                window.tile_end.eq(pixels.tile_end),
                window.layer_end.eq(pixels.layer_end),
                group.tile_end.eq(pixels.tile_end),
            ]
            with m.If((lane == n_lanes - 1) | pixels.tile_end):
                m.d.sync += [lane.eq(0), self.windows.valid.eq(1), self.groups.valid.eq(1)]
        return m


PIXEL = data.StructLayout({
    "y": signed(17),
    "x": signed(17),
    "address": 16,
    "target": 16,
    "rows": 32,
    "first": 1,
    "last": 1,
    "row": 1,
    "tile_end": 1,
    "layer_end": 1,
})
"""What the walk knows of a pixel: see :func:`WindowLayout` and :class:`pyralis.hw.snn.group.GroupLayout`."""


class Pixels(wiring.Component):
    """The nested loops of :class:`PixelWalk`: one pixel at a time, advanced by ``next``."""

    def __init__(self) -> None:
        super().__init__({
            "layers": In(stream.Signature(LAYER)),
            "valid": Out(1),
            "next": In(1),
            "pixel": Out(PIXEL),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        layer, pixel = self.layers.p, self.pixel
        running, restart = Signal(), Signal()
        m.d.comb += restart.eq(~running & self.layers.valid)
        counters, wraps = self._loops(m, layer, restart)
        at = _Bases()
        with m.If(restart):
            m.d.sync += running.eq(1)
            self._restart(m, layer, at)
        with m.Elif(self.next):
            self._advance_columns(m, layer, at, wraps)
            self._advance_rows(m, layer, at, wraps)
            with m.If(pixel.last):
                m.d.sync += at.target.eq(at.target + layer.out_pixel_words)
            with m.If(wraps[4]):
                self._restart(m, layer, at)
            with m.If(wraps[5]):
                m.d.sync += running.eq(0)
                m.d.comb += self.layers.ready.eq(1)

        bottom = Signal(signed(18))  # first row below the receptive field
        below = Mux(bottom <= 0, 0, Mux(bottom > layer.in_height, layer.in_height, bottom[:17]))
        m.d.comb += [
            bottom.eq(at.y + layer.kernel_height),
            self.valid.eq(running),
            pixel.y.eq(at.y),
            pixel.x.eq(at.x),
            pixel.address.eq(at.word),
            pixel.target.eq(at.target),
            pixel.rows.eq(at.image_rows + below),
            pixel.first.eq((counters["window_x"] == 0) & (counters["window_y"] == 0)),
            pixel.last.eq(wraps[1]),
            pixel.row.eq(wraps[2]),
            pixel.tile_end.eq(wraps[4]),
            pixel.layer_end.eq(wraps[5]),
        ]
        return m

    def _loops(self, m: Module, layer, restart: Signal) -> tuple[dict[str, Signal], list[Signal]]:
        """Loop counters by name, innermost first; and for each loop whether it ends with this pixel.

        The ends stand in registers, worked out with the counters' next values.
        """
        limits = {
            "window_x": layer.pool_size,
            "window_y": layer.pool_size,
            "column": layer.out_width,
            "line": layer.out_height,
            "image": layer.images,
            "tile": layer.out_tiles,
        }
        counters = {name: Signal(16, name=name) for name in limits}
        wraps = [Signal(name=f"wrap_{name}") for name in limits]
        inner = ends = Const(1)  # all loops inside this one end, with this pixel and with the next one
        for (name, limit), wrap in zip(limits.items(), wraps, strict=True):
            end, following = Signal(name=f"{name}_end"), Signal(name=f"{name}_end_next")
            advance = self.next & inner
            with m.If(restart | (advance & end)):
                m.d.sync += counters[name].eq(0)
                m.d.comb += following.eq(limit == 1)
            with m.Elif(advance):
                m.d.sync += counters[name].eq(counters[name] + 1)
                m.d.comb += following.eq(counters[name] + 2 == limit)
            with m.Else():
                m.d.comb += following.eq(end)
            inner, ends = wrap, following & ends
            m.d.sync += [end.eq(following), wrap.eq(ends)]
        return counters, wraps

    def _advance_columns(self, m: Module, layer, at: "_Bases", wraps: list[Signal]) -> None:
        """Map word and x of the next pixel."""
        with m.If(~wraps[0]):
            m.d.sync += [at.word.eq(at.word + layer.column_step), at.x.eq(at.x + layer.stride)]
        steps = {
            "window_y": layer.row_step,
            "column": layer.pool_column_step,
            "line": layer.pool_row_step,
            "image": layer.in_image_words,
        }
        for k, (name, step) in enumerate(steps.items()):
            # Loop k + 1 advances: everything inside it starts again from its new position.
            with m.If(wraps[k] & ~wraps[k + 1]):
                moved = (at.address[name] + step)[:16]
                m.d.sync += [at.address[inner].eq(moved) for inner in list(steps)[: k + 1]]
                m.d.sync += at.word.eq(moved)
        with m.If(wraps[0] & ~wraps[1]):
            m.d.sync += at.x.eq(at.x_window)
        with m.If(wraps[1] & ~wraps[2]):
            m.d.sync += [
                at.x_window.eq(at.x_window + layer.pool_step),
                at.x.eq(at.x_window + layer.pool_step),
            ]
        with m.If(wraps[2]):
            m.d.sync += [at.x_window.eq(-layer.pad_left), at.x.eq(-layer.pad_left)]

    def _advance_rows(self, m: Module, layer, at: "_Bases", wraps: list[Signal]) -> None:
        """Row y of the next pixel, and the rows of the images before its own."""
        with m.If(wraps[0] & ~wraps[1]):
            m.d.sync += [at.y_window.eq(at.y_window + layer.stride), at.y.eq(at.y_window + layer.stride)]
        with m.If(wraps[1] & ~wraps[2]):
            m.d.sync += [at.y_window.eq(at.y_line), at.y.eq(at.y_line)]
        with m.If(wraps[2]):
            following = Mux(wraps[3], -layer.pad_top, at.y_line + layer.pool_step)
            m.d.sync += [at.y_line.eq(following), at.y_window.eq(following), at.y.eq(following)]
        with m.If(wraps[3]):
            m.d.sync += at.image_rows.eq(at.image_rows + layer.in_height)

    def _restart(self, m: Module, layer, at: "_Bases") -> None:
        """To the first pixel of a tile."""
        m.d.sync += [base.eq(layer.origin) for base in (*at.address.values(), at.word)]
        m.d.sync += [row.eq(-layer.pad_top) for row in (at.y, at.y_window, at.y_line)]
        m.d.sync += [column.eq(-layer.pad_left) for column in (at.x, at.x_window)]
        m.d.sync += [at.image_rows.eq(0), at.target.eq(0)]


class _Bases:
    """Position of the pixel, and positions at the start of its window row, window, line and image."""

    def __init__(self) -> None:
        loops = ("window_y", "column", "line", "image")
        self.y, self.x = Signal(signed(17), name="y"), Signal(signed(17), name="x")
        self.word, self.target = Signal(16, name="address"), Signal(16, name="target")
        self.address = {name: Signal(16, name=f"address_{name}") for name in loops}
        self.y_window, self.y_line, self.x_window = (
            Signal(signed(17), name=name) for name in ("y_window", "y_line", "x_window")
        )
        self.image_rows = Signal(32)
        """Input rows of the images before this one."""
