"""Block RAM behind AXI4."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, fifo, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In

from pyralis.hw.axi.bursts import BurstChooser
from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.axi.signature import BOUNDARY_BYTES, AxiLite, AxiRead, AxiWrite, Burst, Response

__all__ = ["BlockRam"]

PLACES = 8
"""Beats that have been asked of the memory and not been taken: covers the way from there to RREADY."""


class BlockRam(wiring.Component):
    """A memory of one read port and one write port, shared among AXI4 managers burst by burst.

    Bursts are INCR beats of the whole width; others answer SLVERR, and addresses beyond the memory DECERR;
    neither changes anything.

    Parameters
    ----------
    size_bytes : int
        A multiple of 4,096.
    config : DmaConfig
        Widths of the AXI4 ports; ``data_bits`` at least 32.
    readers, writers : int
        Number of AXI4 ports.
    contents : bytes
        What the memory holds at the start, from address 0; then zeros. A reset leaves the memory as it is.

    Attributes
    ----------
    host_address_bits : int
        Width of the host's address.

    Ports
    -----
    read_0, read_1, ... : In(AxiRead)
    write_0, write_1, ... : In(AxiWrite)
    host : In(AxiLite)
        Single words of 32 bits, in turn with the bursts of the others.

    Timing
    ------
    One beat read and one written a cycle, without gaps between bursts of more than 3 beats. RVALID 8 cycles
    after AR, BVALID one cycle after WLAST; what a B has answered is seen by every AR after it. Readers take
    turns, as writers do; one that does not take its beats, or does not bring its words, holds up the others.
    There is no combinational path between bus inputs and bus outputs.

    Raises
    ------
    ValueError
        A size or number is out of range, or the contents do not fit.
    """

    def __init__(
        self, size_bytes: int, config: DmaConfig, readers: int, writers: int, contents: bytes = b""
    ) -> None:
        if size_bytes < BOUNDARY_BYTES or size_bytes % BOUNDARY_BYTES:
            raise ValueError(f"size_bytes must be a multiple of {BOUNDARY_BYTES}, not {size_bytes}")
        if config.data_bits < 32:
            raise ValueError(f"data_bits must be at least 32, not {config.data_bits}")
        if readers < 0 or writers < 0:
            raise ValueError(f"readers and writers must be at least 0, not {readers} and {writers}")
        if len(contents) > size_bytes:
            raise ValueError(f"contents of {len(contents)} bytes do not fit into {size_bytes} bytes")
        self.size_bytes, self.config = size_bytes, config
        self.readers, self.writers = readers, writers
        self.contents = bytes(contents)
        self.host_address_bits = (size_bytes - 1).bit_length()
        read = AxiRead(address_bits=config.address_bits, data_bits=config.data_bits)
        write = AxiWrite(address_bits=config.address_bits, data_bits=config.data_bits)
        super().__init__({
            **{f"read_{n}": In(read) for n in range(readers)},
            **{f"write_{n}": In(write) for n in range(writers)},
            "host": In(AxiLite(address_bits=self.host_address_bits)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        words = [
            int.from_bytes(self.contents[at : at + c.beat_bytes], "little")
            for at in range(0, len(self.contents), c.beat_bytes)
        ]
        m.submodules.memory = memory = Memory(
            shape=c.data_bits, depth=self.size_bytes // c.beat_bytes, init=words
        )
        self._serve_reads(m, memory.read_port())
        self._serve_writes(m, memory.write_port(granularity=8))
        return m

    def _chooser(self, m: Module, name: str, ask: str, ports: list, host_valid) -> tuple:
        """Bursts of *ports*, and of the host as the last one; returns them and the host's ready."""
        chooser = BurstChooser(self.size_bytes, self.config, len(ports) + 1)
        m.submodules[f"{name}_chooser"] = chooser
        for n, bus in enumerate(ports):
            asked = getattr(chooser, f"asked_{n}")
            m.d.comb += [
                asked.valid.eq(getattr(bus, f"{ask}valid")),
                getattr(bus, f"{ask}ready").eq(asked.ready),
                asked.p.address.eq(getattr(bus, f"{ask}addr")),
                asked.p.length.eq(getattr(bus, f"{ask}len")),
                asked.p.size.eq(getattr(bus, f"{ask}size")),
                asked.p.burst.eq(getattr(bus, f"{ask}burst")),
                asked.p.id.eq(getattr(bus, f"{ask}id")),
            ]
        asked = getattr(chooser, f"asked_{len(ports)}")
        m.d.comb += [
            asked.valid.eq(host_valid),
            asked.p.size.eq((self.config.beat_bytes - 1).bit_length()),
            asked.p.burst.eq(Burst.INCR),
        ]
        return chooser.chosen, asked

    def _walk(self, m: Module, name: str, chosen, step) -> tuple:
        """The burst in progress, beat by beat: is there one, its fields, is its next beat the last."""
        active, burst, last = (
            Signal(name=f"{name}_active"),
            Signal.like(chosen.p, name=f"{name}_burst"),
            Signal(name=f"{name}_last"),
        )
        with m.If(step):
            m.d.sync += [
                burst.line.eq(burst.line + 1),
                burst.length.eq(burst.length - 1),
                last.eq(burst.length == 1),
            ]
            with m.If(last):
                m.d.sync += active.eq(0)
        m.d.comb += chosen.ready.eq(~active | (step & last))
        with m.If(chosen.ready & chosen.valid):
            m.d.sync += [active.eq(1), burst.eq(chosen.p), last.eq(chosen.p.length == 0)]
        return active, burst, last

    def _serve_reads(self, m: Module, port) -> None:
        c, host = self.config, self.host
        ports = [getattr(self, f"read_{n}") for n in range(self.readers)]
        # The host's address stays until its answer is taken: it says which part of a line is asked for.
        address, asking, answering = Signal(self.host_address_bits), Signal(), Signal()
        m.d.comb += host.arready.eq(~asking & ~answering)
        with m.If(host.arvalid & host.arready):
            m.d.sync += [address.eq(host.araddr), asking.eq(1)]
        chosen, asked = self._chooser(m, "read", "ar", ports, asking)
        m.d.comb += asked.p.address.eq(address)
        with m.If(asking & asked.ready):
            m.d.sync += [asking.eq(0), answering.eq(1)]
        with m.If(host.rvalid & host.rready):
            m.d.sync += answering.eq(0)

        step, leave = Signal(), Signal()
        spare = Signal(range(PLACES + 1), init=PLACES)
        active, burst, last = self._walk(m, "read", chosen, step)
        m.d.comb += [step.eq(active & (spare != 0)), port.en.eq(step), port.addr.eq(burst.line)]
        m.d.sync += spare.eq(spare - step + leave)

        # A register behind the memory, whose own output comes late, and a queue in front of the bus.
        tag = data.StructLayout({"last": 1, "id": 1, "response": Response, "owner": burst.owner.shape()})
        read, caught = Signal(), Signal()
        read_tag, caught_tag = Signal(tag), Signal(tag)
        line = Signal(c.data_bits, reset_less=True)  # block RAM is slow: not even a reset behind it
        m.d.sync += [
            *(read.eq(step), read_tag.last.eq(last), read_tag.id.eq(burst.id)),
            *(read_tag.response.eq(burst.response), read_tag.owner.eq(burst.owner)),
            *(caught.eq(read), caught_tag.eq(read_tag)),
            line.eq(port.data),
        ]
        beat = data.StructLayout({"line": c.data_bits, "tag": tag})
        m.submodules.beats = beats = fifo.SyncFIFOBuffered(width=beat.size, depth=PLACES)
        m.d.comb += [
            beats.w_en.eq(caught),
            beats.w_data.eq(Cat(line, caught_tag)),
            leave.eq(beats.r_rdy & beats.r_en),
        ]
        self._answer(m, beats, beat, ports, address)

    def _answer(self, m: Module, beats, layout, ports: list, host_address) -> None:
        """Beats go from their queue to the ports that asked."""
        beat, host = Signal(layout), self.host
        m.d.comb += [beat.eq(beats.r_data), host.rdata.eq(beat.line)]
        if self.config.data_bits > 32:
            part = host_address[2 : (self.config.beat_bytes - 1).bit_length()]
            m.d.comb += host.rdata.eq(beat.line.word_select(part, 32))
        for n, bus in enumerate([*ports, host]):
            mine = beat.tag.owner == n
            m.d.comb += [bus.rvalid.eq(beats.r_rdy & mine), bus.rresp.eq(beat.tag.response)]
            with m.If(mine):
                m.d.comb += beats.r_en.eq(bus.rready)
        for bus in ports:
            m.d.comb += [bus.rdata.eq(beat.line), bus.rlast.eq(beat.tag.last), bus.rid.eq(beat.tag.id)]

    def _serve_writes(self, m: Module, port) -> None:
        c, host = self.config, self.host
        ports = [getattr(self, f"write_{n}") for n in range(self.writers)]
        address, asking, addressed, filled = Signal(self.host_address_bits), Signal(), Signal(), Signal()
        word, strobe = Signal(32), Signal(4)
        m.d.comb += [host.awready.eq(~addressed), host.wready.eq(~filled)]
        with m.If(host.awvalid & host.awready):
            m.d.sync += [address.eq(host.awaddr), addressed.eq(1), asking.eq(1)]
        with m.If(host.wvalid & host.wready):
            m.d.sync += [word.eq(host.wdata), strobe.eq(host.wstrb), filled.eq(1)]
        chosen, asked = self._chooser(m, "write", "aw", ports, asking)
        m.d.comb += asked.p.address.eq(address)
        with m.If(asking & asked.ready):
            m.d.sync += asking.eq(0)

        step, lanes = Signal(), c.data_bits // 32
        active, burst, last = self._walk(m, "write", chosen, step)
        part = Signal(range(max(lanes, 2)))
        if lanes > 1:
            m.d.comb += part.eq(address[2 : (c.beat_bytes - 1).bit_length()])
        line, strobes, fine = Signal(c.data_bits), Signal(c.beat_bytes), burst.response == Response.OKAY
        sources = [(bus, bus.wvalid, bus.wdata, bus.wstrb) for bus in ports]
        sources.append((host, filled, word.replicate(lanes), strobe << (part << 2)))
        for n, (bus, valid, values, enables) in enumerate(sources):
            mine = Signal(name=f"writes_{n}")
            m.d.comb += mine.eq(active & (burst.owner == n) & ~(bus.bvalid & last))
            if bus is not host:
                m.d.comb += bus.wready.eq(mine)
            with m.If(burst.owner == n):
                m.d.comb += [step.eq(mine & valid), line.eq(values), strobes.eq(enables)]
            with m.If(bus.bready):
                m.d.sync += bus.bvalid.eq(0)
            with m.If(mine & valid & last):
                m.d.sync += [bus.bvalid.eq(1), bus.bresp.eq(burst.response)]
                if bus is host:
                    m.d.sync += [addressed.eq(0), filled.eq(0)]
                else:
                    m.d.sync += bus.bid.eq(burst.id)
        m.d.sync += [
            port.addr.eq(burst.line),
            port.data.eq(line),
            port.en.eq(Mux(step & fine, strobes, 0)),
        ]
