"""A core's text is emitted once for what it is made from."""

import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.gen.emit import kept
from pyralis.gen.emit.verilog import emit
from pyralis.gen.errors import UserError


class Adder(wiring.Component):
    def __init__(self, width: int, step: int) -> None:
        self.step = step
        super().__init__({"value": In(width), "sum": Out(width)})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.sum.eq(self.value + self.step)
        return m


@pytest.fixture
def emitted(monkeypatch):
    calls = []

    def counted(component, top):
        calls.append(top)
        return emit(component, top)

    monkeypatch.setattr(kept, "emit", counted)
    return calls


def test_the_text_is_the_emitted_one_the_first_time_and_later(tmp_path, emitted):
    texts = {kept.kept_verilog(Adder, "adder", 8, 3, root=tmp_path) for _ in range(3)}
    assert texts == {emit(Adder(8, 3), "adder")}
    assert emitted == ["adder"]


def test_another_top_parameter_or_source_is_another_text(tmp_path, emitted, monkeypatch):
    kept.kept_verilog(Adder, "adder", 8, 3, root=tmp_path)
    kept.kept_verilog(Adder, "adder", 8, 4, root=tmp_path)
    kept.kept_verilog(Adder, "summer", 8, 3, root=tmp_path)
    monkeypatch.setattr(kept, "sources", lambda: "one source is another one")
    kept.kept_verilog(Adder, "adder", 8, 3, root=tmp_path)
    assert emitted == ["adder", "adder", "summer", "adder"]
    assert len(list(tmp_path.glob("*.v"))) == 4


def test_a_changed_source_changes_the_hash(tmp_path, monkeypatch):
    (tmp_path / "unit.py").write_text("one")
    monkeypatch.setattr(kept, "_folder", lambda package: tmp_path)
    before = kept.sources.__wrapped__()
    (tmp_path / "unit.py").write_text("two")
    changed = kept.sources.__wrapped__()
    (tmp_path / "unit.py").rename(tmp_path / "other.py")
    assert len({before, changed, kept.sources.__wrapped__()}) == 3


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as raised:
        kept.kept_verilog(Adder, "adder", 8, 3, root=tmp_path / "file" / "below")
    assert "file/below" in raised.value.where
