"""A project that is looked at, and what its Tcl did when it was tried."""

from dataclasses import dataclass
from pathlib import Path

from pyralis.boards.base import ZynqBoard
from pyralis.gen.boards.vivado.blocks import BlockDesign
from pyralis.gen.boards.vivado.record import Call, Recording
from pyralis.gen.emit.ports import Core

__all__ = ["Subject"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What every look at a project gets.

    Attributes
    ----------
    board : ZynqBoard
    core : Core
    clock_mhz : float
        Clock that the project must ask for.
    folder : Path
    recording : Recording
        Of a run in which Vivado does as much as possible by itself.
    bare : Recording
        Of a run in which packaging infers nothing by itself.
    blocks : BlockDesign
        What the first run makes.
    """

    board: ZynqBoard
    core: Core
    clock_mhz: float
    folder: Path
    recording: Recording
    bare: Recording
    blocks: BlockDesign

    def calls(self, *commands: str) -> list[Call]:
        """Calls of any of *commands*, in order."""
        return [call for call in self.recording.calls if call.command in commands]

    def property(self, thing: str, name: str) -> str:
        """What a property was last set to, empty if it never was."""
        values = [call.words[1] for call in self.calls("set_property") if call.words[::2] == (name, thing)]
        return values[-1] if values else ""
