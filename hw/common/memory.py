"""Reading a memory behind a register."""

from amaranth import Module, Signal
from amaranth.lib.memory import Memory

__all__ = ["RACELESS", "read_later"]

RACELESS = {"no_rw_check": 1}
"""Attribute of a memory of which no word is used that is read in the cycle in which it is written."""


def read_later(m: Module, memory: Memory, name: str, address, enable=1) -> Signal:
    """The word of *memory* at *address*, one cycle later; it stays while *enable* is low.

    The same as a synchronous read port, but a register of its own stands behind the memory. Yosys joins both
    to a port of a block RAM, and only then respects :data:`RACELESS`: of a read port with a clock it takes
    that the old word is wanted, which on an ECP5 costs a second copy of the memory and a way around it.
    """
    port = memory.read_port(domain="comb")
    word = Signal(port.data.shape(), name=name, reset_less=True)
    m.d.comb += port.addr.eq(address)
    with m.If(enable):
        m.d.sync += word.eq(port.data)
    return word
