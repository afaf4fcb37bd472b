"""On-chip weights and parameters: rings that the memory fills while the array reads."""

from amaranth import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.read import ReadBeat
from pyralis.hw.common.stream import held
from pyralis.hw.snn.config import SnnConfig

__all__ = ["WEIGHT_LATENCY", "ParameterPort", "WeightRead", "WeightStore"]

WEIGHT_LATENCY = 3
"""Cycles from a read request to the data of cascade stage 0; stage k follows k cycles later."""


def WeightRead(config: SnnConfig) -> wiring.Signature:  # noqa: N802 (a signature, named as one)
    """Request of one weight word of the current tile.

    ``index`` counts from the tile's first word that has not been released; ``available`` answers in the same
    cycle whether that word is on chip. ``release`` (with ``enable``) gives the first word back, so the last
    pass over a tile reads with ``index`` 0 and ``release`` set, and frees the ring as it goes.
    """
    return wiring.Signature({
        "index": Out(range(config.weight_depth)),
        "enable": Out(1),
        "release": Out(1),
        "available": In(1),
    })


def ParameterPort(config: SnnConfig) -> wiring.Signature:  # noqa: N802
    """Biases and thresholds of the current tile, P channels at a time, one cycle after ``block``."""
    lanes = data.ArrayLayout(signed(32), config.neuron_lanes)
    return wiring.Signature({
        "ready": In(1),
        "block": Out(range(max(config.blocks, 2))),
        "bias": In(lanes),
        "threshold": In(lanes),
        "release": Out(1),
    })


class WeightStore(wiring.Component):
    """Double buffer of weight words and of tile parameters, as two rings.

    The stream from memory carries, tile after tile, M (bias, threshold) pairs and the tile's weight words
    (:mod:`pyralis.hw.snn.program`). Words are usable as soon as they are complete and are freed as the last
    pass over their tile reads them, so the next tiles load behind the array's back and a tile larger than the
    ring can still stream through in a single pass.

    Ports
    -----
    layers : In(stream of {words, tiles})
        Weight words per tile and tiles of each layer in the beat stream.
    beats : In(stream of ReadBeat)
    read : In(WeightRead)
    weights : Out(ArrayLayout(stage_bits, V / 2))
        Stage k of the word requested in cycle t, in cycle t + WEIGHT_LATENCY + k.
    parameters : In(ParameterPort)
    rewind : In(1)
        Starts again at the first loaded word and tile: for weights that stay resident.

    Timing
    ------
    A beat a cycle while there is room, one cycle more between layers.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "layers": In(stream.Signature(data.StructLayout({"words": 32, "tiles": 16}))),
            "beats": In(stream.Signature(ReadBeat(config.dma))),
            "read": In(WeightRead(config)),
            "weights": Out(data.ArrayLayout(config.stage_bits, config.stages)),
            "parameters": In(ParameterPort(config)),
            "rewind": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.words = words = WeightRing(self.config)
        m.submodules.tiles = tiles = ParameterRing(self.config)
        wiring.connect(m, wiring.flipped(self.read), words.read)
        wiring.connect(m, wiring.flipped(self.parameters), tiles.port)
        m.d.comb += [
            self.weights.eq(words.weights),
            words.rewind.eq(self.rewind),
            tiles.rewind.eq(self.rewind),
            words.beat.data.eq(self.beats.p.data),
            tiles.beat.data.eq(self.beats.p.data),
        ]
        word = Signal(32)  # weight words of this tile still to come, less one
        tile = Signal(16)
        with m.FSM():
            with m.State("PARAMETERS"):
                m.d.comb += self.beats.ready.eq(tiles.beat.ready & self.layers.valid)
                m.d.comb += tiles.beat.valid.eq(self.beats.valid & self.layers.valid)
                m.d.sync += word.eq(self.layers.p.words - 1)  # in every cycle: the handshake would come late
                with m.If(tiles.beat.valid & tiles.beat.ready & tiles.whole):
                    m.next = "WEIGHTS"
            with m.State("WEIGHTS"):
                m.d.comb += self.beats.ready.eq(words.beat.ready)
                m.d.comb += words.beat.valid.eq(self.beats.valid)
                with m.If(words.beat.valid & words.beat.ready & words.whole):
                    m.d.sync += word.eq(word - 1)
                    with m.If(word == 0):
                        m.next = "PARAMETERS"
                        m.d.sync += tile.eq(tile + 1)
                        with m.If(tile + 1 == self.layers.p.tiles):
                            m.next = "NEXT"
            with m.State("NEXT"):
                m.d.sync += tile.eq(0)
                m.d.comb += self.layers.ready.eq(1)
                m.next = "PARAMETERS"
        return m


def _Beat(config: SnnConfig) -> wiring.Signature:  # noqa: N802
    return wiring.Signature({"data": Out(config.bus_bits), "valid": Out(1), "ready": In(1)})


class WeightRing(wiring.Component):
    """Ring of weight words, one memory for each cascade stage.

    The stages read the same address one cycle after another, so what is delayed along the cascade is an
    address and not a weight: no weight is held in a register outside the cells.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "beat": In(_Beat(config)),
            "whole": Out(1),
            "read": In(WeightRead(config)),
            "weights": Out(data.ArrayLayout(config.stage_bits, config.stages)),
            "rewind": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        depth = c.weight_depth
        tail, base = Signal(range(depth)), Signal(range(depth))
        loaded = Signal(range(depth + 1))  # words from base on that are complete
        occupied = Signal(range(depth + 1))  # words not yet given back to the memory side
        resident = Signal(range(depth + 1))  # words loaded since reset, for rewind
        beat = Signal(range(max(c.weight_word_beats, 2)))
        push = self.beat.valid & self.beat.ready
        complete, release, freed = Signal(), Signal(), Signal()
        # A word is given back only when the last stage has read it.
        pipeline = Signal(c.stages + WEIGHT_LATENCY)
        m.d.sync += pipeline.eq(Cat(release, pipeline))
        m.d.comb += [
            self.beat.ready.eq(occupied != depth),
            self.whole.eq(beat == c.weight_word_beats - 1),
            complete.eq(push & self.whole),
            release.eq(self.read.enable & self.read.release),
            freed.eq(pipeline[-1]),
            self.read.available.eq(loaded > self.read.index),
        ]
        with m.If(push):
            m.d.sync += beat.eq(Mux(self.whole, 0, beat + 1))
        with m.If(complete):
            m.d.sync += tail.eq(Mux(tail == depth - 1, 0, tail + 1))
            m.d.sync += resident.eq(resident + (resident != depth))
        m.d.sync += loaded.eq(loaded + complete - release)
        m.d.sync += occupied.eq(occupied + complete - freed)
        with m.If(release):
            m.d.sync += base.eq(Mux(base == depth - 1, 0, base + 1))
        with m.If(self.rewind):
            m.d.sync += [base.eq(0), loaded.eq(resident), occupied.eq(resident), pipeline.eq(0)]

        position = Signal(range(2 * depth))
        address = Signal(range(depth), reset_less=True)
        m.d.comb += position.eq(base + self.read.index)
        m.d.sync += address.eq(Mux(position >= depth, position - depth, position))
        beats = c.stage_bits // c.bus_bits
        weights = held(m, self.weights)
        for k in range(c.stages):
            m.submodules[f"stage_{k}"] = memory = Memory(shape=c.stage_bits, depth=depth, init=[])
            write = memory.write_port(granularity=c.bus_bits)
            read = memory.read_port()
            m.d.comb += [
                read.addr.eq(address),
                write.addr.eq(tail),
                write.data.eq(self.beat.data.replicate(beats)),
            ]
            for b in range(beats):
                m.d.comb += write.en[b].eq(push & (beat == k * beats + b))
            m.d.sync += weights[k].eq(read.data)
            following = Signal(range(depth), name=f"address_{k + 1}", reset_less=True)
            m.d.sync += following.eq(address)
            address = following
        return m


