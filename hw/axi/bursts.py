"""Bursts that several AXI4 ports ask for, one after the other."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.axi.signature import BOUNDARY_BYTES, Burst, Response

__all__ = ["BurstChooser", "BurstRequest", "ChosenBurst"]


class BurstRequest(data.StructLayout):
    """Payload of an AXI4 address channel, as far as a memory looks at it; ``length`` is AxLEN."""

    def __init__(self, config: DmaConfig) -> None:
        super().__init__({"address": config.address_bits, "length": 8, "size": 3, "burst": Burst, "id": 1})


class ChosenBurst(data.StructLayout):
    """A burst with its verdict.

    ``line``: of the memory, where it begins; ``length``: AxLEN; ``owner``: number of its port; ``response``:
    OKAY, or the error that every beat answers.
    """

    def __init__(self, size_bytes: int, config: DmaConfig, ports: int) -> None:
        super().__init__({
            "line": (size_bytes // config.beat_bytes - 1).bit_length(),
            "length": 8,
            "owner": range(max(ports, 2)),
            "id": 1,
            "response": Response,
        })


class BurstChooser(wiring.Component):
    """Checks bursts and puts them in a row; ports that wait take turns.

    Parameters
    ----------
    size_bytes : int
        Of the memory, a multiple of 4,096.
    config : DmaConfig
        Widths of the ports.
    ports : int
        How many, at least 1.

    Ports
    -----
    asked_0, asked_1, ... : In(stream of BurstRequest)
    chosen : Out(stream of ChosenBurst)
        ``response`` is DECERR beyond the memory, and SLVERR unless a burst is INCR and of the whole width.

    Timing
    ------
    ``chosen.valid`` 3 cycles after the transfer of a lone request; one burst a cycle, from one port one every
    3 cycles. There is no combinational path between inputs and outputs.
    """

    def __init__(self, size_bytes: int, config: DmaConfig, ports: int) -> None:
        self.size_bytes, self.config, self.ports = size_bytes, config, ports
        asked = stream.Signature(BurstRequest(config))
        super().__init__({
            **{f"asked_{n}": In(asked) for n in range(ports)},
            "chosen": Out(stream.Signature(ChosenBurst(size_bytes, config, ports))),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        chosen = self.chosen.p
        free, winner, recent = Signal(), Signal.like(chosen.owner), Signal.like(chosen.owner)
        waiting = Signal(self.ports)
        m.d.comb += free.eq(~self.chosen.valid | self.chosen.ready)
        with m.If(self.chosen.ready):
            m.d.sync += self.chosen.valid.eq(0)
        unit, width = (self.config.beat_bytes - 1).bit_length(), len(chosen.line)
        for n in range(self.ports):
            asked = getattr(self, f"asked_{n}")
            request = Signal.like(asked.payload, name=f"request_{n}", reset_less=True)
            response = Signal(Response, name=f"response_{n}", reset_less=True)
            kept, checked = Signal(name=f"kept_{n}"), Signal(name=f"checked_{n}")
            m.d.comb += [asked.ready.eq(~kept), waiting[n].eq(checked)]
            m.d.sync += [
                checked.eq(kept),
                response.eq(self._response(request)),
            ]
            with m.If(asked.valid & asked.ready):
                m.d.sync += [kept.eq(1), request.eq(asked.payload)]
            with m.If(free & (waiting != 0) & (winner == n)):
                m.d.sync += [
                    kept.eq(0),
                    checked.eq(0),
                    self.chosen.valid.eq(1),
                    recent.eq(n),
                    chosen.line.eq(request.address[unit : unit + width]),
                    chosen.length.eq(request.length),
                    chosen.owner.eq(n),
                    chosen.id.eq(request.id),
                    chosen.response.eq(response),
                ]
        # The first that waits after the one that was chosen last.
        with m.Switch(recent):
            for n in range(self.ports):
                with m.Case(n):
                    for step in range(self.ports, 0, -1):
                        with m.If(waiting[(n + step) % self.ports]):
                            m.d.comb += winner.eq((n + step) % self.ports)
        return m

    def _response(self, request):
        beyond = request.address[12:] >= self.size_bytes // BOUNDARY_BYTES
        whole = (request.burst == Burst.INCR) & (request.size == (self.config.beat_bytes - 1).bit_length())
        return Mux(beyond, Response.DECERR, Mux(whole, Response.OKAY, Response.SLVERR))
