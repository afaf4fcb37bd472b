"""What the spiking core takes of a device."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from pyralis.boards.base import Board, Ecp5Board, ZynqBoard
from pyralis.gen.boards.capacity import Candidate, Need, exceeded
from pyralis.gen.errors import UserError
from pyralis.gen.snn.estimate import LUTRAM_BITS, memories
from pyralis.hw.snn.config import PRESETS, SnnConfig

__all__ = ["BASIS", "candidates", "fitted", "for_board", "need"]

LUTS_BASE, LUTS_PER_LANE, LUTS_PER_CELL, LUTS_PER_NEURON = 4_400, 40, 107, 600
"""Look-up tables of six inputs: of any core, of each sum (out x pixel x step lanes), of each crossbar cell in
fabric, of each neuron (neuron x step lanes). From synthesis with Yosys 0.70 of ``tiny`` for 7-series (22,736,
cells in fabric; 17,198 with two ``neuron_lanes``), of ``zu3eg`` (20,827) and ``zcu104`` (33,944) for
UltraScale+ with cells in DSP48E2, and of a cascade of eight fabric cells alone (852)."""

FOUR_INPUT = 1.9
"""Look-up tables of four inputs for one of six, from ``tiny`` for ECP5 (39,017 with the serial shell; 41,805
placed)."""

BASIS = (
    "tables fitted to four synthesised or placed cores, within 10 % of them; memories and multipliers from "
    "lanes and depths"
)

SHAPES = {
    36_864: ((512, 72), (1024, 36), (2048, 18), (4096, 9), (8192, 4), (16384, 2), (32768, 1)),
    18_432: ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)),
}
"""(depth, width) of a block RAM by its bits: RAMB36 (AMD UG573) and DP16KD (Lattice FPGA-TN-02204)."""

MULTIPLIERS = 2
"""DSP blocks that a leak takes where they are inferred: 24 bits are wider than one is."""


def for_board(config: SnnConfig, board: Board) -> SnnConfig:
    """*config* with the cells that *board* has, and no wider than the processor's ports if it has any."""
    if not isinstance(board, ZynqBoard):
        return replace(config, cell="fabric")
    return replace(
        config,
        address_bits=min(config.address_bits, board.address_bits),
        bus_bits=min(config.bus_bits, board.bus_bits),
        cell="fabric" if board.fabric_cell else config.cell,
    )


def need(config: SnnConfig, board: Board) -> Need:
    """What the core *config* takes of the device of *board*, with its memory where the board has none."""
    c = for_board(config, board)
    sums = c.out_lanes * c.pixel_lanes * c.step_lanes
    fabric = c.cell == "fabric"
    neurons = c.neuron_lanes * c.step_lanes
    luts = LUTS_BASE + LUTS_PER_LANE * sums + LUTS_PER_NEURON * neurons + LUTS_PER_CELL * c.cells * fabric
    leaks = neurons if c.leak == "multiply" else 0
    blocks = sum(count * _blocks(width, depth, board) for count, width, depth in memories(c).values())
    if isinstance(board, Ecp5Board):
        luts = round(luts * FOUR_INPUT)
        blocks += -(-board.memory_bytes * 9 // board.resources.block_ram_bits)  # a ninth bit is not used
    return Need(
        luts=luts,
        block_rams=blocks,
        dsps=leaks * MULTIPLIERS if fabric else c.cells + leaks,
    )


def _blocks(width: int, depth: int, board: Board) -> int:
    """Block RAMs that a memory takes; 0 where it fits distributed RAM."""
    if width * depth <= LUTRAM_BITS:
        return 0
    return min(-(-depth // d) * -(-width // w) for d, w in SHAPES[board.resources.block_ram_bits])


def fitted(name: str, config: SnnConfig, board: Board) -> SnnConfig:
    """:func:`for_board`; UserError if the core *config*, called *name*, is larger than the device."""
    if over := exceeded(need(config, board), board, 1.0):
        what = f"The core {name} is larger than {board.part} of {board.title}: {', '.join(over)} (estimated)."
        raise UserError(what, "--preset or --config", "pyralis boards lists what fits")
    return for_board(config, board)


def candidates() -> Iterator[Candidate]:
    """The presets."""
    for preset, config in PRESETS.items():
        yield Candidate(
            name=preset,
            arguments=f"--preset {preset}",
            facts={"preset": preset},
            need=partial(need, config),
        )
