"""One AXI4-Lite manager, several subordinates."""

from collections.abc import Sequence

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.signature import AxiLite, Response

__all__ = ["LiteSplit"]

ADDRESS_BITS = 32


def _check(windows: Sequence[tuple[str, int, int]]) -> None:
    if not windows:
        raise ValueError("there must be at least one window")
    taken: list[tuple[int, int, str]] = []
    for name, base, bits in windows:
        if not name.isidentifier() or name == "bus" or any(name == other for *_, other in taken):
            raise ValueError(f"{name!r} cannot be the name of a window, or is the name of two")
        if not 2 <= bits <= ADDRESS_BITS:
            raise ValueError(f"window {name!r}: address_bits must be in 2..{ADDRESS_BITS}, not {bits}")
        size = 1 << bits
        if not 0 <= base < 1 << ADDRESS_BITS:
            raise ValueError(f"window {name!r}: base {base:#x} must lie below {1 << ADDRESS_BITS:#x}")
        if base % size:
            raise ValueError(
                f"window {name!r}: base {base:#x} must be a multiple of its size, {size:#x} bytes"
            )
        for start, stop, other in taken:
            if base < stop and start < base + size:
                raise ValueError(f"windows {other!r} and {name!r} overlap at {max(base, start):#x}")
        taken.append((base, base + size, name))


class LiteSplit(wiring.Component):
    """Hands each access to the subordinate whose window holds its address.

    Parameters
    ----------
    windows : sequence of (str, int, int)
        Name of the port, first address, address bits of the subordinate: the window has
        ``2**address_bits`` bytes and begins at a multiple of that.

    Ports
    -----
    bus : In(AxiLite(address_bits=32))
        Where no window is, writes do nothing, reads give 0, and both answer DECERR.
    <name> : Out(AxiLite(address_bits))
        With the address in the window.

    Timing
    ------
    One write and one read at a time, independent of each other. A subordinate sees AWVALID and WVALID 3
    cycles after the later of AW and W, and ARVALID 3 cycles after AR; its answer is passed on after one
    cycle. There is no combinational path between inputs and outputs.

    Raises
    ------
    ValueError
        A window has no right name, size or place.
    """

    def __init__(self, windows: Sequence[tuple[str, int, int]]) -> None:
        _check(windows)
        self.windows = tuple(windows)
        super().__init__({
            "bus": In(AxiLite(address_bits=ADDRESS_BITS)),
            **{name: Out(AxiLite(address_bits=bits)) for name, _, bits in windows},
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        self._split(m, "write", "aw", "b", carried=("prot",), answered=("resp",))
        self._split(m, "read", "ar", "r", carried=("prot",), answered=("resp", "data"))
        return m

    def _split(self, m: Module, name: str, ask: str, answer: str, *, carried, answered) -> None:
        """One direction: its address channel *ask* and its response channel *answer*."""
        bus = self.bus

        def port(interface, channel: str, member: str):
            return getattr(interface, f"{channel}{member}")

        address = Signal(ADDRESS_BITS, name=f"{name}_address")
        chosen = Signal(len(self.windows), name=f"{name}_chosen")
        addressed = Signal(name=f"{name}_addressed")
        ports = [getattr(self, window) for window, *_ in self.windows]
        asks = [(ask, (*carried,))] + ([("w", ("data", "strb"))] if name == "write" else [])

        m.d.comb += port(bus, ask, "ready").eq(~addressed)
        with m.If(port(bus, ask, "valid") & ~addressed):
            m.d.sync += [addressed.eq(1), address.eq(port(bus, ask, "addr"))]
            for interface in ports:
                m.d.sync += port(interface, ask, "prot").eq(port(bus, ask, "prot"))
        complete = addressed
        if name == "write":
            filled = Signal()
            complete = addressed & filled
            m.d.comb += bus.wready.eq(~filled)
            with m.If(bus.wvalid & ~filled):
                m.d.sync += filled.eq(1)
                for interface in ports:
                    m.d.sync += [interface.wdata.eq(bus.wdata), interface.wstrb.eq(bus.wstrb)]
        for index, (_, base, bits) in enumerate(self.windows):
            m.d.sync += chosen[index].eq(address[bits:] == base >> bits)
            m.d.comb += port(ports[index], ask, "addr").eq(address[:bits])

        for interface in ports:
            for channel, _ in asks:
                with m.If(port(interface, channel, "ready")):
                    m.d.sync += port(interface, channel, "valid").eq(0)
            with m.If(port(interface, answer, "valid")):
                m.d.sync += port(interface, answer, "ready").eq(0)

        with m.FSM(name=name):
            with m.State("IDLE"), m.If(complete):
                m.next = "CHOOSE"
            with m.State("CHOOSE"):
                m.next = "WAIT"
                for index, interface in enumerate(ports):
                    with m.If(chosen[index]):
                        m.d.sync += port(interface, answer, "ready").eq(1)
                        m.d.sync += [port(interface, channel, "valid").eq(1) for channel, _ in asks]
                with m.If(chosen == 0):
                    m.d.sync += [
                        port(bus, answer, "valid").eq(1),
                        port(bus, answer, "resp").eq(Response.DECERR),
                    ]
                    if name == "read":
                        m.d.sync += bus.rdata.eq(0)
                    m.next = "ANSWER"
            with m.State("WAIT"):
                for interface in ports:
                    with m.If(port(interface, answer, "valid") & port(interface, answer, "ready")):
                        m.d.sync += [
                            port(bus, answer, member).eq(port(interface, answer, member))
                            for member in answered
                        ]
                        m.d.sync += port(bus, answer, "valid").eq(1)
                        m.next = "ANSWER"
            with m.State("ANSWER"), m.If(port(bus, answer, "ready")):
                m.d.sync += [port(bus, answer, "valid").eq(0), addressed.eq(0)]
                if name == "write":
                    m.d.sync += filled.eq(0)
                m.next = "IDLE"
