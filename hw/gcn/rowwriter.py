"""Rows of results to the row store."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import INDEX_BITS, GcnConfig
from pyralis.hw.gcn.epilogue import FinishedRow
from pyralis.hw.gcn.lines import ROW_BITS
from pyralis.hw.gcn.matching import hub_address_bits
from pyralis.hw.gcn.rowaddress import RowAddress
from pyralis.hw.gcn.rowstore import StoreWriteLayout

__all__ = ["TARGET_SETTINGS", "RowWriter"]

TARGET_SETTINGS = data.StructLayout({
    "splits": 2,
    "hubs": 1,
    "hub_base": INDEX_BITS,
    "hub_bits": 4,
    "base": INDEX_BITS + 1,
    "stride": INDEX_BITS + 1,
})
"""Where the rows of a phase go, as the ``target_*`` fields of a descriptor say."""


class RowWriter(wiring.Component):
    """Slices of 8-bit rows of one column with their addresses.

    Parameters
    ----------
    column : int

    Ports
    -----
    settings : In(TARGET_SETTINGS)
        Constant while ``busy``.
    rows : In(stream of FinishedRow)
        Tag: number of the row in the column. Of each value the lowest 8 bits count.
    writes : Out(stream of StoreWriteLayout)
    busy : Out(1)
        A slice is inside.

    Timing
    ------
    Two cycles, one slice a cycle.
    """

    def __init__(self, config: GcnConfig, column: int) -> None:
        self.config, self.column = config, column
        super().__init__({
            "settings": In(TARGET_SETTINGS),
            "rows": In(stream.Signature(FinishedRow(config.lanes, ROW_BITS))),
            "writes": Out(stream.Signature(StoreWriteLayout(config))),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c, settings, row = self.config, self.settings, self.rows.p
        copied = data.StructLayout({"data": c.row_bits, "hub": 1, "hub_address": hub_address_bits(c)})
        m.submodules.address = address = RowAddress(c, self.column, copied)
        payload, number = address.input.p.payload, Signal(ROW_BITS + (c.columns - 1).bit_length())
        m.d.comb += [
            number.eq(row.tag * c.columns + self.column),
            address.base.eq(settings.base),
            address.stride.eq(settings.stride),
            address.input.valid.eq(self.rows.valid),
            address.input.p.row.eq(row.tag),
            address.input.p.slice.eq(row.slice),
            payload.hub.eq(settings.hubs & ((number >> settings.hub_bits) == 0)),
            payload.hub_address.eq(settings.hub_base + (row.slice << settings.hub_bits) + number),
            self.rows.ready.eq(address.input.ready),
            self.writes.valid.eq(address.output.valid),
            self.writes.p.address.eq(address.output.p.address),
            self.writes.p.data.eq(address.output.p.payload.data),
            self.writes.p.splits.eq(settings.splits),
            self.writes.p.hub.eq(address.output.p.payload.hub),
            self.writes.p.hub_address.eq(address.output.p.payload.hub_address),
            address.output.ready.eq(self.writes.ready),
            self.busy.eq(address.busy),
        ]
        m.d.comb += [payload.data[8 * lane :][:8].eq(row["values"][lane][:8]) for lane in range(c.lanes)]
        return m
