"""Scales of rows: what each column's epilogue multiplies the sums of a row with."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.memory import RACELESS, read_later
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import Engine
from pyralis.hw.gcn.lines import ROW_BITS
from pyralis.hw.gcn.program import scale_depth

__all__ = ["COUNT_BITS", "ScalePort", "ScaleStage", "ScaleWrite", "Scales"]

COUNT_BITS = 17
"""Of the scales of a load."""

ScalePort = wiring.Signature({"enable": Out(1), "row": Out(ROW_BITS), "scale": In(16), "there": In(1)})
"""A column's memory of row scales: ``scale`` is that of ``row``, one cycle after ``enable``, and stays until
the next one. Without ``there`` it had not come yet, and is to be asked for again."""


class ScaleWrite(data.StructLayout):
    """One scale of every column, for place ``row`` of the memory of ``engine``, or of ``both``.

    While ``coming``, with or without ``valid``, a load is at work that has still to write the ``left`` places
    from ``row`` on.
    """

    def __init__(self, config: GcnConfig) -> None:
        super().__init__({
            "valid": 1,
            "coming": 1,
            "engine": Engine,
            "both": 1,
            "row": ROW_BITS,
            "left": COUNT_BITS,
            "scales": data.ArrayLayout(16, config.columns),
        })


class Scales(wiring.Component):
    """The scales of one engine: a memory of ``scale_depth`` scales for each column.

    A phase may begin while its scales are being loaded: a scale that has still to come is not ``there``.

    Parameters
    ----------
    config : GcnConfig
    engine : Engine
        Writes for the other one are ignored.

    Ports
    -----
    write : In(ScaleWrite)
        ``coming`` from the second cycle before a place of the load is read on.
    base : In(ROW_BITS)
        Place of the scale of a column's first row. Constant while rows of a phase are read.
    ports : In(ScalePort), for each column
        ``scale`` is that of ``base + row``, one cycle after ``enable``, and stays until the next one.

    Timing
    ------
    A scale is there if it is asked for two cycles after it was written, or later.
    """

    def __init__(self, config: GcnConfig, engine: Engine) -> None:
        self.config, self.engine = config, engine
        super().__init__({
            "write": In(ScaleWrite(config)),
            "base": In(ROW_BITS),
            "ports": In(ScalePort).array(config.columns),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        depth = scale_depth(self.config)
        own, coming = Signal(), Signal()
        next_place, left = Signal(range(depth), reset_less=True), Signal(range(depth + 1), reset_less=True)
        m.d.comb += own.eq(self.write.both | (self.write.engine == self.engine))
        m.d.sync += [
            coming.eq(self.write.coming & own),
            next_place.eq(self.write.row),
            left.eq(self.write.left),
        ]
        for column, port in enumerate(self.ports):
            memory = Memory(shape=16, depth=depth, init=[], attrs=RACELESS)
            m.submodules[f"scales_{column}"] = memory
            write = memory.write_port()
            place, ahead = (Signal(range(depth), name=f"{name}_{column}") for name in ("place", "ahead"))
            m.d.comb += [
                place.eq(self.base + port.row),
                ahead.eq(place - next_place),
                write.addr.eq(self.write.row),
                write.data.eq(self.write.scales[column]),
                write.en.eq(self.write.valid & own),
                port.scale.eq(read_later(m, memory, f"scale_{column}", place, port.enable)),
            ]
            with m.If(port.enable):
                m.d.sync += port.there.eq(~coming | (ahead >= left))
        return m


class ScaleStage(wiring.Component):
    """A stage of a pipeline in which each row of sums meets its scale.

    Parameters
    ----------
    layout : StructLayout
        Of what goes along; its member ``row`` is the number of the row in the column.

    Ports
    -----
    rows : In(stream of layout)
    output : Out(stream of layout)
        The same rows, in order.
    factor : Out(16)
        Scale of the row at ``output``.
    scaled : In(1), scale : In(16)
        Each row has a scale of its own, else all have ``scale``. Constant while ``busy``.
    scales : Out(ScalePort)
    busy : Out(1)
        A row is inside.

    Timing
    ------
    A row a cycle, each one cycle later, or when its scale has come.
    """

    def __init__(self, layout: data.StructLayout) -> None:
        self.layout = layout
        super().__init__({
            "rows": In(stream.Signature(layout)),
            "output": Out(stream.Signature(layout)),
            "factor": Out(16),
            "scaled": In(1),
            "scale": In(16),
            "scales": Out(ScalePort),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        again, move = Signal(), Signal()
        m.d.comb += [
            again.eq(self.busy & self.scaled & ~self.scales.there),
            self.output.valid.eq(self.busy & ~again),
            move.eq(~self.busy | (self.output.ready & ~again)),
            self.rows.ready.eq(move),
            self.scales.enable.eq((self.rows.valid & move) | again),
            self.scales.row.eq(Mux(again, self.output.p.row, self.rows.p.row)),
            self.factor.eq(Mux(self.scaled, self.scales.scale, self.scale)),
        ]
        with m.If(move):
            m.d.sync += [self.busy.eq(self.rows.valid), self.output.payload.eq(self.rows.payload)]
        return m
