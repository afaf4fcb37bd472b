"""One piece of data for several streams at a time."""

from collections.abc import Sequence

from amaranth import Cat, Module, Signal

__all__ = ["fork"]


def fork(m: Module, name: str, offer, wanted: Sequence, ports: Sequence) -> Signal:
    """Offers what is there to those of *ports* that want it, until each of them has taken it once.

    Drives ``valid`` of the ports, not their payloads.

    Parameters
    ----------
    m : Module
    name : str
        Begins the names of signals.
    offer : Value
        Something is there; it stays until it is all taken, and so do *wanted* and the payloads.
    wanted : Sequence of Value
        Of each port, whether it gets something of it.
    ports : Sequence of stream interfaces

    Returns
    -------
    Signal()
        High in the cycle in which the last of them takes it: the next piece may be there in the next cycle.
    """
    taken, finished = Signal(len(ports), name=f"{name}_taken"), Signal(len(ports), name=f"{name}_finished")
    moved = Signal(name=f"{name}_moved")
    for n, (port, want) in enumerate(zip(ports, wanted, strict=True)):
        m.d.comb += [
            port.valid.eq(offer & want & ~taken[n]),
            finished[n].eq(port.ready | taken[n] | ~want),
        ]
    m.d.comb += moved.eq(offer & finished.all())
    with m.If(offer):
        m.d.sync += taken.eq(Cat(finished[n] & ~moved for n in range(len(ports))))
    return moved
