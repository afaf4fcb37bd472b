"""The bench of a whole graph core: the generated top and external memory."""

from pathlib import Path

from pyralis.gen.gcn.generate import TOP, verilog
from pyralis.hw.gcn.config import GcnConfig
from pyralis.sim.bench.core import CoreBench, build_core

__all__ = ["BENCH_TOP", "build_bench"]

BENCH_TOP = "gcn_bench"


def build_bench(
    config: GcnConfig, *, memory_bytes: int = 0, waves: bool = False, root: Path = Path("build/sim")
) -> CoreBench:
    """The simulator of a core of size *config*, with a memory of *memory_bytes* at least."""
    return build_core(
        verilog(config), TOP, bench=BENCH_TOP, memory_bytes=memory_bytes, waves=waves, root=root
    )
