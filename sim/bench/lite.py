"""Register accesses of a host, one at a time; Python is entered only while one is under way."""

from cocotb.triggers import RisingEdge

__all__ = ["RefusedAccessError", "Registers", "SilentBusError"]

LONGEST_CYCLES = 10_000
"""A register bank answers within a few cycles; what takes longer never comes."""


class RefusedAccessError(Exception):
    """The bus answered with an error response."""


class SilentBusError(Exception):
    """The bus did not answer."""


class Registers:
    """Single AXI4-Lite accesses by byte address on port ``s_axi_ctrl`` of *dut*.

    Raises RefusedAccessError and SilentBusError, each with a sentence.
    """

    def __init__(self, dut) -> None:
        self.dut = dut
        for name in ("awvalid", "wvalid", "bready", "arvalid", "rready", "awprot", "arprot"):
            dut[f"s_axi_ctrl_{name}"].value = 0

    async def write(self, address: int, value: int) -> None:
        d = self.dut
        d.s_axi_ctrl_awaddr.value, d.s_axi_ctrl_wdata.value, d.s_axi_ctrl_wstrb.value = address, value, 15
        d.s_axi_ctrl_awvalid.value = d.s_axi_ctrl_wvalid.value = d.s_axi_ctrl_bready.value = 1
        waiting = {"aw", "w", "b"}
        for _ in range(LONGEST_CYCLES):
            await RisingEdge(d.clk)
            for channel, ready in (("aw", "awready"), ("w", "wready"), ("b", "bvalid")):
                if channel in waiting and int(d[f"s_axi_ctrl_{ready}"].value):
                    waiting.discard(channel)
                    d["s_axi_ctrl_bready" if channel == "b" else f"s_axi_ctrl_{channel}valid"].value = 0
            if not waiting:
                self._check(d.s_axi_ctrl_bresp, address, "write")
                return
        raise SilentBusError(f"register {address:#x} did not answer a write")

    async def read(self, address: int) -> int:
        d = self.dut
        d.s_axi_ctrl_araddr.value = address
        d.s_axi_ctrl_arvalid.value = d.s_axi_ctrl_rready.value = 1
        for _ in range(LONGEST_CYCLES):
            await RisingEdge(d.clk)
            if int(d.s_axi_ctrl_arready.value):
                d.s_axi_ctrl_arvalid.value = 0
            if int(d.s_axi_ctrl_rvalid.value):
                d.s_axi_ctrl_rready.value = 0
                self._check(d.s_axi_ctrl_rresp, address, "read")
                return int(d.s_axi_ctrl_rdata.value)
        raise SilentBusError(f"register {address:#x} did not answer a read")

    @staticmethod
    def _check(response, address: int, kind: str) -> None:
        if int(response.value):
            raise RefusedAccessError(f"register {address:#x} refused a {kind}")
