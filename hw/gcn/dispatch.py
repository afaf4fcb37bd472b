"""Gives tasks to cores: the second half of HyGCN's eSched."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.tasks import TaskLayout

__all__ = ["WORK_BITS", "Dispatch"]

WORK_BITS = 32
"""Bits of a count of entries."""


class Dispatch(wiring.Component):
    """Tasks of a column to its *cores*: to the first free one, or by row number.

    Each core has one task waiting, in a register here; a core is free when it has none.

    Ports
    -----
    tasks : In(stream of TaskLayout)
    cores : Out(stream of TaskLayout), one for each core
    by_row : In(1)
        0: the next task goes to the first free core, beginning with the one after the core that got the last
        task. 1: it goes to core ``row mod cores``, whether it is free or not; tasks must have single rows.
    clear : In(1)
        Counts begin at 0 again.
    work : Out(ArrayLayout(32, cores))
        Entries given to each core.
    busy : Out(1)
        A task waits.

    Timing
    ------
    One cycle from a task to a free core; one task a cycle, to one core every second cycle.

    Golden model
    ------------
    :mod:`pyralis.sim.golden.gcn.dispatch`.

    Source
    ------
    HyGCN (Yan et al., HPCA 2020), section 4.3. The static switch is its "vertex-concentrated" mode.

    Raises
    ------
    ValueError
        *cores* is not in 1..4.
    """

    def __init__(self, cores: int, *, values: bool = False) -> None:
        if not 1 <= cores <= 4:
            raise ValueError(f"cores must be in 1..4, not {cores}")
        self.cores_ = cores
        super().__init__({
            "tasks": In(stream.Signature(TaskLayout(values))),
            "cores": Out(stream.Signature(TaskLayout(values))).array(cores),
            "by_row": In(1),
            "clear": In(1),
            "work": Out(data.ArrayLayout(WORK_BITS, cores)),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        count = self.cores_
        free, chosen, turn = Signal(count), Signal(count), Signal(range(max(count, 2)))
        row = self.tasks.p.row
        with m.If(self.by_row):
            m.d.comb += [chosen[k].eq(free[k] & (row % count == k)) for k in range(count)]
        with m.Else(), m.Switch(turn):
            for start in range(count):
                with m.Case(start):
                    before = None  # whether one of those that are asked first is free
                    for offset in range(count):
                        k = (start + offset) % count
                        m.d.comb += chosen[k].eq(free[k] if before is None else free[k] & ~before)
                        before = free[k] if before is None else before | free[k]
        m.d.comb += [self.tasks.ready.eq(chosen.any()), self.busy.eq(~free.all())]
        for k in range(count):
            core = self.cores[k]
            m.d.comb += free[k].eq(~core.valid)
            with m.If(chosen[k]):
                m.d.sync += [core.valid.eq(self.tasks.valid), core.payload.eq(self.tasks.payload)]
                with m.If(self.tasks.valid):
                    m.d.sync += [
                        self.work[k].eq(self.work[k] + self.tasks.p.count),
                        turn.eq((k + 1) % count),
                    ]
            with m.Elif(core.ready):
                m.d.sync += core.valid.eq(0)
            with m.If(self.clear):
                m.d.sync += self.work[k].eq(0)
        return m
