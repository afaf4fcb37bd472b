"""The host of a simulated core: brings it up, accesses its registers, waits for its interrupt.

Accesses come one at a time; Python is entered only while one is under way.
"""

from cocotb.triggers import First, RisingEdge, Timer

from pyralis.sim.bench.stream import start

__all__ = [
    "CLOCK_NS",
    "RefusedAccessError",
    "Registers",
    "SilentBusError",
    "start_core",
    "wait_for_interrupt",
]

CLOCK_NS = 4
"""Period of the clock of :func:`start_core`."""

MEMORY_PINS = ("load", "dump", "unhang", "command", "command_base", "command_bytes")
"""Inputs of ``models/axi_memory.sv`` by which a bench tells it what to do."""

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


async def start_core(dut) -> Registers:
    """Starts the clock of *dut* and resets it with all inputs at rest; returns its registers.

    *dut* is a core on its own, or one with memory (:func:`pyralis.sim.bench.core.build_core`).
    """
    present = {handle._name for handle in dut}
    for name in MEMORY_PINS:
        if name in present:
            dut[name].value = 0
    registers = Registers(dut)
    await start(dut, period_ns=CLOCK_NS, cycles=4)
    await RisingEdge(dut.clk)
    return registers


async def wait_for_interrupt(dut, cycles: int) -> bool:
    """Lets *cycles* pass, fewer if ``irq`` rises; returns whether it is high. Python sleeps meanwhile."""
    if not int(dut.irq.value):
        await First(RisingEdge(dut.irq), Timer(cycles * CLOCK_NS, "ns"))
    await RisingEdge(dut.clk)
    return bool(int(dut.irq.value))
