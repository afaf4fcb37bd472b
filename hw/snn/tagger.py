"""Walks the slots of a layer and says what each one is."""

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.snn.array import SlotLayout
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.group import GroupLayout
from pyralis.hw.snn.program import LAYER
from pyralis.hw.snn.slot import SETTINGS, TaggedSlot, settings_of

__all__ = ["Tagger"]

SUM_BITS = 17
"""Word offsets and channel numbers have 16 bits; the 17th stays set once they have run over."""


class Tagger(wiring.Component):
    """Puts a tag on every slot: for each tile, group of pixels, pass, pixel lane, channel block.

    A pass is a step group, or in a layer of bit planes first the plane groups and then, without currents, the
    step groups 1, 2, ... again. Slots of unused lanes are tagged like the others, with ``used`` low.

    Ports
    -----
    layers : In(stream of LAYER)
        Accepted when the previous layer has left the path.
    settings : Out(SETTINGS)
        Of the current layer.
    begin : Out(1)
        Pulse: a layer has been accepted (``settings`` are valid from now on).
    groups : In(stream of GroupLayout)
        Transferred with the last slot of the group.
    currents : In(stream of SlotLayout)
    slots : Out(stream of TaggedSlot)
        Currents of a replay are 0.
    busy : In(1)
        A slot is still somewhere behind ``slots``.
    layer_done : Out(1)
        Pulse: all slots of the layer have left.

    Timing
    ------
    Combinational from ``currents`` to ``slots``; two cycles pass between the layer and its first slot.
    ``layer_done`` comes in the cycle after ``busy`` has fallen.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "layers": In(stream.Signature(LAYER)),
            "settings": Out(SETTINGS),
            "begin": Out(1),
            "groups": In(stream.Signature(GroupLayout(config))),
            "currents": In(stream.Signature(SlotLayout(config))),
            "slots": Out(stream.Signature(TaggedSlot(config))),
            "busy": In(1),
            "layer_done": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        walking, replay = Signal(), Signal()
        ready = walking & self.groups.valid
        at = Signal(_position(self.config))
        end = self._ends(m, at, replay)
        self._advance(m, at, end)
        self._tag(m, at, end, replay)
        m.d.comb += [
            self.slots.valid.eq(ready & (replay | self.currents.valid)),
            self.slots.p.currents.eq(Mux(replay, 0, self.currents.p)),
            self.currents.ready.eq(ready & ~replay & self.slots.ready),
            self.groups.ready.eq(self.slots.valid & self.slots.ready & end.group),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.layers.ready.eq(1)
                with m.If(self.layers.valid):
                    m.d.sync += [
                        getattr(self.settings, k).eq(v) for k, v in settings_of(self.layers.p).items()
                    ]
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += self.begin.eq(1)
                m.next = "WALK"
            with m.State("WALK"):
                m.d.comb += walking.eq(1)
                with m.If(self.groups.ready & end.layer):
                    m.next = "DRAIN"
            with m.State("DRAIN"), m.If(~self.busy):
                m.next = "DONE"
            with m.State("DONE"):  # a cycle of its own: many units look at it
                m.d.comb += self.layer_done.eq(1)
                m.next = "IDLE"
        return m

    def _ends(self, m: Module, at: data.View, replay: Signal) -> data.View:
        """Whether the slot at *at* is the last of its word, pixel, pass, group, tile, layer; and a *replay*.

        Settings stand still, so what a pass is and whether a group or a tile is the last is worked out when
        it is reached.
        """
        c = self.config
        names = ("word", "pixel", "pass_", "planes", "group", "tile", "layer")
        end = Signal(data.StructLayout(dict.fromkeys(names, 1)))
        settings = self.settings
        out_groups, out_tiles = settings.out_groups, settings.out_tiles
        last_plane, last_group, last_tile = Signal(), Signal(), Signal()
        one_plane = ~settings.planes | (c.plane_groups == 1)  # a pass has all of it
        with m.If(self.begin):
            m.d.sync += [
                replay.eq(0),
                last_plane.eq(one_plane),
                last_group.eq(out_groups == 1),
                last_tile.eq(out_tiles == 1),
            ]
        with m.Elif(self.slots.valid & self.slots.ready):
            with m.If(end.pass_ & ~last_plane):
                m.d.sync += last_plane.eq(at.plane + 2 == c.plane_groups)
            with m.If(end.pass_ & last_plane):
                m.d.sync += [
                    replay.eq(settings.planes & ~last_group),
                    last_group.eq(Mux(last_group, out_groups == 1, at.group + 2 == out_groups)),
                ]
            with m.If(end.group):
                m.d.sync += last_plane.eq(one_plane)
            with m.If(end.tile):
                m.d.sync += last_tile.eq(at.tile + 2 == out_tiles)
        m.d.comb += [
            self.slots.p.tag.last.eq(last_group),
            self.slots.p.tag.tile_last.eq(last_tile),
            end.word.eq(at.part == c.in_lanes // c.neuron_lanes - 1),
            end.pixel.eq(at.block == c.blocks - 1),
            end.pass_.eq(end.pixel & (at.lane == c.pixel_lanes - 1)),
            end.planes.eq(last_plane),
            end.group.eq(end.pass_ & end.planes & last_group),
            end.tile.eq(end.group & self.groups.p.tile_end),
            end.layer.eq(end.tile & last_tile),
        ]
        return end

    def _advance(self, m: Module, at: data.View, end: data.View) -> None:
        c, settings = self.config, self.settings
        left = Mux(at.steps_left > c.step_lanes, at.steps_left - c.step_lanes, 0)
        with m.If(self.slots.valid & self.slots.ready):
            m.d.sync += [
                at.index.eq(Mux(end.pass_, 0, at.index + 1)),
                at.part.eq(Mux(end.word, 0, at.part + 1)),
                at.block.eq(Mux(end.pixel, 0, at.block + 1)),
                at.channel.eq(_plus(at.channel, c.neuron_lanes)),
            ]
            with m.If(end.word):
                m.d.sync += at.offset.eq(_plus(at.offset, settings.out_groups))
            with m.If(end.pixel):
                m.d.sync += [at.lane.eq(Mux(end.pass_, 0, at.lane + 1)), at.channel.eq(at.tile_channel)]
                m.d.sync += at.offset.eq(at.pass_offset)
            with m.If(end.pass_ & ~end.planes):
                m.d.sync += at.plane.eq(at.plane + 1)
            with m.If(end.pass_ & end.planes):
                following = _plus(at.pass_offset, 1)
                m.d.sync += [at.group.eq(at.group + 1), at.steps_left.eq(left)]
                m.d.sync += [at.offset.eq(following), at.pass_offset.eq(following)]
            with m.If(end.group):
                m.d.sync += [at.plane.eq(0), at.group.eq(0), at.steps_left.eq(settings.time_steps)]
                m.d.sync += [at.offset.eq(at.tile_offset), at.pass_offset.eq(at.tile_offset)]
            with m.If(end.tile):  # its last word of the last step group has just gone by
                following, channel = _plus(at.offset, 1), _plus(at.tile_channel, c.out_lanes)
                m.d.sync += [at.tile.eq(at.tile + 1), at.tile_channel.eq(channel), at.channel.eq(channel)]
                m.d.sync += [value.eq(following) for value in (at.offset, at.pass_offset, at.tile_offset)]
        with m.If(self.begin):
            m.d.sync += [at.eq(0), at.steps_left.eq(settings.time_steps)]

    def _tag(self, m: Module, at: data.View, end: data.View, replay: Value) -> None:
        c, settings, tag = self.config, self.settings, self.slots.p.tag
        lane = self.groups.p.lanes[at.lane]
        channels_left = (settings.out_channels - at.channel).as_signed()
        m.d.comb += [
            tag.index.eq(at.index),
            tag.block.eq(at.block),
            tag.word_end.eq(end.word),
            tag.kept.eq(channels_left > c.neuron_lanes - c.in_lanes),
            tag.planes.eq(settings.planes),
            tag.fresh.eq((at.plane == 0) & ~replay),
            tag.partial.eq(~end.planes),
            tag.replay.eq(replay),
            tag.group.eq(at.group),
            tag.first.eq(at.group == 0),
            tag.active.eq(Cat(at.steps_left > s for s in range(c.step_lanes))),
            tag.real.eq(Cat(channels_left > p for p in range(c.neuron_lanes))),
            tag.used.eq(lane.used),
            tag.window_first.eq(lane.first),
            tag.window_last.eq(lane.last),
            tag.row.eq(lane.row),
            tag.address.eq(_plus(at.offset, lane.address)),
            tag.channel.eq(at.channel),
            tag.tile_end.eq(end.tile),
        ]


def _position(config: SnnConfig) -> data.StructLayout:
    """Where in the layer a slot is: counters, and running sums of words and channels at each level."""
    sums = dict.fromkeys(("offset", "pass_offset", "tile_offset", "channel", "tile_channel"), SUM_BITS)
    return data.StructLayout({
        "index": range(max(config.slots, 2)),
        "lane": range(max(config.pixel_lanes, 2)),
        "block": range(max(config.blocks, 2)),
        "part": range(max(config.in_lanes // config.neuron_lanes, 2)),
        "plane": range(max(config.plane_groups, 2)),
        "group": 8,
        "steps_left": 8,
        "tile": 16,
        **sums,
    })


def _plus(value: Value, more) -> Value:
    """Sum of 16 bits whose 17th bit says that it has run over, now or before."""
    total = value[: SUM_BITS - 1] + more
    return Cat(total[: SUM_BITS - 1], total[SUM_BITS - 1 :].any() | value[-1])
