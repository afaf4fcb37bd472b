"""Equal modules are written once, different ones all, and what they compute stays."""

import re

import pytest
from amaranth import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect

from pyralis.gen.emit.modules import merge_equal
from pyralis.gen.emit.rtlil import to_rtlil
from pyralis.gen.emit.verilog import emit, ports_of
from pyralis.gen.synthesis import yosys
from pyralis.hw.common.stream import Queue


class Lanes(wiring.Component):
    """Words through queues of the given *depths*, each with the parity of its word counted behind it.

    Signals of the same name, so that Amaranth numbers them, and a memory in each queue.
    """

    def __init__(self, depths: tuple[int, ...], *, clash: bool = False) -> None:
        self.depths, self.clash = depths, clash
        words = stream.Signature(8)
        super().__init__({
            "inputs": In(words).array(len(depths)),
            "outputs": Out(words).array(len(depths)),
            "moved": Out(2 * len(depths)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        for n, depth in enumerate(self.depths):
            if self.clash:  # a signal has the name already: Amaranth numbers the instance and its module
                m.d.sync += Signal(name=f"lane_{n}").eq(self.outputs[n].valid)
            m.submodules[f"lane_{n}"] = lane = Lane(depth)
            connect(m, wiring.flipped(self.inputs[n]), lane.input)
            connect(m, lane.output, wiring.flipped(self.outputs[n]))
            m.d.comb += self.moved[2 * n :][:2].eq(Cat(lane.moved, lane.moved_last))
        return m


class Lane(wiring.Component):
    def __init__(self, depth: int) -> None:
        self.depth = depth
        # Two ports that have no names of their own: Amaranth numbers one.
        self.moved, self.moved_last = Signal(name="moved"), Signal(name="moved")
        super().__init__({"input": In(stream.Signature(8)), "output": Out(stream.Signature(8))})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.queue = queue = Queue(8, self.depth)
        connect(m, wiring.flipped(self.input), queue.input)
        m.d.comb += self.moved.eq(self.output.valid & self.output.ready)
        m.d.sync += self.moved_last.eq(self.moved)
        m.d.comb += [
            self.output.payload.eq(queue.output.payload ^ self.moved_last),
            self.output.valid.eq(queue.output.valid),
            queue.output.ready.eq(self.output.ready),
        ]
        return m


def rtlil(*depths: int, clash: bool = False) -> str:
    lanes = Lanes(depths, clash=clash)
    return to_rtlil(lanes, "lanes", {port.name: (port.value, port.direction) for port in ports_of(lanes)})


def modules(text: str) -> list[str]:
    return re.findall(r"^module (\S+)$", text, re.MULTILINE)


def test_equal_modules_are_written_once_and_different_ones_all():
    text = rtlil(4, 4, 16, 4)
    assert len(modules(text)) == 1 + 4 * 3, "the top; and of each lane itself, its queue, the queue's memory"
    assert modules(merge_equal(text)) == [
        "\\lanes",
        "\\lanes.lane_0",
        "\\lanes.lane_0.queue",
        "\\lanes.lane_0.queue.fifo",
        "\\lanes.lane_2",
        "\\lanes.lane_2.queue",
        "\\lanes.lane_2.queue.fifo",
    ]


def test_every_instance_stays_with_its_name():
    merged = merge_equal(rtlil(4, 4, 16, 4))
    cells = re.findall(r"^  cell (\\lanes\.\S+) (\S+)$", merged.split("\nend\n")[0], re.MULTILINE)
    assert {name: kind for kind, name in cells} == {
        "\\lane_0": "\\lanes.lane_0",
        "\\lane_1": "\\lanes.lane_0",
        "\\lane_2": "\\lanes.lane_2",
        "\\lane_3": "\\lanes.lane_0",
    }


def test_merging_a_merged_text_changes_nothing():
    merged = merge_equal(rtlil(4, 4, 16, 4))
    assert merge_equal(merged) == merged


@pytest.mark.parametrize("clash", [False, True])
def test_the_merged_text_computes_the_same(clash):
    text = rtlil(4, 4, 16, 4, clash=clash)
    assert ("$" in "".join(modules(text))) == clash
    assert "    connect \\moved$" in text
    files = {"gold.il": text, "gate.il": merge_equal(text)}
    assert files["gold.il"] != files["gate.il"]
    parts = "".join(
        f"read_rtlil {name}.il\nhierarchy -top lanes\nproc\nmemory\nflatten\nopt_clean\nrename lanes {name}\n"
        f"design -stash {name}\n"
        for name in ("gold", "gate")
    )
    script = (
        f"{parts}design -copy-from gold -as gold gold\ndesign -copy-from gate -as gate gate\n"
        "equiv_make gold gate equiv\nhierarchy -top equiv\nequiv_simple\nequiv_induct\n"
        "equiv_status -assert\nwrite_rtlil proved.il\n"
    )
    assert "equiv" in yosys.run(script, files, ["proved.il"])["proved.il"]


def test_verilog_has_the_merged_modules_unless_the_hierarchy_is_kept():
    assert emit(Lanes((4, 4)), "lanes").count("\nmodule \\lanes.lane") == 3
    assert emit(Lanes((4, 4)), "lanes", keep_hierarchy=True).count("\nmodule \\lanes.lane") == 6
