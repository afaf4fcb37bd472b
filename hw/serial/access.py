"""Single accesses on AXI4-Lite with a time limit."""

from amaranth import Module, Signal
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.signature import AxiLite

__all__ = ["ACCESS", "RESULT", "LiteAccess", "Outcome"]


class Outcome(enum.Enum, shape=2):
    """What became of an access."""

    DONE = 0
    REFUSED = 1
    """The answer was an error."""
    TIMEOUT = 2
    """There was no answer in time."""


ACCESS = data.StructLayout({"write": 1, "address": 32, "data": 32})
RESULT = data.StructLayout({"outcome": Outcome, "data": 32})


class LiteAccess(wiring.Component):
    """Carries out accesses one by one, and gives up one that takes too long.

    What has been shown on the bus stays there until it is accepted, as AXI demands, and an answer that comes
    too late is taken and dropped. Until then the bus has not done with that access, so the next one in the
    same direction (reads, writes) waits, and if its own time passes, it ends with TIMEOUT without having
    been shown.

    Parameters
    ----------
    timeout : int
        Cycles that an access may take, at least 2.

    Ports
    -----
    accesses : In(stream of ACCESS)
    results : Out(stream of RESULT)
        One for each access.
    bus : Out(AxiLite(address_bits=32))

    Timing
    ------
    AWVALID and WVALID, or ARVALID, 2 cycles after the transfer of an access, ``results.valid`` one cycle
    after the answer. There is no combinational path between bus inputs and bus outputs.

    Raises
    ------
    ValueError
        *timeout* is too small.
    """

    def __init__(self, timeout: int) -> None:
        if timeout < 2:
            raise ValueError(f"timeout must be at least 2, not {timeout}")
        self.timeout = timeout
        super().__init__({
            "accesses": In(stream.Signature(ACCESS)),
            "results": Out(stream.Signature(RESULT)),
            "bus": Out(AxiLite(address_bits=32)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        bus, result = self.bus, self.results.p
        access = Signal(ACCESS)
        time, late = Signal(range(self.timeout)), Signal()
        # The bus owes an answer.
        writing, reading = bus.bready, bus.rready
        m.d.sync += [time.eq(time - 1), late.eq(late | (time == 0))]
        for valid, ready in (
            (bus.awvalid, bus.awready),
            (bus.wvalid, bus.wready),
            (bus.arvalid, bus.arready),
            (bus.bready, bus.bvalid),
            (bus.rready, bus.rvalid),
        ):
            with m.If(ready):
                m.d.sync += valid.eq(0)

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.accesses.ready.eq(1)
                m.d.sync += [access.eq(self.accesses.payload), time.eq(self.timeout - 1), late.eq(0)]
                with m.If(self.accesses.valid):
                    m.next = "SHOW"
            with m.State("SHOW"):
                m.d.sync += result.outcome.eq(Outcome.TIMEOUT)
                with m.If(late):
                    m.next = "RESULT"
                with m.Elif(access.write & ~writing):
                    m.d.sync += [
                        bus.awaddr.eq(access.address),
                        bus.wdata.eq(access.data),
                        *(signal.eq(1) for signal in (bus.awvalid, bus.wvalid, bus.bready)),
                    ]
                    m.next = "WRITE"
                with m.Elif(~access.write & ~reading):
                    m.d.sync += [bus.araddr.eq(access.address), bus.arvalid.eq(1), bus.rready.eq(1)]
                    m.next = "READ"
            for state, valid, response in (
                ("WRITE", bus.bvalid, bus.bresp),
                ("READ", bus.rvalid, bus.rresp),
            ):
                with m.State(state):
                    m.d.sync += result.data.eq(bus.rdata)
                    with m.If(valid):
                        m.d.sync += result.outcome.eq(Outcome.DONE)
                        with m.If(response.as_value()[1]):
                            m.d.sync += result.outcome.eq(Outcome.REFUSED)
                        m.next = "RESULT"
                    with m.Elif(late):
                        m.next = "RESULT"
            with m.State("RESULT"):
                m.d.comb += self.results.valid.eq(1)
                with m.If(self.results.ready):
                    m.next = "IDLE"
        m.d.comb += bus.wstrb.eq(0b1111)
        return m
