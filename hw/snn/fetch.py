"""Program fetch of the spiking core: weight jobs are sent ahead of execution."""

from collections.abc import Sequence
from typing import Any

from amaranth import Module, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.read import ReadJob
from pyralis.hw.common.fetch import ProgramFetch
from pyralis.hw.snn.check import Check
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import LAYER, ErrorCode, Opcode

__all__ = ["QUEUE_DEPTH", "Fetch"]

QUEUE_DEPTH = 4
"""Legal descriptors that wait for execution; weights are asked for this far ahead."""


class Fetch(ProgramFetch):
    """Reads the program one descriptor at a time; a layer's weights are asked for as soon as it is known.

    Ports
    -----
    start, flush, program_address, jobs, data, descriptors, error, error_index, position, busy
        See :class:`~pyralis.hw.common.fetch.ProgramFetch`.
    weights_address : In(address_bits)
        Byte address, a multiple of the bus bytes; constant while ``busy``.
    load_weights : In(1)
        0: the weights are on chip, no weight job is sent. Constant while ``busy``.
    weight_jobs : Out(stream of ReadJob)
        One job per LAYER descriptor, in order, as soon as the descriptor is known to be legal.
    weight_tile : Out({words, tiles})
        Shape of that job's stream, valid with it.

    Timing
    ------
    4 cycles from the last beat of a descriptor to ``descriptors.valid``, 3 to ``weight_jobs.valid`` and to
    the next job (one later after a LAYER whose weight job is taken at once).
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__(
            config.dma,
            Check(config),
            end=Opcode.END,
            codes=ErrorCode,
            depth=QUEUE_DEPTH,
            more={
                "weights_address": In(config.address_bits),
                "load_weights": In(1),
                "weight_jobs": Out(stream.Signature(ReadJob(config.dma))),
                "weight_tile": Out(data.StructLayout({"words": 32, "tiles": 16})),
            },
        )

    def _detours(self, word: Signal) -> Sequence[tuple[Any, str]]:
        return [((data.View(LAYER, word).opcode == Opcode.LAYER) & self.load_weights, "WEIGHTS")]

    def _states(self, m: Module, word: Signal) -> None:
        layer = data.View(LAYER, word)
        m.d.comb += [
            self.weight_jobs.p.address.eq(self.weights_address + layer.weight_address),
            self.weight_jobs.p.beats.eq(layer.weight_beats),
            self.weight_tile.words.eq(layer.tile_words),
            self.weight_tile.tiles.eq(layer.out_tiles),
        ]
        with m.State("WEIGHTS"):
            m.d.comb += self.weight_jobs.valid.eq(1)
            with m.If(self.weight_jobs.ready):
                m.next = "REQUEST"
