"""A read behind a register of its own: what it gives, and what it costs on an ECP5."""

import json
import random
from collections import Counter

from amaranth import Module, Signal
from amaranth.back import rtlil
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from pyralis.gen.synthesis import yosys
from pyralis.hw.common.memory import RACELESS, read_later

SYNTHESIS = "read_rtlil top.il\nproc\nopt_clean -purge\nsynth_ecp5 -top top\nwrite_json top.json\n"


class TwoSides(wiring.Component):
    """A memory with two ports that write and read, of which one does at a time."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        address = range(depth)
        super().__init__({
            f"{name}_{side}": flow(shape)
            for side in (0, 1)
            for name, flow, shape in (
                ("address", In, address),
                ("write", In, 1),
                ("enable", In, 1),
                ("given", In, 16),
                ("word", Out, 16),
            )
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(shape=16, depth=self.depth, init=[], attrs=RACELESS)
        for side in (0, 1):
            address, write, enable, given, word = (
                getattr(self, f"{name}_{side}") for name in ("address", "write", "enable", "given", "word")
            )
            port, reads = memory.write_port(), Signal(name=f"reads_{side}")
            m.d.comb += [
                port.addr.eq(address),
                port.data.eq(given),
                port.en.eq(write),
                reads.eq(enable & ~write),
                word.eq(read_later(m, memory, f"read_{side}", address, reads)),
            ]
        return m


def test_words_come_one_cycle_later_and_stay():
    dut, rng = TwoSides(16), random.Random(1)
    words, shown, kept = [0] * 16, [0, 0], 0

    async def bench(ctx):
        nonlocal kept
        for _ in range(400):
            places = rng.sample(range(16), 2)
            for side, place in enumerate(places):
                write, enable, given = rng.random() < 0.4, rng.random() < 0.7, rng.getrandbits(16)
                for name, value in (
                    ("address", place),
                    ("write", write),
                    ("enable", enable),
                    ("given", given),
                ):
                    ctx.set(getattr(dut, f"{name}_{side}"), value)
                if write:
                    words[place] = given
                elif enable:
                    shown[side] = words[place]
                else:
                    kept += 1
            await ctx.tick()
            assert [ctx.get(dut.word_0), ctx.get(dut.word_1)] == shown

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert kept > 50


def test_both_ports_of_a_block_ram_write_and_read(tmp_path):
    """4,096 words of 16 bits are four blocks of an ECP5: no copy, and nothing beside it but two enables."""
    text = rtlil.convert(TwoSides(4096), emit_src=False)
    netlist = json.loads(yosys.run(SYNTHESIS, {"top.il": text}, ["top.json"], root=tmp_path)["top.json"])
    cells = Counter(cell["type"] for cell in netlist["modules"]["top"]["cells"].values())
    assert cells == {"DP16KD": 4, "LUT4": 2}
