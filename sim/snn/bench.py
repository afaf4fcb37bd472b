"""Verilog bench of a whole spiking core: the generated top, external memory and a trace of what it writes."""

import re

from pyralis.hw.snn.config import SnnConfig

__all__ = ["BENCH_TOP", "bench_text"]

BENCH_TOP = "snn_bench"


def bench_text(top_text: str, top: str, config: SnnConfig, memory_bytes: int) -> str:
    """SystemVerilog that joins module *top* (whose Verilog is *top_text*) to ``axi_memory``.

    ``+observe=FILE`` writes a line ``W buffer address data`` for every feature-map word that the output path
    stores, ``L`` when a layer has left it, and ``A cycle value`` when the array begins (1) or ceases (0) to
    have a valid step; nothing enters Python for that. The clock comes from outside, as do the control
    registers.
    """
    ports = _ports(top_text, top)
    outside = [port for port in ports if not port[2].startswith(("m_axi_", "observe"))]
    declarations = [f"  {direction} logic {width} {name}" for direction, width, name in outside]
    declarations += [f"  input logic {name}" for name in ("load", "dump", "unhang")]
    declarations += ["  output logic hung", *(f"  output logic [63:0] beats_{port}" for port in "abw")]
    wires, core, memory = [], [], []
    for port in ports:
        _, width, name = port
        core.append(f".{name}({name})")
        if port not in outside:
            wires.append(f"  logic {width} {name};")
        bus = re.fullmatch(r"m_axi_(weights|data)_(\w+)", name)
        if bus:
            role, signal = bus.groups()
            channel = "a" if role == "weights" else ("b" if signal[:1] == "r" or signal[:2] == "ar" else "w")
            memory.append(f".s_axi_{channel}_{signal}({name})")
    memory += [f".{name}({name})" for name in ("clk", "rst", "load", "dump", "unhang", "hung")]
    memory += [f".beats_{port}(beats_{port})" for port in "abw"]
    return _TEMPLATE.format(
        name=BENCH_TOP,
        top=top,
        ports=",\n".join(declarations),
        wires="\n".join(wires),
        core=", ".join(core),
        memory=", ".join(memory),
        address_bits=config.address_bits,
        data_bits=config.bus_bits,
        memory_bytes=memory_bytes,
    )


def _ports(text: str, top: str) -> list[tuple[str, str, str]]:
    """(direction, width, name) of every port of module *top*, in the order of its header."""
    body = re.search(rf"^module {top}\((.*?)\);(.*?)^endmodule", text, re.DOTALL | re.MULTILINE)
    if not body:
        raise ValueError(f"no module {top} in the text")
    found = re.findall(r"^  (input|output) +(\[\d+:\d+\])? *(\w+) *;", body.group(2), re.MULTILINE)
    return [(direction, width, name) for direction, width, name in found]


_TEMPLATE = """\
module {name} (
{ports}
);
{wires}
  {top} core ({core});
  axi_memory #(
    .ADDRESS_BITS({address_bits}), .DATA_BITS({data_bits}), .BYTES({memory_bytes})
  ) memory ({memory});

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
endmodule
"""