class ParameterRing(wiring.Component):
    """Ring of tile parameters: M (bias, threshold) pairs a tile, read P channels at a time."""

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "beat": In(_Beat(config)),
            "whole": Out(1),
            "port": In(ParameterPort(config)),
            "rewind": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        tiles, blocks = c.parameter_tiles, c.blocks
        beats = 64 * c.neuron_lanes // c.bus_bits
        depth = tiles * blocks
        tail, base = Signal(range(depth)), Signal(range(depth))  # word addresses
        first = Signal(range(depth))  # of the current tile
        loaded, resident = Signal(range(tiles + 1)), Signal(range(tiles + 1))
        beat, word = Signal(range(max(beats, 2))), Signal(range(max(blocks, 2)))
        push = self.beat.valid & self.beat.ready
        word_whole, complete = Signal(), Signal()
        m.d.comb += [
            self.beat.ready.eq(loaded != tiles),
            word_whole.eq(beat == beats - 1),
            self.whole.eq(word_whole & (word == blocks - 1)),
            complete.eq(push & self.whole),
            self.port.ready.eq(loaded != 0),
            base.eq(first + self.port.block),
        ]
        with m.If(push):
            m.d.sync += beat.eq(Mux(word_whole, 0, beat + 1))
            with m.If(word_whole):
                m.d.sync += word.eq(Mux(self.whole, 0, word + 1))
                m.d.sync += tail.eq(Mux(tail == depth - 1, 0, tail + 1))
        with m.If(complete):
            m.d.sync += resident.eq(resident + (resident != tiles))
        m.d.sync += loaded.eq(loaded + complete - self.port.release)
        with m.If(self.port.release):
            m.d.sync += first.eq(Mux(first == depth - blocks, 0, first + blocks))
        with m.If(self.rewind):
            m.d.sync += [first.eq(0), loaded.eq(resident)]

        m.submodules.memory = memory = Memory(shape=64 * c.neuron_lanes, depth=depth, init=[])
        write = memory.write_port(granularity=c.bus_bits)
        read = memory.read_port()
        m.d.comb += [
            write.addr.eq(tail),
            write.data.eq(self.beat.data.replicate(beats)),
            read.addr.eq(base),
        ]
        for b in range(beats):
            m.d.comb += write.en[b].eq(push & (beat == b))
        for p in range(c.neuron_lanes):
            m.d.comb += self.port.bias[p].eq(read.data[64 * p : 64 * p + 32])
            m.d.comb += self.port.threshold[p].eq(read.data[64 * p + 32 : 64 * p + 64])
        return m
