"""What the graph core takes of a device, where a size has been synthesised; nothing is estimated."""

from collections.abc import Iterator
from functools import partial

from pyralis.boards.base import Board
from pyralis.gen.boards.capacity import Candidate, Need, exceeded
from pyralis.gen.errors import UserError
from pyralis.hw.gcn.config import PRESETS, GcnConfig

__all__ = ["BASIS", "COUNTED", "candidates", "fitted", "need"]

BASIS = "counted with the tools where a size has been synthesised, and not estimated for the others"

COUNTED: dict[tuple[str, str], Need] = {("tiny", "ecp5"): Need(luts=41_572, block_rams=199, dsps=32)}
"""By preset and family of the device. ``tiny`` for ECP5 with Yosys 0.70 and nextpnr 0.11, with the serial
shell and 220 KB of memory, routed."""


def need(preset: str, board: Board) -> Need | None:
    """What the core *preset* takes of the device of *board*; None where nobody has counted it."""
    return COUNTED.get((preset, board.family))


def fitted(name: str, config: GcnConfig, board: Board) -> GcnConfig:
    """*config*; UserError if already its systolic modules or its row store are more than *board* has."""
    blocks = -(-config.rows * config.row_bits // board.resources.block_ram_bits)
    if over := exceeded(Need(luts=0, block_rams=blocks, dsps=config.macs // 2), board, 1.0):
        what = f"The core {name} is larger than {board.part} of {board.title}: {', '.join(over)} at least."
        raise UserError(what, "--preset or --config", "pyralis boards lists what fits")
    return config


def candidates() -> Iterator[Candidate]:
    """The presets."""
    for preset in PRESETS:
        yield Candidate(
            name=preset,
            arguments=f"--preset {preset}",
            facts={"preset": preset},
            need=partial(need, preset),
            estimated=False,
        )
