"""Results of a column's cores to one stream of rows; chunks of heavy rows are added up."""

from amaranth import Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.contextsums import joined
from pyralis.hw.gcn.lines import ROW_BITS, SLICE_BITS
from pyralis.hw.gcn.simdcore import ResultLayout
from pyralis.hw.gcn.tasks import CHUNK_BITS, SLOTS

__all__ = ["Merge", "RowLayout"]


def RowLayout(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """Sums of a row: number in the column, slice, and ``lanes`` sums."""
    return data.StructLayout({
        "row": ROW_BITS,
        "slice": SLICE_BITS,
        "sums": data.ArrayLayout(signed(config.accumulator_bits), config.lanes),
    })


class Merge(wiring.Component):
    """Takes one result a cycle, of the cores in turn. Whole rows pass; chunks are added in the row's slot.

    Ports
    -----
    results : In(stream of ResultLayout), for each core
    rows : Out(stream of RowLayout)
        In the order in which rows are complete.
    freed : Out({valid, slot})
        The row of a slot is complete.
    maximum : In(1)
        The largest element, not the sum. The maximum over no source leaves as 0.
    busy : Out(1)
        A row, or a part of one, is inside.

    Timing
    ------
    Two cycles from a result to its row; one result a cycle while ``rows.ready`` is held.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.sums.aggregate`, exact.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        super().__init__({
            "results": In(stream.Signature(ResultLayout(config))).array(config.cores),
            "rows": Out(stream.Signature(RowLayout(config))),
            "freed": Out(wiring.Signature({"valid": Out(1), "slot": Out(range(SLOTS))})),
            "maximum": In(1),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        bits = c.accumulator_bits
        held, valid, move = Signal(ResultLayout(c), reset_less=True), Signal(), Signal()
        self._choose(m, held, valid, move)

        # Chunks that have come, by slot, and how many the row has, once its last one is known.
        come = [Signal(CHUNK_BITS, name=f"come_{k}") for k in range(SLOTS)]
        total = [Signal(CHUNK_BITS, name=f"total_{k}") for k in range(SLOTS)]
        known = Signal(SLOTS)
        count, wanted, sure = Signal(CHUNK_BITS), Signal(CHUNK_BITS), Signal()
        complete, add, free = Signal(), Signal(), Signal()
        with m.Switch(held.slot):
            for k in range(SLOTS):
                with m.Case(k):
                    m.d.comb += [count.eq(come[k] + 1), wanted.eq(total[k]), sure.eq(known[k])]
        with m.If(held.final):
            m.d.comb += [wanted.eq(held.chunk + 1), sure.eq(1)]
        m.d.comb += [
            complete.eq(sure & (count == wanted)),
            free.eq(~self.rows.valid | self.rows.ready),
            move.eq(~valid | free),
            add.eq(valid & free & held.partial),
        ]
        begun = Signal(SLOTS)  # the slot holds a sum
        for k in range(SLOTS):
            with m.If(add & (held.slot == k)):
                m.d.sync += [
                    come[k].eq(Mux(complete, 0, count)),
                    total[k].eq(wanted),
                    known[k].eq(sure & ~complete),
                    begun[k].eq(~complete),
                ]
        m.d.comb += [self.freed.valid.eq(add & complete), self.freed.slot.eq(held.slot)]

        m.submodules.slots = memory = Memory(shape=c.lanes * bits, depth=SLOTS, init=[])
        old, new = memory.read_port(domain="comb"), memory.write_port()
        m.d.comb += [old.addr.eq(held.slot), new.addr.eq(held.slot), new.en.eq(add)]
        with m.If(free):
            m.d.sync += [
                self.rows.valid.eq(valid & (~held.partial | complete)),
                self.rows.p.row.eq(held.row),
                self.rows.p.slice.eq(held.slice),
            ]
        alone = Signal()
        m.d.comb += alone.eq(~held.partial | ~begun.bit_select(held.slot, 1))
        for lane in range(c.lanes):
            before, total_sum = (Signal(signed(bits), name=f"{n}_{lane}") for n in ("before", "total_sum"))
            m.d.comb += [
                before.eq(old.data[bits * lane :][:bits]),
                total_sum.eq(Mux(alone, held.sums[lane], joined(self.maximum, before, held.sums[lane]))),
                new.data[bits * lane :][:bits].eq(total_sum),
            ]
            # No maximum of bytes is as small as the one over no source: two bits tell it.
            nothing = self.maximum & total_sum[-1] & ~total_sum[-2]
            with m.If(free):
                m.d.sync += self.rows.p.sums[lane].eq(Mux(nothing, 0, total_sum))
        m.d.comb += self.busy.eq(valid | self.rows.valid | begun.any())
        return m

    def _choose(self, m: Module, held, valid, move) -> None:
        """Registers a result, of the first core that has one after the core of the last one."""
        count = self.config.cores
        turn, chosen = Signal(range(max(count, 2))), Signal(count)
        with m.Switch(turn):
            for start in range(count):
                with m.Case(start):
                    before = None
                    for offset in range(count):
                        k = (start + offset) % count
                        there = self.results[k].valid
                        m.d.comb += chosen[k].eq(there if before is None else there & ~before)
                        before = there if before is None else before | there
        with m.If(move):
            m.d.sync += valid.eq(chosen.any())
            for k in range(count):
                with m.If(chosen[k]):
                    m.d.sync += [held.eq(self.results[k].payload), turn.eq((k + 1) % count)]
        for k in range(count):
            m.d.comb += self.results[k].ready.eq(chosen[k] & move)
