"""The simulated core with its memory, ready for a host's register accesses."""

from pathlib import Path

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.registers import register_map
from pyralis.sim.bench import machine
from pyralis.sim.bench.build import use_verilator
from pyralis.sim.bench.core import MemorySettings
from pyralis.sim.bench.machine import Outcome
from pyralis.sim.snn.bench import build_bench

__all__ = ["Machine", "MemorySettings", "Outcome", "Script"]


class Script(machine.Script):
    """A host of a spiking core of size *config*."""

    def __init__(self, config: SnnConfig) -> None:
        super().__init__(register_map(config))


class Machine(machine.Machine):
    """One configuration, built once.

    Raises UserError if a simulator is missing.
    """

    def __init__(
        self,
        config: SnnConfig,
        *,
        memory_bytes: int = 0,
        waves: bool = False,
        root: Path = Path("build/sim"),
    ) -> None:
        use_verilator()  # what is missing is said before the long work
        self.config = config
        super().__init__(build_bench(config, memory_bytes=memory_bytes, waves=waves, root=root), waves=waves)
