"""Descriptors: the words of which the program of a core consists.

A core fetches descriptors in order until the one that ends the program. Each begins with the same header:
opcode, version of the format, and the compiler's number of the descriptor, which is reported with errors and
by which counters are filed. Fields of several bytes are little endian.
"""

from amaranth.lib import data, enum

__all__ = ["DESCRIPTOR_BYTES", "descriptor"]

DESCRIPTOR_BYTES = 128


def descriptor(opcode: type[enum.Enum], fields: dict) -> data.StructLayout:
    """Layout of a descriptor with *fields* behind the header, filled up to its size.

    Raises
    ------
    ValueError
        The fields have no room.
    """
    members = {"opcode": opcode, "version": 8, "index": 16, **fields}
    spare = DESCRIPTOR_BYTES * 8 - data.StructLayout(members).size
    if spare < 0:
        raise ValueError(f"the fields have {-spare} bits more than a descriptor of {DESCRIPTOR_BYTES} bytes")
    return data.StructLayout(members | ({"spare": spare} if spare else {}))
