"""Pieces that streams are joined with."""

from amaranth import Module, Mux, Signal
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Downsize", "Queue", "RegisterSlice", "held"]


def held(m: Module, port, name: str = "held") -> Signal:
    """A register that drives *port* and that no reset touches; returns it.

    For what a valid bit stands beside. A reset of such a register means nothing, and costs a control wire in
    every tile of an FPGA that holds a part of it.
    """
    register = Signal.like(port, name=name, reset_less=True)
    m.d.comb += port.eq(register)
    return register


class Queue(wiring.Component):
    """FIFO of *depth* payloads of *shape* between two streams.

    Timing
    ------
    Two cycles from an input transfer to ``output.valid``; one transfer a cycle.
    """

    def __init__(self, shape, depth: int) -> None:
        if depth < 3:  # Amaranth's FIFO has pointers of no width below, which Verilog has not
            raise ValueError(f"depth must be at least 3, not {depth}")
        self.depth = depth
        super().__init__({"input": In(stream.Signature(shape)), "output": Out(stream.Signature(shape))})

    def elaborate(self, platform) -> Module:
        m = Module()
        payload = Signal.like(self.input.payload)
        bits = len(payload.as_value()) if hasattr(payload, "as_value") else len(payload)
        m.submodules.fifo = queue = fifo.SyncFIFOBuffered(width=bits, depth=self.depth)
        m.d.comb += [
            queue.w_data.eq(self.input.payload),
            queue.w_en.eq(self.input.valid),
            self.input.ready.eq(queue.w_rdy),
            self.output.payload.eq(queue.r_data),
            self.output.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.output.ready),
        ]
        return m


class Downsize(wiring.Component):
    """Cuts words of *wide* bits into words of *narrow* bits, low bits first.

    Timing
    ------
    Combinational; ``input`` transfers with the last of its parts.

    Raises
    ------
    ValueError
        *wide* is not a multiple of *narrow*.
    """

    def __init__(self, wide: int, narrow: int) -> None:
        if wide % narrow:
            raise ValueError(f"narrow ({narrow}) must divide wide ({wide})")
        self.parts = wide // narrow
        super().__init__({"input": In(stream.Signature(wide)), "output": Out(stream.Signature(narrow))})

    def elaborate(self, platform) -> Module:
        m = Module()
        part = Signal(range(max(self.parts, 2)))  # never of no width: Verilog has no such signals
        last = part == self.parts - 1
        m.d.comb += [
            self.output.payload.eq(self.input.payload.word_select(part, len(self.output.payload))),
            self.output.valid.eq(self.input.valid),
            self.input.ready.eq(self.output.ready & last),
        ]
        with m.If(self.output.valid & self.output.ready):
            m.d.sync += part.eq(Mux(last, 0, part + 1))
        return m


class RegisterSlice(wiring.Component):
    """Cuts all combinational paths between two streams, in both directions.

    ``output`` is a register, and so is ``input.ready``: what arrives in the cycle in which the output is held
    up goes into a second register.

    Timing
    ------
    One cycle from an input transfer to ``output.valid``; one transfer a cycle.
    """

    def __init__(self, shape) -> None:
        super().__init__({"input": In(stream.Signature(shape)), "output": Out(stream.Signature(shape))})

    def elaborate(self, platform) -> Module:
        m = Module()
        spare = Signal.like(self.input.payload, reset_less=True)
        payload = held(m, self.output.payload)
        full, move = Signal(), Signal()  # `spare` is taken; `output` is free at this edge
        m.d.comb += [self.input.ready.eq(~full), move.eq(~self.output.valid | self.output.ready)]
        with m.If(move):
            m.d.sync += [
                self.output.valid.eq(self.input.valid | full),
                payload.eq(Mux(full, spare, self.input.payload)),
                full.eq(0),
            ]
        with m.Elif(self.input.valid):
            m.d.sync += full.eq(1)
        with m.If(~full):
            m.d.sync += spare.eq(self.input.payload)
        return m
