"""AXI4, AXI4-Lite and AXI4-Stream as interface signatures.

Members carry AXI's own lower-case names, so a port ``m_axi_weights: Out(AxiRead(...))`` becomes
``m_axi_weights_araddr`` in Verilog and Vivado, LiteX and cocotbext-axi infer the interface.

Source: ARM IHI 0022 (AMBA AXI), chapters A2 (channels), A3.4 (bursts), B1 (AXI4-Lite); ARM IHI 0051
(AXI4-Stream), chapter 2.
"""

from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BOUNDARY_BYTES", "Axi4", "AxiLite", "AxiRead", "AxiStream", "AxiWrite", "Burst", "Response"]

BOUNDARY_BYTES = 4096
"""No burst may cross a multiple of this address."""

CACHE = 0b0011
"""Normal non-cacheable bufferable: what Zynq's high-performance ports and memory controllers expect."""


class Response(enum.Enum, shape=2):
    """RRESP and BRESP; bit 1 says that it is an error."""

    OKAY = 0
    EXOKAY = 1
    SLVERR = 2
    """The subordinate was reached and refused."""
    DECERR = 3
    """Nothing is mapped at the address."""


class Burst(enum.Enum, shape=2):
    """ARBURST and AWBURST."""

    FIXED = 0
    INCR = 1
    WRAP = 2


def _check(address_bits: int, data_bits: int, id_bits: int) -> None:
    if not 1 <= address_bits <= 64:
        raise ValueError(f"address_bits must be in 1..64, not {address_bits}")
    if data_bits not in (8, 16, 32, 64, 128, 256, 512, 1024):
        raise ValueError(f"data_bits must be a power of two in 8..1024, not {data_bits}")
    if id_bits < 0:
        raise ValueError(f"id_bits must be at least 0, not {id_bits}")


def _address(prefix: str, address_bits: int, data_bits: int, id_bits: int) -> dict:
    """Members of an address channel; bursts are INCR beats of the whole bus width unless driven otherwise."""
    return {
        **({f"{prefix}id": Out(id_bits)} if id_bits else {}),
        f"{prefix}addr": Out(address_bits),
        f"{prefix}len": Out(8),
        f"{prefix}size": Out(3, init=(data_bits // 8).bit_length() - 1),
        f"{prefix}burst": Out(Burst, init=Burst.INCR),
        f"{prefix}cache": Out(4, init=CACHE),
        f"{prefix}prot": Out(3),
        f"{prefix}valid": Out(1),
        f"{prefix}ready": In(1),
    }


def _read(address_bits: int, data_bits: int, id_bits: int) -> dict:
    return {
        **_address("ar", address_bits, data_bits, id_bits),
        **({"rid": In(id_bits)} if id_bits else {}),
        "rdata": In(data_bits),
        "rresp": In(Response),
        "rlast": In(1),
        "rvalid": In(1),
        "rready": Out(1),
    }


def _write(address_bits: int, data_bits: int, id_bits: int) -> dict:
    return {
        **_address("aw", address_bits, data_bits, id_bits),
        "wdata": Out(data_bits),
        "wstrb": Out(data_bits // 8),
        "wlast": Out(1),
        "wvalid": Out(1),
        "wready": In(1),
        **({"bid": In(id_bits)} if id_bits else {}),
        "bresp": In(Response),
        "bvalid": In(1),
        "bready": Out(1),
    }


class AxiRead(wiring.Signature):
    """Read channels (AR, R) of AXI4, as the manager sees them.

    Parameters
    ----------
    address_bits, data_bits : int
        Widths of ARADDR and RDATA in bits.
    id_bits : int
        Width of the transaction ID; 0 leaves the ID signals out.

    Raises
    ------
    ValueError
        A width is out of range.
    """

    def __init__(self, *, address_bits: int, data_bits: int, id_bits: int = 1) -> None:
        _check(address_bits, data_bits, id_bits)
        self.address_bits, self.data_bits, self.id_bits = address_bits, data_bits, id_bits
        super().__init__(_read(address_bits, data_bits, id_bits))


class AxiWrite(wiring.Signature):
    """Write channels (AW, W, B) of AXI4, as the manager sees them. Parameters as for :class:`AxiRead`."""

    def __init__(self, *, address_bits: int, data_bits: int, id_bits: int = 1) -> None:
        _check(address_bits, data_bits, id_bits)
        self.address_bits, self.data_bits, self.id_bits = address_bits, data_bits, id_bits
        super().__init__(_write(address_bits, data_bits, id_bits))


class Axi4(wiring.Signature):
    """All five channels of AXI4, as the manager sees them. Parameters as for :class:`AxiRead`."""

    def __init__(self, *, address_bits: int, data_bits: int, id_bits: int = 1) -> None:
        _check(address_bits, data_bits, id_bits)
        self.address_bits, self.data_bits, self.id_bits = address_bits, data_bits, id_bits
        super().__init__({
            **_write(address_bits, data_bits, id_bits),
            **_read(address_bits, data_bits, id_bits),
        })


class AxiLite(wiring.Signature):
    """AXI4-Lite, as the manager sees it: 32-bit data, single beats, no IDs.

    Parameters
    ----------
    address_bits : int
        Width of AWADDR and ARADDR in bits; at least 2.
    """

    def __init__(self, *, address_bits: int) -> None:
        if not 2 <= address_bits <= 64:
            raise ValueError(f"address_bits must be in 2..64, not {address_bits}")
        self.address_bits, self.data_bits = address_bits, 32
        super().__init__({
            "awaddr": Out(address_bits),
            "awprot": Out(3),
            "awvalid": Out(1),
            "awready": In(1),
            "wdata": Out(32),
            "wstrb": Out(4),
            "wvalid": Out(1),
            "wready": In(1),
            "bresp": In(Response),
            "bvalid": In(1),
            "bready": Out(1),
            "araddr": Out(address_bits),
            "arprot": Out(3),
            "arvalid": Out(1),
            "arready": In(1),
            "rdata": In(32),
            "rresp": In(Response),
            "rvalid": In(1),
            "rready": Out(1),
        })


class AxiStream(wiring.Signature):
    """AXI4-Stream, as the transmitter sees it: every transfer a packet of its own.

    Parameters
    ----------
    data_bits : int
        Width of TDATA, a multiple of 8.
    user_bits : int
        Width of TUSER; 0 leaves it out.

    Raises
    ------
    ValueError
        A width is out of range.
    """

    def __init__(self, *, data_bits: int, user_bits: int = 0) -> None:
        if data_bits < 8 or data_bits % 8:
            raise ValueError(f"data_bits must be a multiple of 8, at least 8, not {data_bits}")
        if user_bits < 0:
            raise ValueError(f"user_bits must be at least 0, not {user_bits}")
        self.data_bits, self.user_bits = data_bits, user_bits
        super().__init__({
            "tdata": Out(data_bits),
            **({"tuser": Out(user_bits)} if user_bits else {}),
            "tlast": Out(1, init=1),
            "tvalid": Out(1),
            "tready": In(1),
        })
