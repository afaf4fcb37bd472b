"""``result.json`` of a build, the same whatever the tools: what report, bench and deploy folder read."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyralis.boards.base import Board
from pyralis.gen.boards.design import Design
from pyralis.gen.clock import Clock

__all__ = ["RESULT", "build_result"]

RESULT = "result.json"


def build_result(
    board: Board,
    design: Design,
    folder: Path,
    clock: Clock,
    files: Mapping[str, bytes],
    *,
    seed: int,
    reproduce: Sequence[str],
    **found: Any,
) -> dict[str, Any]:
    """The content of ``result.json``.

    Parameters
    ----------
    clock : Clock
        With the steps of the build.
    files : dict of str to bytes
        What the build leaves in *folder*.
    found
        What only the flow knows: ``ok``, ``verdict``, ``resources``, ``clocks``, ``critical_paths``,
        ``versions``, and further facts: where the tools of the board have run ``build_seconds``, what all
        of it takes when nothing is kept from before (``seconds`` is what this call took).
    """
    return {
        "job": "bitstream",
        "board": {key: getattr(board, key) for key in ("name", "title", "part", "family", "flow")},
        "design": {
            **{key: getattr(design, key) for key in ("core", "name", "top")},
            "config": design.facts.get("core", {}),
        },
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        "folder": str(folder),
        "seed": seed,
        "steps": clock.steps,
        "seconds": clock.seconds,
        "reproduce": list(reproduce),
        "ran_on_hardware": False,
        **found,
    }
