"""What the graph core takes of a device, where a size has been synthesised; nothing is estimated."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from pyralis.boards.base import Board
from pyralis.gen.boards.capacity import Candidate, Need, exceeded
from pyralis.gen.errors import UserError
from pyralis.hw.gcn.config import PRESETS, GcnConfig

__all__ = ["BASIS", "COUNTED", "candidates", "counted", "fitted", "need"]

BASIS = "counted with the tools where a size has been synthesised, and not estimated for the others"

COUNTED: dict[tuple[str, str], Need] = {
    ("tiny", "ecp5"): Need(luts=42_423, block_rams=199, dsps=32),
    ("tiny", "xcup"): Need(luts=25_767, block_rams=34, dsps=20),
    ("tiny", "xc7"): Need(luts=24_926, block_rams=38, dsps=20),
    ("z8", "xcup"): Need(luts=160_303, block_rams=192, dsps=378),
    ("z32", "xcup"): Need(luts=703_584, block_rams=546, dsps=1_506),
}
"""By preset and family of the device. ``tiny`` for ECP5 with Yosys 0.70 and nextpnr 0.11, with the serial
shell and 220 KB of memory, routed; the others with Yosys alone (``pyralis bench area``), which maps each
module by itself: ``z8`` takes 16 of an XCZU7EV's 96 UltraRAMs, ``z32`` 64."""


def need(preset: str, board: Board) -> Need | None:
    """What the core *preset* takes of the device of *board*; None where nobody has counted it."""
    return COUNTED.get((preset, board.family))


def fitted(name: str, config: GcnConfig, board: Board) -> None:
    """UserError if the core *config*, called *name*, is larger than the device of *board*.

    Where nobody has counted it, its systolic modules and its row store are held against the device alone.
    """
    known = counted(name, config, board)
    blocks = -(-config.rows * config.row_bits // board.resources.block_ram_bits)
    least = Need(luts=0, block_rams=blocks, dsps=config.macs // 2)
    if over := exceeded(known or least, board, 1.0):
        basis = " (counted with Yosys)" if known else " at least"
        what = f"The core {name} is larger than {board.part} of {board.title}: {', '.join(over)}{basis}."
        hint = "pyralis boards lists what fits; --force builds it all the same"
        raise UserError(what, "--preset or --config", hint)


def counted(name: str, config: GcnConfig, board: Board) -> Need | None:
    """What the preset *name* takes, if *config* is that but for its bus; None where nobody has counted it."""
    preset = PRESETS.get(name)
    if preset is None:
        return None
    same = replace(config, bus_bits=preset.bus_bits, address_bits=preset.address_bits) == preset
    return need(name, board) if same else None


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
