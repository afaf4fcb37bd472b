"""What a board carries: a core, its registers, and the contents of its memory.

The flows (ECP5, Vivado), the deploy folder and the bench know a core by this record alone; each core makes
its own in ``gen/boards/designs/<core>.py``, so that a further core joins by one file there (and one a verb).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amaranth.lib import wiring

from pyralis.boards.base import Board
from pyralis.gen.boards.capacity import Need
from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.axi.registermap import RegisterMap

__all__ = ["Design"]


def _unknown(_board: Board) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Design:
    """A core for a board.

    Attributes
    ----------
    core : str
        ``"snn"``, ``"gcn"``, ``"gf"``: the name of its driver and of its entry.
    name : str
        Of the configuration: a preset, or what its generator calls it.
    top : str
        Module of the Verilog in ``files()``.
    component : callable
        Makes the Amaranth component: ``s_axi_ctrl``, any number of ``m_axi_<role>``, ``irq``.
    registers : RegisterMap
        Behind ``s_axi_ctrl``.
    files : callable
        Makes what ``pyralis generate`` writes for it, by name.
    memory : dict of str to bytes
        What must lie in memory before it works, by the name of the register that takes the address
        (``"program"`` for ``program_address``); empty without any.
    facts : dict
        ``core`` (name and fields of the configuration) and, with a network, ``network``: for manifest.json
        and for the driver.
    samples : dict of str to array
        What ``validate.py`` runs: inputs, and the results that it compares with; empty without any.
    keep_hierarchy : bool
        Its modules compute things twice and compare: synthesis must neither dissolve nor merge them.
    attachments : dict of str to bytes
        Further files that belong to it, by name: the network that ``memory`` was compiled from.
    need : callable
        Estimates what it takes of a board's device: a :class:`~pyralis.gen.boards.capacity.Need`, or None
        where there is no estimate for it.
    dma : DmaConfig
        How many bursts its memory interfaces have on the way.
    """

    core: str
    name: str
    top: str
    component: Callable[[], wiring.Component]
    registers: RegisterMap
    files: Callable[[], dict[str, bytes]]
    memory: Mapping[str, bytes] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    samples: Mapping[str, Any] = field(default_factory=dict)
    keep_hierarchy: bool = False
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    need: Callable[[Board], Need | None] = _unknown
    dma: DmaConfig = field(default_factory=DmaConfig)
