"""Walks the output pixels of a layer and packs them into groups of N."""

from amaranth import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

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
    as long as M > P.
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
        m.submodules.pixels = pixels = Pixels()
        wiring.connect(m, wiring.flipped(self.layers), pixels.layers)

        lane = Signal(range(max(n_lanes, 2)))
        window, group = Signal(WindowLayout(self.config)), Signal(GroupLayout(self.config))
        take = Signal()
        m.d.comb += [
            self.windows.payload.eq(window),
            self.groups.payload.eq(group),
            take.eq(~self.windows.valid & ~self.groups.valid & pixels.valid),
            pixels.next.eq(take),
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


class Pixels(wiring.Component):
    """The nested loops of :class:`PixelWalk`: one pixel at a time, advanced by ``next``."""

    def __init__(self) -> None:
        super().__init__({
            "layers": In(stream.Signature(LAYER)),
            "valid": Out(1),
            "next": In(1),
            "y": Out(signed(17)),
            "x": Out(signed(17)),
            "address": Out(16),
            "target": Out(16),
            "rows": Out(32),
            "first": Out(1),
            "last": Out(1),
            "row": Out(1),
            "tile_end": Out(1),
            "layer_end": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        layer = self.layers.p
        running = Signal()
        # Loop counters, innermost first, and whether each is at its end.
        counters = {}
        limits = {
            "window_x": layer.pool_size,
            "window_y": layer.pool_size,
            "column": layer.out_width,
            "line": layer.out_height,
            "image": layer.images,
            "tile": layer.out_tiles,
        }
        ends = []
        for name, limit in limits.items():
            counters[name] = counter = Signal(16, name=name)
            ends.append(Signal(name=f"{name}_end"))
            m.d.comb += ends[-1].eq(counter + 1 == limit)
        # wraps[k]: all loops up to k end with this pixel.
        wraps = [Signal(name=f"wrap_{name}") for name in limits]
        for k, wrap in enumerate(wraps):
            m.d.comb += wrap.eq(ends[k] & (wraps[k - 1] if k else 1))

        # Positions at the start of the current window row, window, line, image.
        names = ("window_y", "column", "line", "image")
        address = {name: Signal(16, name=f"address_{name}") for name in names}
        y_window, y_line = Signal(signed(17)), Signal(signed(17))
        x_window = Signal(signed(17))
        image_rows = Signal(32)
        steps = {
            "window_y": layer.row_step,
            "column": layer.pool_column_step,
            "line": layer.pool_row_step,
            "image": layer.in_image_words,
        }

        left, top = -layer.pad_left, -layer.pad_top
        with m.If(~running), m.If(self.layers.valid):
            m.d.sync += running.eq(1)
            m.d.sync += [counters[name].eq(0) for name in limits]
            self._restart(m, layer, address, [(self.y, top), (y_window, top), (y_line, top)], x_window, left)
            m.d.sync += [image_rows.eq(0), self.target.eq(0)]
        with m.Elif(self.next):
            for k, name in enumerate(limits):
                with m.If(wraps[k]):
                    m.d.sync += counters[name].eq(0)
                with m.Elif(wraps[k - 1] if k else 1):
                    m.d.sync += counters[name].eq(counters[name] + 1)
            with m.If(self.last):
                m.d.sync += self.target.eq(self.target + layer.out_pixel_words)
            with m.If(~wraps[0]):
                m.d.sync += [
                    self.address.eq(self.address + layer.column_step),
                    self.x.eq(self.x + layer.stride),
                ]
            for k, name in enumerate(names):
                # Loop k + 1 advances: everything inside it starts again from its new position.
                with m.If(wraps[k] & ~wraps[k + 1]):
                    moved = (address[name] + steps[name])[:16]
                    m.d.sync += [address[inner].eq(moved) for inner in names[: k + 1]]
                    m.d.sync += self.address.eq(moved)
            with m.If(wraps[0] & ~wraps[1]):
                m.d.sync += [self.x.eq(x_window), y_window.eq(y_window + layer.stride)]
                m.d.sync += self.y.eq(y_window + layer.stride)
            with m.If(wraps[1] & ~wraps[2]):
                m.d.sync += [x_window.eq(x_window + layer.pool_step), self.x.eq(x_window + layer.pool_step)]
                m.d.sync += [y_window.eq(y_line), self.y.eq(y_line)]
            with m.If(wraps[2]):
                m.d.sync += [x_window.eq(left), self.x.eq(left)]
                following = Mux(wraps[3], top, y_line + layer.pool_step)
                m.d.sync += [y_line.eq(following), y_window.eq(following), self.y.eq(following)]
            with m.If(wraps[3]):
                m.d.sync += image_rows.eq(image_rows + layer.in_height)
            with m.If(wraps[4]):
                self._restart(m, layer, address, [], x_window, left)
                m.d.sync += [image_rows.eq(0), self.target.eq(0)]
            with m.If(wraps[5]):
                m.d.sync += running.eq(0)
                m.d.comb += self.layers.ready.eq(1)

        bottom = Signal(signed(18))  # first row below the receptive field
        m.d.comb += [
            bottom.eq(self.y + layer.kernel_height),
            self.rows.eq(
                image_rows + Mux(bottom <= 0, 0, Mux(bottom > layer.in_height, layer.in_height, bottom[:17]))
            ),
            self.valid.eq(running),
            self.first.eq((counters["window_x"] == 0) & (counters["window_y"] == 0)),
            self.last.eq(wraps[1]),
            self.row.eq(wraps[2]),
            self.tile_end.eq(wraps[4]),
            self.layer_end.eq(wraps[5]),
        ]
        return m

    def _restart(self, m: Module, layer, address: dict, rows: list, x_window: Signal, left) -> None:
        m.d.sync += [base.eq(layer.origin) for base in address.values()]
        m.d.sync += [self.address.eq(layer.origin), x_window.eq(left), self.x.eq(left)]
        m.d.sync += [register.eq(top) for register, top in rows]
