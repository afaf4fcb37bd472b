"""A queue whose places are reserved before the words for them exist, behind pipelines that cannot stop."""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

__all__ = ["ReservedQueue"]


class ReservedQueue(wiring.Component):
    """FIFO of *depth* words of *shape* in distributed memory, with a count of the places nobody has claimed.

    What feeds a pipeline without enables reserves a place for each result when it issues the work, and the
    result comes whenever the pipeline is through. ``spare`` is a register, so that asking for room is never a
    path through the consumer's ``ready``.

    Ports
    -----
    reserve : In(range(depth + 1))
        Places claimed at this edge; must not exceed ``spare``.
    cancel : In(1)
        A claimed place is given back unused.
    put : In(1), word : In(shape)
        A word for a claimed place.
    output : Out(stream of shape)
    spare : Out(range(depth + 1))
        Places not claimed. A place is free again in the cycle after its word was taken from ``output``.

    Timing
    ------
    Two cycles from ``put`` to ``output.valid``; one word a cycle.
    """

    def __init__(self, shape, depth: int) -> None:
        if depth < 2 or depth & (depth - 1):
            raise ValueError(f"depth must be a power of two of at least 2, not {depth}")
        self.depth = depth
        self.shape = shape
        super().__init__({
            "reserve": In(range(depth + 1)),
            "cancel": In(1),
            "put": In(1),
            "word": In(shape),
            "output": Out(stream.Signature(shape)),
            "spare": Out(range(depth + 1), init=depth),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(shape=self.shape, depth=self.depth, init=[])
        write, read = memory.write_port(), memory.read_port(domain="comb")
        head, tail = Signal(range(2 * self.depth)), Signal(range(2 * self.depth))
        m.d.comb += [
            write.en.eq(self.put),
            write.addr.eq(tail[:-1]),
            write.data.eq(self.word),
            read.addr.eq(head[:-1]),
        ]
        m.d.sync += tail.eq(tail + self.put)
        with m.If(self.output.ready | ~self.output.valid):
            m.d.sync += [
                self.output.valid.eq(head != tail),
                self.output.payload.eq(read.data),
                head.eq(head + (head != tail)),
            ]
        taken = Signal()
        m.d.comb += taken.eq(self.output.valid & self.output.ready)
        m.d.sync += self.spare.eq(self.spare - self.reserve + self.cancel + taken)
        return m
