"""Signed 8-bit pixels to bit-plane words, with neighbouring columns folded into one word."""

from itertools import pairwise

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.snn.config import SnnConfig

__all__ = ["CHUNK_BYTES", "PixelWindows"]

CHUNK_BYTES = 4
"""Most bytes of a pixel that are moved in a cycle, so a pixel of up to four channels moves in one."""

SETTINGS = data.StructLayout({
    "height": 16,
    "width": 16,
    "channels": 8,
    "fold": 8,
    "pad_left": 8,
    "pad_right": 8,
})


class PixelWindows(wiring.Component):
    """Slides a window of ``fold`` columns along every row and cuts its bytes into bit planes.

    Three steps in a row, all byte wide: a gearbox turns bus beats into chunks of up to four bytes of one
    pixel; the chunks (zeros for a padded column) shift through a register of V bytes, of which the last
    ``fold * channels`` are the window; when a window is complete its plane groups leave one a
    cycle. The window advances by whole pixels, so no row or column of it is ever moved in parallel and
    ``channels`` and ``fold`` stay data.

    Ports
    -----
    settings : In({height, width, channels, fold, pad_left, pad_right})
        See LOAD in :mod:`pyralis.hw.snn.program`. Legal (:class:`pyralis.hw.snn.check.Check`) and constant
        from the cycle before ``start`` to the last word.
    start : In(1)
        Pulse: forget everything and begin with the first byte of the next beat.
    beats : In(stream of bus_bits)
        Pixel bytes, [row][column][channel], rows not padded.
    words : Out(stream of {data: V * S bits, last: 1})
        [row][window position][plane group]; ``last`` with the last word of all rows. Bit s * V + v of group g
        is bit (plane_groups - 1 - g) * S + s of byte v of the window; byte column * channels + channel.

    Timing
    ------
    With C channels a window follows the one before it in its row after plane_groups + ceil(C / 4) - 1 cycles:
    up to four channels make one word a cycle. A row begins with (fold - 1) * ceil(C / 4) more cycles that
    fill the window. The first word comes 2 cycles after the beat that completes its window. Memory has to
    deliver C bytes a window.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        word = data.StructLayout({"data": config.map_word_bits, "last": 1})
        super().__init__({
            "settings": In(SETTINGS),
            "start": In(1),
            "beats": In(stream.Signature(config.bus_bits)),
            "words": Out(stream.Signature(word)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        chunk_bytes = min(CHUNK_BYTES, self.config.in_lanes)
        count = Signal(range(chunk_bytes + 1))  # bytes that move next
        inside = Signal()  # they come from memory; otherwise they are zeros of a padded column
        available = Signal()
        push = Signal()
        bytes_ = self._gearbox(m, chunk_bytes, count, push & inside, available)
        window = self._window(m, Mux(inside, bytes_, 0), count, push)
        # One bit at least: Verilog has no empty vectors.
        group = Signal(range(max(2, self.config.plane_groups)))
        m.d.comb += self.words.p.data.eq(self._planes(window, group))
        self._control(m, chunk_bytes, count, inside, available, push, group)
        return m

    def _gearbox(self, m: Module, chunk_bytes: int, count: Signal, take: Signal, available: Signal) -> Value:
        """Queue of beats, read byte by byte; returns its lowest bytes, of which the first *count* count.

        They leave on *take*. With three beats there is room for one more in every cycle in which one may be
        wanted, whether or not bytes leave in it.
        """
        beat_bytes = self.config.bus_bits // 8
        beats = [Signal(8 * beat_bytes, name=f"beat_{n}", reset_less=True) for n in range(3)]
        level = Signal(range(len(beats) + 1))
        at = Signal(range(beat_bytes))  # first byte of the lowest beat that is still to leave
        end = Signal(range(beat_bytes + chunk_bytes))
        accept, pop, rest_level = Signal(), Signal(), Signal.like(level)
        m.d.comb += [
            end.eq(at + count),
            available.eq((level > 1) | ((level == 1) & (end <= beat_bytes))),
            self.beats.ready.eq(level != len(beats)),
            accept.eq(self.beats.valid & self.beats.ready),
            pop.eq(take & (end >= beat_bytes)),
            rest_level.eq(level - pop),
        ]
        # What lies above the level may be anything.
        for n, (beat, above) in enumerate(pairwise(beats)):
            with m.If(pop | (accept & (level == n))):
                m.d.sync += beat.eq(Mux(pop & (level != n + 1), above, self.beats.payload))
        with m.If(accept):
            m.d.sync += beats[-1].eq(self.beats.payload)
        m.d.sync += level.eq(rest_level + accept)
        with m.If(take):
            m.d.sync += at.eq(end)
        with m.If(self.start):
            m.d.sync += [level.eq(0), at.eq(0)]
        return Cat(*beats[:2]).bit_select(Cat(Const(0, 3), at), 8 * chunk_bytes)

    def _window(self, m: Module, chunk: Value, count: Signal, push: Signal) -> Value:
        """Byte shift register; returns the ``fold * channels`` bytes that entered last, zeros above them.

        What a window holds of older rows has left it before it is looked at.
        """
        lanes = self.config.in_lanes
        window = Signal(8 * lanes, reset_less=True)
        length, older = Signal(range(lanes + 1)), Signal(range(lanes + 1))
        m.d.sync += [length.eq(self.settings.fold * self.settings.channels), older.eq(lanes - length)]
        with m.If(push):
            m.d.sync += window.eq(Cat(window, chunk).bit_select(count << 3, 8 * lanes))
        aligned = Signal.like(window)
        m.d.comb += aligned.eq(window >> (older << 3))
        return aligned

    def _planes(self, window: Value, group: Signal) -> Value:
        c = self.config
        words = Cat(
            Cat(window[8 * v + (c.plane_groups - 1 - g) * c.step_lanes + s] for v in range(c.in_lanes))
            for g in range(c.plane_groups)
            for s in range(c.step_lanes)
        )
        return words.word_select(group, c.map_word_bits)

    def _control(self, m: Module, chunk_bytes: int, count, inside, available, push, group) -> None:
        """Counts bytes, columns and rows.

        What a push does depends on registers only: whatever must be known of a position (of its bytes and of
        its column) is worked out in the cycle in which the position is reached.
        """
        d = self.settings
        column, following = Signal(17), Signal(17)
        left_end, row_end = Signal(17), Signal(17)
        rows, remaining, rest = Signal(16), Signal(8), Signal(8)
        running, full = Signal(), Signal()
        pixel_end, fills, last_column = Signal(), Signal(), Signal()  # of the position
        move = Signal()  # to the next column
        group_end = group == self.config.plane_groups - 1
        m.d.sync += [left_end.eq(d.pad_left + d.width), row_end.eq(d.pad_left + d.width + d.pad_right - 1)]
        m.d.comb += [
            push.eq(running & (~full | self.words.ready & group_end) & (~inside | available)),
            move.eq(push & pixel_end),
            self.words.valid.eq(full),
            self.words.p.last.eq(group_end & ~running),
            following.eq(Mux(last_column, 0, column + 1)),
            rest.eq(Mux(pixel_end | self.start, d.channels, remaining - chunk_bytes)),
        ]
        with m.If(self.words.valid & self.words.ready):
            m.d.sync += [group.eq(Mux(group_end, 0, group + 1)), full.eq(~group_end)]
        with m.If(push):
            m.d.sync += full.eq(pixel_end & fills)
        with m.If(push | self.start):
            m.d.sync += [
                remaining.eq(rest),
                pixel_end.eq(rest <= chunk_bytes),
                count.eq(Mux(rest <= chunk_bytes, rest, chunk_bytes)),
            ]
        with m.If(move):
            m.d.sync += [
                column.eq(following),
                inside.eq((following >= d.pad_left) & (following < left_end)),
                fills.eq(following + 1 >= d.fold),
                last_column.eq(following == row_end),
            ]
            with m.If(last_column):
                m.d.sync += [rows.eq(rows - 1), running.eq(rows != 1)]
        with m.If(self.start):  # to column 0; the sums of the widths are not there yet
            m.d.sync += [
                column.eq(0),
                inside.eq(d.pad_left == 0),
                fills.eq(d.fold == 1),
                last_column.eq((d.pad_left == 0) & (d.width == 1) & (d.pad_right == 0)),
                rows.eq(d.height),
                group.eq(0),
                running.eq(1),
                full.eq(0),
            ]
