"""The bench of a whole graph core: the generated top and external memory."""

from functools import cache
from pathlib import Path

from pyralis.gen.emit.verilog import emit
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.top import GcnTop
from pyralis.sim.bench.core import CoreBench, build_core

__all__ = ["BENCH_TOP", "build_bench", "verilog"]

BENCH_TOP = "gcn_bench"
TOP = "gcn_top"


def build_bench(
    config: GcnConfig, *, memory_bytes: int = 0, waves: bool = False, root: Path = Path("build/sim")
) -> CoreBench:
    """The simulator of a core of size *config*, with a memory of *memory_bytes* at least."""
    return build_core(
        verilog(config), TOP, bench=BENCH_TOP, memory_bytes=memory_bytes, waves=waves, root=root
    )


@cache
def verilog(config: GcnConfig) -> str:
    """Verilog of a core of size *config*; it takes a while, so once per configuration."""
    return emit(GcnTop(config), TOP)
