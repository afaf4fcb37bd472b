"""AXI4-Lite register bank, built from a declared register map."""

from collections.abc import Iterator

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.registermap import Access, Field, Part, Register, RegisterMap, Word
from pyralis.hw.axi.signature import AxiLite, Response

__all__ = ["Access", "Field", "Register", "RegisterBank", "RegisterMap"]


def _ports(register: Register) -> dict:
    ports = {}
    for field in register.fields:
        if field.access == "ro":
            ports[field.name] = In(field.width)
        elif field.access != "const":
            ports[field.name] = Out(field.width, init=0 if field.access == "pulse" else field.reset)
        if field.access == "w1c":
            ports[f"{field.name}_set"] = In(field.width)
    return ports


class RegisterBank(wiring.Component):
    """The registers of a map behind an AXI4-Lite port.

    Ports
    -----
    bus : In(AxiLite)
        Bytes without WSTRB keep their value (of ``w1c`` and ``pulse`` fields: nothing happens). Addresses
        without a register answer DECERR, writes to words that hold nothing writable SLVERR; neither changes
        anything. The two lowest address bits are ignored.
    <register>.<field>
        ``ro``: In, read at the moment of the access. ``rw``, ``wo``: Out, what was written last. ``pulse``:
        Out, what was written, for one cycle, else 0. ``w1c``: Out, the events that are held; ``<field>_set``
        In sets them, also in the cycle in which they are cleared. ``const``: no port.

    Timing
    ------
    BVALID 2 cycles after the later of AW and W, RVALID 2 cycles after AR; written values stand at the ports
    with BVALID. One write and one read every 2 cycles, independent of each other. There is no combinational
    path between bus inputs and bus outputs.
    """

    def __init__(self, registers: RegisterMap) -> None:
        self.map = registers
        ports = {register.name: _ports(register) for register in registers.registers}
        super().__init__({
            "bus": In(AxiLite(address_bits=registers.address_bits)),
            **{name: Out(wiring.Signature(members)) for name, members in ports.items() if members},
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        self._serve_writes(m)
        self._serve_reads(m)
        return m

    def _serve_writes(self, m: Module) -> None:
        bus = self.bus
        address, data, mask = Signal(self.map.address_bits), Signal(32), Signal(32)
        addressed, filled, commit = Signal(), Signal(), Signal()
        m.d.comb += [
            bus.awready.eq(~addressed),
            bus.wready.eq(~filled),
            commit.eq(addressed & filled & (~bus.bvalid | bus.bready)),
        ]
        with m.If(bus.awvalid & bus.awready):
            m.d.sync += [address.eq(bus.awaddr), addressed.eq(1)]
        with m.If(bus.wvalid & bus.wready):
            m.d.sync += [
                data.eq(bus.wdata),
                mask.eq(Cat(bit.replicate(8) for bit in bus.wstrb)),
                filled.eq(1),
            ]
        with m.If(bus.bready):
            m.d.sync += bus.bvalid.eq(0)
        with m.If(commit):
            m.d.sync += [addressed.eq(0), filled.eq(0), bus.bvalid.eq(1), bus.bresp.eq(Response.DECERR)]
            with m.Switch(address[2:]):
                for word in self.map.words:
                    with m.Case(word.offset // 4):
                        m.d.sync += bus.bresp.eq(Response.OKAY if word.writable else Response.SLVERR)
        for word in self.map.words:
            chosen = commit & (address[2:] == word.offset // 4)
            for part, port in self._slices(word):
                bits = slice(part.lsb, part.lsb + part.width)
                raised = (
                    self._port(word, f"{part.field.name}_set", part) if part.field.access == "w1c" else None
                )
                self._write_part(m, part, port, chosen, data[bits], mask[bits], raised)

    def _port(self, word: Word, name: str, part: Part) -> Value:
        return getattr(getattr(self, word.register.name), name)[part.start : part.start + part.width]

    def _slices(self, word: Word) -> Iterator[tuple[Part, Value | None]]:
        """The parts of a word with the bits of their ports; None where there is no port."""
        for part in word.parts:
            has_port = part.field.access != "const"
            yield part, self._port(word, part.field.name, part) if has_port else None

    @staticmethod
    def _write_part(m: Module, part: Part, port, chosen, data: Value, mask: Value, raised) -> None:
        access = part.field.access
        if access in ("rw", "wo"):
            with m.If(chosen):
                m.d.sync += port.eq(port & ~mask | data & mask)
        elif access == "pulse":
            m.d.sync += port.eq(Mux(chosen, data & mask, 0))
        elif access == "w1c":
            m.d.sync += port.eq(port & ~Mux(chosen, data & mask, 0) | raised)

    def _serve_reads(self, m: Module) -> None:
        bus = self.bus
        address, addressed, commit = Signal(self.map.address_bits), Signal(), Signal()
        m.d.comb += [bus.arready.eq(~addressed), commit.eq(addressed & (~bus.rvalid | bus.rready))]
        with m.If(bus.arvalid & bus.arready):
            m.d.sync += [address.eq(bus.araddr), addressed.eq(1)]
        with m.If(bus.rready):
            m.d.sync += bus.rvalid.eq(0)
        with m.If(commit):
            m.d.sync += [
                addressed.eq(0),
                bus.rvalid.eq(1),
                bus.rdata.eq(0),
                bus.rresp.eq(Response.DECERR),
            ]
            with m.Switch(address[2:]):
                for register in self.map.registers:
                    caught = Signal(32, name=f"{register.name}_caught") if register.width == 64 else None
                    for word in register.words:
                        with m.Case(word.offset // 4):
                            m.d.sync += bus.rresp.eq(Response.OKAY)
                            self._read_word(m, word, caught)

    def _read_word(self, m: Module, word: Word, caught: Signal | None) -> None:
        for part, port in self._slices(word):
            bits = slice(part.lsb, part.lsb + part.width)
            if part.field.access == "const":
                m.d.sync += self.bus.rdata[bits].eq(part.reset)
            elif part.field.access == "ro" and word.half:
                m.d.sync += self.bus.rdata[bits].eq(caught[bits])
            elif part.field.access in ("ro", "rw", "w1c"):
                m.d.sync += self.bus.rdata[bits].eq(port)
        if word.register.width == 64 and word.half == 0:
            for part, port in self._slices(word.register.words[1]):
                if part.field.access == "ro":
                    m.d.sync += caught[part.lsb : part.lsb + part.width].eq(port)
