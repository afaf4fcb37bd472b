"""The bench of a whole spiking core: the generated top, external memory and a trace of what it writes."""

from functools import cache
from pathlib import Path

from pyralis.gen.emit.kept import kept_verilog
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.top import SnnTop
from pyralis.sim.bench.core import CoreBench, build_core

__all__ = ["BENCH_TOP", "OBSERVER", "build_bench"]

BENCH_TOP = "snn_bench"
TOP = "snn_top"


def build_bench(
    config: SnnConfig, *, memory_bytes: int = 0, waves: bool = False, root: Path = Path("build/sim")
) -> CoreBench:
    """The simulator of a core of size *config*, with a memory of *memory_bytes* at least."""
    return build_core(
        _top_text(config),
        TOP,
        bench=BENCH_TOP,
        memory_bytes=memory_bytes,
        observer=OBSERVER,
        waves=waves,
        root=root,
    )


@cache
def _top_text(config: SnnConfig) -> str:
    """Verilog of the core; seconds, so once per configuration."""
    return kept_verilog(_observed, TOP, config)


def _observed(config: SnnConfig) -> SnnTop:
    return SnnTop(config, observe=True)


OBSERVER = """\

  string observe_file;
  integer observe = 0;
  initial begin
    if ($value$plusargs("observe=%s", observe_file)) begin
      observe = $fopen(observe_file, "w");
      if (observe == 0) $fatal(1, "cannot write %s", observe_file);
    end
  end
  longint unsigned cycle = 0;
  logic was_active = 0;
  always @(posedge clk)
    if (observe != 0 && !rst) begin
      cycle <= cycle + 1;
      was_active <= active;
      if (active != was_active) $fwrite(observe, "A %0d %0d\\n", cycle, active);
      if (observe__enable)
        $fwrite(observe, "W %0d %0h %0h\\n", observe__buffer, observe__address, observe__data);
      if (observe_layer) $fwrite(observe, "L\\n");
    end
  final if (observe != 0) $fclose(observe);
"""
"""``+observe=FILE`` writes a line ``W buffer address data`` for every feature-map word that the output path
stores, ``L`` when a layer has left it, and ``A cycle value`` when the array begins (1) or ceases (0) to have
a valid step; nothing enters Python for that."""
