"""What the error codes of the graph core mean, as sentences.

The codes themselves are in the register map, by the names used here.
"""

from collections.abc import Mapping, Sequence

__all__ = ["SENTENCES", "place", "sentence"]

_COMPILE = "compile the network for this core, and load program and constants again"
_MEMORY = "load program and constants again and run once more; if it stays, the bitstream lacks a memory port"

SENTENCES: dict[str, tuple[str, str]] = {
    "none": ("the job was stopped before its end", "run it again"),
    "opcode": ("it holds an opcode that this core does not know", _COMPILE),
    "version": ("it is of another version of programs than the core's", _COMPILE),
    "field": ("a field of it is outside of what this core can do", _COMPILE),
    "program_bus": ("the memory refused to hand out the program", _MEMORY),
    "edges_bus": ("the memory refused to hand out the graph", _MEMORY),
    "features_bus": ("the memory refused to hand out the features", _MEMORY),
    "weights_bus": ("the memory refused to hand out weights, biases, scales, rows or bitmaps", _MEMORY),
    "outputs_bus": ("the memory refused to take the results", _MEMORY),
    "timeout": (
        "nothing moved any more, for as many cycles as idle_cycles says",
        "run again; raise idle_cycles if the memory is slow",
    ),
}
"""By the name of the code: what happened at the descriptor, and the next step."""

PLACES = {
    "load": "the load of {name}",
    "aggregate": "aggregation {name!r}",
    "combine": "combination {name!r}",
    "end": "the end",
}


def place(descriptor: Mapping[str, str]) -> str:
    """What *descriptor* (``kind`` and ``name``) is, in words."""
    return PLACES[descriptor["kind"]].format(name=descriptor["name"])


def sentence(code: str, index: int, descriptors: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    """What happened and what to do next.

    Parameters
    ----------
    code : str
        Name of the error code, or a number that has none.
    index : int
        Descriptor at fault.
    descriptors : sequence of dict
        ``kind`` and ``name`` of each.
    """
    if code == "none":
        return SENTENCES[code]
    where = place(descriptors[index]) if index < len(descriptors) else "behind the end"
    unknown = (f"it reported the error code {code}, which this driver does not know", _COMPILE)
    what, hint = SENTENCES.get(code, unknown)
    return f"the core stopped at descriptor {index} ({where}): {what}", hint
