"""Rows of results of one column of an engine to where the descriptor wants them."""

from amaranth import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import FinishedRow
from pyralis.hw.gcn.lines import ROW_BITS, SLICE_BITS
from pyralis.hw.gcn.program import Target
from pyralis.hw.gcn.rowstore import StoreWriteLayout
from pyralis.hw.gcn.rowwriter import TARGET_SETTINGS, RowWriter

__all__ = ["GroupRow", "Route", "target_settings"]


def GroupRow(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """A slice of 8-bit elements on its way to an Aggregation Buffer."""
    return data.StructLayout({"row": ROW_BITS, "slice": SLICE_BITS, "data": config.row_bits})


def target_settings(m: Module, settings: data.View, descriptor: data.View) -> None:
    """Drives *settings*, a view of TARGET_SETTINGS, from the fields of *descriptor*."""
    m.d.comb += [settings[name].eq(descriptor[f"target_{name}"]) for name in TARGET_SETTINGS.members]


class Route(wiring.Component):
    """To the row store, to the Aggregation Buffer of the column, or to memory.

    Parameters
    ----------
    column : int

    Ports
    -----
    target : In(Target), settings : In(TARGET_SETTINGS)
        Constant while ``busy``, or while rows come.
    rows : In(stream of FinishedRow)
        Tag: number of the row in the column.
    writes : Out(stream of StoreWriteLayout), groups : Out(stream of GroupRow), results : Out(stream of
    FinishedRow)
    busy : Out(1)
        A slice is inside.

    Timing
    ------
    A slice a cycle: to the row store two cycles, elsewhere none.
    """

    def __init__(self, config: GcnConfig, column: int) -> None:
        self.config, self.column = config, column
        row = stream.Signature(FinishedRow(config.lanes, ROW_BITS))
        super().__init__({
            "target": In(Target),
            "settings": In(TARGET_SETTINGS),
            "rows": In(row),
            "writes": Out(stream.Signature(StoreWriteLayout(config))),
            "groups": Out(stream.Signature(GroupRow(config))),
            "results": Out(row),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.writer = writer = RowWriter(self.config, self.column)
        connect(m, writer.writes, flipped(self.writes))
        data_ = Signal(self.config.row_bits)
        m.d.comb += [
            writer.settings.eq(self.settings),
            writer.rows.payload.eq(self.rows.payload),
            self.results.payload.eq(self.rows.payload),
            data_.eq(Cat(value[:8] for value in self.rows.p["values"])),
            self.groups.p.row.eq(self.rows.p.tag),
            self.groups.p.slice.eq(self.rows.p.slice),
            self.groups.p.data.eq(data_),
            self.busy.eq(writer.busy),
        ]
        with m.Switch(self.target):
            for target, sink in (
                (Target.ROWS, writer.rows),
                (Target.CHAIN, self.groups),
                (Target.MEMORY, self.results),
            ):
                with m.Case(target):
                    m.d.comb += [sink.valid.eq(self.rows.valid), self.rows.ready.eq(sink.ready)]
        return m
