"""What becomes of the sums of a column of the Aggregation Engine: scale, earlier row, epilogue."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.common.stream import Queue
from pyralis.hw.gcn.config import INDEX_BITS, GcnConfig
from pyralis.hw.gcn.epilogue import BIAS_SLICES, EPILOGUE_SETTINGS, BiasWrite, Epilogue
from pyralis.hw.gcn.lines import ROW_BITS
from pyralis.hw.gcn.matching import address_bits
from pyralis.hw.gcn.merge import RowLayout
from pyralis.hw.gcn.reserve import ReservedQueue
from pyralis.hw.gcn.rowaddress import RowAddress
from pyralis.hw.gcn.scales import ScalePort, ScaleStage

__all__ = ["FINISH_SETTINGS", "Finish"]

_DEPTH = 16  # rows that wait for what is added to them: more than a read of the row store takes

FINISH_SETTINGS = data.StructLayout({
    "scaled": 1,
    "scale": 16,
    "extra": 1,
    "extra_base": INDEX_BITS,
    "extra_stride": INDEX_BITS,
    "bias_base": range(BIAS_SLICES),
    "epilogue": EPILOGUE_SETTINGS,
})
"""What holds for a phase. ``scaled``: each row has a scale of its own, else all have ``scale``. ``extra``:
row v of slice s of an earlier matrix, at ``extra_base + s * extra_stride + v`` of the row store, is added."""


class Finish(wiring.Component):
    """Rows of sums in, rows of results out, in order.

    Parameters
    ----------
    column : int

    Ports
    -----
    settings : In(FINISH_SETTINGS)
        Constant while ``busy``.
    rows : In(stream of RowLayout)
    scales : Out(ScalePort)
    requests : Out(stream of address), word : In({valid, data})
        See :class:`pyralis.hw.gcn.storeread.StoreReads`.
    bias, output, clear, saturated
        See :class:`pyralis.hw.gcn.epilogue.Epilogue`. Tag: number of the row in the column.
    busy : Out(1)
        A row is inside.

    Timing
    ------
    As the epilogue's, if each read is taken at once.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.epilogue.epilogue`, bit exact.
    """

    def __init__(self, config: GcnConfig, column: int) -> None:
        self.config, self.column = config, column
        self.epilogue = Epilogue(config.lanes, config.accumulator_bits, ROW_BITS, config.epilogue_lanes)
        super().__init__({
            "settings": In(FINISH_SETTINGS),
            "rows": In(stream.Signature(RowLayout(config))),
            "scales": Out(ScalePort),
            "requests": Out(stream.Signature(address_bits(config))),
            "word": In(wiring.Signature({"valid": Out(1), "data": Out(config.row_bits)})),
            "bias": In(BiasWrite(config.lanes)),
            "output": self.epilogue.signature.members["output"],
            "clear": In(1),
            "saturated": Out(1),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c, settings = self.config, self.settings
        m.submodules.waiting = waiting = Queue(RowLayout(c), _DEPTH)
        m.submodules.extras = extras = ReservedQueue(c.row_bits, _DEPTH)
        m.submodules.address = address = RowAddress(c, self.column)
        m.submodules.epilogue = epilogue = self.epilogue
        asking, taken = Signal(), Signal()
        m.d.comb += [
            asking.eq(self.settings.extra),
            address.base.eq(settings.extra_base),
            address.stride.eq(settings.extra_stride),
            address.input.p.row.eq(self.rows.p.row),
            address.input.p.slice.eq(self.rows.p.slice),
            address.input.valid.eq(taken & asking),
            waiting.input.payload.eq(self.rows.payload),
            waiting.input.valid.eq(taken),
            # Where nothing is added, nothing is reserved, and there is always room.
            self.rows.ready.eq(waiting.input.ready & address.input.ready & (extras.spare != 0)),
            taken.eq(self.rows.valid & self.rows.ready),
            extras.reserve.eq(taken & asking),
            self.requests.payload.eq(address.output.p.address),
            self.requests.valid.eq(address.output.valid),
            address.output.ready.eq(self.requests.ready),
            extras.put.eq(self.word.valid),
            extras.word.eq(self.word.data),
        ]
        self._join(m, waiting.output, extras.output)
        inside = Signal(range(_DEPTH + 4))
        m.d.sync += inside.eq(inside + taken - (epilogue.input.valid & epilogue.input.ready))
        m.d.comb += self.busy.eq((inside != 0) | epilogue.busy)
        return m

    def _join(self, m: Module, waiting, extras) -> None:
        """Rows with their scales, and with what is added to them, to the epilogue."""
        c, settings, epilogue = self.config, self.settings, self.epilogue
        layout = RowLayout(c)
        joined = data.StructLayout({**layout.members, "extra": c.row_bits})
        m.submodules.scaling = scaling = ScaleStage(joined)
        connect(m, scaling.scales, flipped(self.scales))
        rows, scaled, there = scaling.rows, scaling.output, Signal()
        m.d.comb += [
            there.eq(waiting.valid & (extras.valid | ~settings.extra)),
            waiting.ready.eq(rows.ready & there),
            extras.ready.eq(rows.ready & there & settings.extra),
            scaling.scaled.eq(settings.scaled),
            scaling.scale.eq(settings.scale),
            rows.valid.eq(there),
            *(rows.p[name].eq(waiting.p[name]) for name in layout.members),
            rows.p.extra.eq(Mux(settings.extra, extras.payload, 0)),
        ]
        connect(m, epilogue.output, flipped(self.output))
        m.d.comb += [
            epilogue.input.valid.eq(scaled.valid),
            scaled.ready.eq(epilogue.input.ready),
            epilogue.input.p.tag.eq(scaled.p.row),
            epilogue.input.p.slice.eq(scaled.p.slice),
            epilogue.input.p.sums.eq(scaled.p.sums),
            epilogue.input.p.extra.eq(scaled.p.extra),
            epilogue.input.p.scale.eq(scaling.factor),
            epilogue.settings.eq(settings.epilogue),
            epilogue.bias_base.eq(settings.bias_base),
            epilogue.bias.eq(self.bias),
            epilogue.clear.eq(self.clear),
            self.saturated.eq(epilogue.saturated),
        ]
