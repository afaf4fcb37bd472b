"""A component as RTLIL text, what Yosys reads."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from amaranth.back import rtlil
from amaranth.lib import wiring

__all__ = ["to_rtlil"]


def to_rtlil(component: wiring.Component, name: str, ports: Mapping) -> str:
    """RTLIL of *component* as module *name* with *ports* (name -> (value, direction)).

    The same text every time, and the one of ``amaranth.back.rtlil.convert``.
    """
    with _memories_as_text(), _no_collection():
        # emit_src would write absolute paths into the text and spoil both diffs and cache keys.
        return rtlil.convert(component, name=name, ports=ports, emit_src=False)


@contextmanager
def _memories_as_text() -> Iterator[None]:
    """Meanwhile the contents of memories are written word by word.

    Amaranth makes a net of each bit of them first. Of a core with 2 Mbit that takes a third of the time,
    of one with 30 Mbit minutes and 10 GB. An Amaranth whose emitter is another one keeps its own way.
    """
    emitter: Any = getattr(rtlil, "ModuleEmitter", None)
    own = getattr(emitter, "emit_memory", None)
    if own is None:
        yield
        return
    emitter.emit_memory = _emit_memory
    try:
        yield
    finally:
        emitter.emit_memory = own


@contextmanager
def _no_collection() -> Iterator[None]:
    """Meanwhile nothing looks for garbage: millions of nets live until the end, and each search visits all.

    A spiking core takes 2.0 s instead of 3.6 where torch is loaded too.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _emit_memory(self, cell_index: int, cell) -> None:
    """As the method of Amaranth 0.5 that it stands for."""
    width = cell.width
    words = "".join(f"{word & (1 << width) - 1:0{width}b}" for word in reversed(cell.init))
    self.builder.cell(
        "$meminit_v2",
        ports={"ADDR": self.sigspec(), "DATA": f"{len(words)}'{words}", "EN": f"{width}'{'1' * width}"},
        parameters={
            "MEMID": self.memories[cell_index].memid,
            "ABITS": 0,
            "WIDTH": width,
            "WORDS": cell.depth,
            "PRIORITY": 0,
        },
        src_loc=cell.src_loc,
    )
