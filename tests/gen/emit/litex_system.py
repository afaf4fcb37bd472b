"""A LiteX system around generated cores, as Verilog: a program of its own, for test_litex.py.

Its argument is JSON: ``folder`` to write to, ``standard`` and ``width`` of the bus, ``cores``: the folder of
each core by name. The host is a port: an AXI4-Lite master of the bus.
"""

import importlib
import json
import sys
from pathlib import Path

from litex.build.generic_platform import Pins
from litex.build.sim import SimPlatform
from litex.gen import LiteXModule
from litex.soc.integration.export import get_csr_json
from litex.soc.integration.soc_core import SoCMini
from litex.soc.interconnect.axi import AXILiteInterface
from migen import ClockDomain, Signal

MEMORY, MEMORY_BYTES = 0x4000_0000, 0x1_0000


class System(SoCMini):
    """No processor: the cores, a RAM, LiteX's own control registers."""

    def __init__(self, platform, job: dict) -> None:
        super().__init__(
            platform,
            100e6,
            bus_standard=job["standard"],
            bus_data_width=job["width"],
            bus_timeout=2000,
        )
        self.crg = LiteXModule()
        self.crg.cd_sys = ClockDomain()
        self.comb += self.crg.cd_sys.clk.eq(platform.request("clk"))
        self.comb += self.crg.cd_sys.rst.eq(platform.request("rst"))
        host = AXILiteInterface(data_width=32, address_width=32)
        platform.add_extension(host.get_ios("s_axi_ctrl"))
        self.comb += host.connect_to_pads(platform.request("s_axi_ctrl"), mode="slave")
        self.bus.add_master("host", host)
        self.add_ram("memory", origin=MEMORY, size=MEMORY_BYTES)
        for core, folder in job["cores"].items():
            sys.path.insert(0, folder)
            add = getattr(importlib.import_module(f"litex_pyralis_{core}"), f"add_pyralis_{core}")
            event = add(self).ev
            irq = Signal(name=f"irq_{core}")
            self.comb += irq.eq(event.irq)
            self.comb += platform.request(f"irq_{core}").eq(irq)


def main() -> None:
    job = json.loads(sys.argv[1])
    io = [(name, 0, Pins(1)) for name in ("clk", "rst", *(f"irq_{core}" for core in job["cores"]))]
    platform = SimPlatform("SIM", io)
    system = System(platform, job)
    folder = Path(job["folder"])
    platform.get_verilog(system, name="system").write(str(folder / "system.v"))
    (folder / "csr.json").write_text(get_csr_json(system.csr.regions, system.constants, system.mem_regions))
    (folder / "sources.json").write_text(json.dumps([source[0] for source in platform.sources]))


main()
