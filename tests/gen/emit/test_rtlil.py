"""RTLIL of components is Amaranth's own, however memories are written."""

import gc

import pytest
from amaranth import Module
from amaranth.back import rtlil
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.gen.emit.rtlil import to_rtlil
from pyralis.gen.emit.verilog import ports_of


class Table(wiring.Component):
    """A memory of *depth* words of *width* bits that begins with *init*."""

    def __init__(self, width: int, depth: int, init: list[int]) -> None:
        self.width, self.depth, self.init = width, depth, init
        super().__init__({"address": In(range(depth)), "word": Out(width)})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.table = table = Memory(shape=self.width, depth=self.depth, init=self.init)
        read = table.read_port()
        m.d.comb += [read.addr.eq(self.address), self.word.eq(read.data)]
        return m


@pytest.mark.parametrize(
    ("width", "depth", "init"), [(1, 2, [0, 1]), (8, 64, []), (12, 5, [4095, 0, 1, 2]), (70, 3, [1 << 69])]
)
def test_the_text_is_the_one_of_amaranth(width, depth, init):
    table = Table(width, depth, init)
    ports = {port.name: (port.value, port.direction) for port in ports_of(table)}
    text = to_rtlil(table, "table", ports)
    assert "cell $meminit_v2" in text
    assert text == rtlil.convert(table, name="table", ports=ports, emit_src=False)


def test_an_emitter_without_that_method_is_left_alone(monkeypatch):
    table = Table(8, 4, [1, 2, 3, 4])
    ports = {port.name: (port.value, port.direction) for port in ports_of(table)}
    convert = rtlil.convert
    monkeypatch.delattr(rtlil, "ModuleEmitter")
    monkeypatch.setattr(rtlil, "convert", lambda *args, **kwargs: "text of another version")
    assert to_rtlil(table, "table", ports) == "text of another version"
    monkeypatch.undo()
    assert rtlil.convert is convert


def test_everything_is_as_before_afterwards():
    own, collecting = rtlil.ModuleEmitter.emit_memory, gc.isenabled()
    table = Table(8, 4, [1, 2, 3, 4])
    to_rtlil(table, "table", {port.name: (port.value, port.direction) for port in ports_of(table)})
    assert rtlil.ModuleEmitter.emit_memory is own
    assert gc.isenabled() == collecting
