"""What the error codes of the spiking core mean, as sentences.

The codes themselves are in the register map, by the names used here.
"""

from collections.abc import Sequence

__all__ = ["SENTENCES", "sentence"]

_COMPILE = "compile the network for this core, and load program and weights again"
_MEMORY = "load program and weights again and run once more; if it stays, the bitstream lacks a memory port"

SENTENCES: dict[str, tuple[str, str]] = {
    "none": ("the job was stopped before its end", "run it again"),
    "opcode": ("it holds an opcode that this core does not know", _COMPILE),
    "version": ("it is of another version of programs than the core's", _COMPILE),
    "field": ("a field of it is outside of what this core can do", _COMPILE),
    "map_address": ("an access fell outside of the feature-map buffer", _COMPILE),
    "program_bus": ("the memory refused to hand out the program", _MEMORY),
    "data_bus": ("the memory refused to hand out the input", _MEMORY),
    "weight_bus": ("the memory refused to hand out the weights", _MEMORY),
    "write_bus": ("the memory refused to take the results", _MEMORY),
    "timeout": (
        "nothing moved any more, for as many cycles as idle_cycles says",
        "run again; raise idle_cycles if the memory is slow",
    ),
}
"""By the name of the code: what happened at the descriptor, and the next step."""


def sentence(code: str, index: int, layers: Sequence[str]) -> tuple[str, str]:
    """What happened and what to do next.

    Parameters
    ----------
    code : str
        Name of the error code, or a number that has none.
    index : int
        Descriptor at fault: 0 loads the input, n + 1 is layer n, the last one ends the program.
    layers : sequence of str
        Their names.
    """
    if code == "none":
        return SENTENCES[code]
    if index == 0:
        where = "the input"
    elif index <= len(layers):
        where = f"layer {layers[index - 1]!r}"
    else:
        where = "the end"
    unknown = (f"it reported the error code {code}, which this driver does not know", _COMPILE)
    what, hint = SENTENCES.get(code, unknown)
    return f"the core stopped at descriptor {index} ({where}): {what}", hint
