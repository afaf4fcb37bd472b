"""Scales of rows: what each column's epilogue multiplies the sums of a row with."""

from amaranth import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In

from pyralis.hw.common.memory import RACELESS, read_later
from pyralis.hw.gcn.column import ScalePort
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import Engine
from pyralis.hw.gcn.lines import ROW_BITS
from pyralis.hw.gcn.program import scale_depth

__all__ = ["ScaleWrite", "Scales"]


class ScaleWrite(data.StructLayout):
    """One scale of every column, for place ``row`` of the memory of ``engine``, or of ``both``."""

    def __init__(self, config: GcnConfig) -> None:
        super().__init__({
            "valid": 1,
            "engine": Engine,
            "both": 1,
            "row": ROW_BITS,
            "scales": data.ArrayLayout(16, config.columns),
        })


class Scales(wiring.Component):
    """The scales of one engine: a memory of ``scale_depth`` scales for each column.

    Parameters
    ----------
    config : GcnConfig
    engine : Engine
        Writes for the other one are ignored.

    Ports
    -----
    write : In(ScaleWrite)
        Not of a place that is read in the same cycle.
    base : In(ROW_BITS)
        Place of the scale of a column's first row. Constant while rows of a phase are read.
    ports : In(ScalePort), for each column
        ``scale`` is that of ``base + row``, one cycle after ``enable``, and stays until the next one.
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
        for column, port in enumerate(self.ports):
            memory = Memory(shape=16, depth=depth, init=[], attrs=RACELESS)
            m.submodules[f"scales_{column}"] = memory
            write = memory.write_port()
            place = Signal(range(depth), name=f"place_{column}")
            m.d.comb += [
                place.eq(self.base + port.row),
                write.addr.eq(self.write.row),
                write.data.eq(self.write.scales[column]),
                write.en.eq(self.write.valid & (self.write.both | (self.write.engine == self.engine))),
                port.scale.eq(read_later(m, memory, f"scale_{column}", place, port.enable)),
            ]
        return m
