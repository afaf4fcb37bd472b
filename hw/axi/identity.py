"""The words by which a driver knows a core: they stand first in every register map."""

from pyralis.hw.axi.registermap import Field, Register

__all__ = ["identification", "side_by_side"]

_NOUNS = {"registers": "this map", "program": "the descriptors"}


def identification(ident: int, **versions: int) -> tuple[Register, Register]:
    """Words 0 and 1: four letters, and up to two versions of 16 bits each, lowest first.

    ``registers`` is the version of the map; a core that runs programs gives theirs too.
    """
    fields = tuple(
        Field(name, 16 * index, width=16, reset=version, doc=f"Version of {_NOUNS[name]}.")
        for index, (name, version) in enumerate(versions.items())
    )
    letters = ident.to_bytes(4, "big").decode()
    return (
        Register("ident", 0x00, access="const", reset=ident, doc=f"Identification, {letters!r}."),
        Register("version", 0x04, access="const", fields=fields),
    )


def side_by_side(*sizes: tuple[str, int, int]) -> tuple[Field, ...]:
    """Fields (name, width, reset) from bit 0 upwards without gaps."""
    made: list[Field] = []
    for name, width, reset in sizes:
        lsb = made[-1].lsb + made[-1].width if made else 0
        made.append(Field(name, lsb, width=width, reset=reset))
    return tuple(made)
