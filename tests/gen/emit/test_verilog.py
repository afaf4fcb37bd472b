"""Names of ports, and the same text every time."""

import re
import subprocess
import sys
from pathlib import Path

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.gen.emit.verilog import emit

BUS = wiring.Signature({"araddr": Out(8), "arvalid": Out(1), "arready": In(1)})


class Ports(wiring.Component):
    """A bus, a stream, a nested interface and a plain port."""

    def __init__(self) -> None:
        super().__init__({
            "m_axi_weights": Out(BUS),
            "spikes": In(stream.Signature(4)),
            "writes": Out(wiring.Signature({"data": Out(4)})),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += [self.spikes.ready.eq(self.m_axi_weights.arready), self.busy.eq(self.spikes.valid)]
        m.d.sync += self.writes.data.eq(self.spikes.payload)
        return m


def ports(text: str) -> dict[str, str]:
    return {
        name: kind for kind, name in re.findall(r"^  (input|output)(?: \[.*\])? (\w+);", text, re.MULTILINE)
    }


def test_bus_members_join_with_one_underscore_and_others_with_two():
    assert ports(emit(Ports(), "ports_top")) == {
        "clk": "input",
        "rst": "input",
        "m_axi_weights_araddr": "output",
        "m_axi_weights_arvalid": "output",
        "m_axi_weights_arready": "input",
        "spikes__payload": "input",
        "spikes__valid": "input",
        "spikes__ready": "output",
        "writes__data": "output",
        "busy": "output",
    }


class Parts(wiring.Component):
    """A signal with parts that have parts, one of which Verilog names."""

    def __init__(self) -> None:
        self.layout = data.ArrayLayout(data.ArrayLayout(2, 3), 2)
        super().__init__({"given": In(12), "sums": Out(8)})

    def elaborate(self, platform) -> Module:
        m = Module()
        held = Signal(self.layout)
        m.d.sync += held.eq(self.given)
        m.d.comb += self.sums.eq(held[1][2] + held[0][1])
        return m


def test_no_part_has_the_name_of_a_bit():
    """Bit 1 of ``held`` is ``\\held[1]`` to tools that name bits; Yosys stopped at a part called so."""
    text = emit(Parts(), "parts_top")
    assert "wire [1:0] \\held(1)(2) ;" in text
    assert not re.search(r"\\\S*\[", text)


def test_module_has_the_given_name_and_no_path():
    text = emit(Ports(), "ports_top")
    assert "module ports_top(" in text
    assert "test_verilog.py" not in text
    assert "src =" not in text


def test_text_does_not_depend_on_the_hash_seed(tmp_path):
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(tmp_path)!r})
from ports import Ports
from pyralis.gen.emit.verilog import emit
print(emit(Ports(), "ports_top"), end="")
"""
    source = Path(__file__).read_text()
    (tmp_path / "ports.py").write_text(source[: source.index("def ports(")])
    texts = {
        subprocess.run(
            [sys.executable, "-P", "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "12345")
    }
    assert texts == {emit(Ports(), "ports_top")}


class Twice(wiring.Component):
    """Two copies of the same thing, compared: what a synthesis tool would gladly merge."""

    def __init__(self) -> None:
        super().__init__({"spikes": In(4), "differ": Out(1)})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.first, m.submodules.second = first, second = Parity(), Parity()
        m.d.comb += [first.bits.eq(self.spikes), second.bits.eq(self.spikes)]
        m.d.comb += self.differ.eq(first.odd ^ second.odd)
        return m


class Parity(wiring.Component):
    def __init__(self) -> None:
        super().__init__({"bits": In(4), "odd": Out(1)})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.odd.eq(self.bits.xor())
        return m


def test_kept_modules_say_so_and_the_top_does_not():
    text = emit(Twice(), "twice", keep_hierarchy=True)
    assert text.count('(* keep_hierarchy = "yes" *)\nmodule \\twice.') == 2
    assert text.count("keep_hierarchy") == 2
    assert "keep_hierarchy" not in emit(Twice(), "twice")


def test_kept_copies_survive_synthesis():
    from pyralis.gen.synthesis.flows import map_gates

    kept = map_gates(emit(Twice(), "twice", keep_hierarchy=True), "twice").netlist
    merged = map_gates(emit(Twice(), "twice"), "twice").netlist
    assert kept.gate_count == 7 and merged.gate_count == 0, "two parities and a comparison, or nothing at all"


class Memories(wiring.Component):
    """A memory of zeros and one of ascending numbers."""

    def __init__(self) -> None:
        super().__init__({"address": In(6), "written": In(8), "zero": Out(8), "number": Out(8)})

    def elaborate(self, platform) -> Module:
        m = Module()
        for name, init, out in (("zeros", [], self.zero), ("numbers", range(64), self.number)):
            m.submodules[name] = memory = Memory(shape=8, depth=64, init=init)
            write, read = memory.write_port(), memory.read_port()
            m.d.comb += [read.addr.eq(self.address), write.addr.eq(self.address), out.eq(read.data)]
            m.d.comb += [write.data.eq(self.written), write.en.eq(1)]
        return m


def test_a_memory_of_equal_words_is_filled_by_a_loop():
    text = emit(Memories(), "memories")
    assert "initial begin : zeros_filled" in text
    assert "for (i = 0; i < 64; i = i + 1)\n      zeros[i] = 8'h00;" in text
    assert "zeros[1]" not in text
    assert all(f"numbers[{n}] = 8'h{n:02x};" in text for n in range(64))
