"""Hands descriptors to the units, each as soon as those that it waits for have ended."""

from amaranth import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.program import AGGREGATE, COMBINE, END, LOAD, Opcode

__all__ = ["UNITS", "Execute", "LoadOrder"]

UNITS = {"load": LOAD, "aggregate": AGGREGATE, "combine": COMBINE}
"""Units that work side by side, and the layouts of their descriptors."""

COUNT_BITS = 16

LoadOrder = data.StructLayout({"load": LOAD, "skip": 1})
"""A load, or one that has only to be counted: what it brings is on chip."""


class Execute(wiring.Component):
    """In-order distribution to a place in front of each unit, where a descriptor waits for its ``after_*``.

    A descriptor behind one that waits goes on if its own unit's place is free, so that loads run ahead of the
    engines and the engines beside each other.

    An aggregation goes out as soon as its lists are there, to read them and cut them to tasks; what it has to
    wait for beside is said by ``rows_ready``.

    Ports
    -----
    descriptors : In(stream of 1024 bits)
        Legal ones.
    load : Out(stream of LoadOrder), aggregate : Out(stream of AGGREGATE), combine : Out(stream of COMBINE)
    ended : In({unit: 1})
        Pulses: a unit's oldest descriptor has ended.
    oldest_begun : In(1)
        The oldest load that has not ended has begun.
    rows_ready : Out(1)
        All that the aggregation handed out last waits for has ended: it may read rows.
    unwritten : In(1)
        Rows of a descriptor that has ended are on their way to memory.
    skip_resident : In(1)
        Resident loads are only counted: here while no load is open, else by the load unit, in their turn.
    may_end : In(1)
        Nothing is on its way to memory or from it, or need not be there when the run ends.
    run_done : Out(1)
        Pulse: the end of the program, and everything before it has ended. The next run begins to count anew.
    draining : Out(1)
        The run could end but for ``may_end``.
    index : Out(16)
        Of the descriptor that was handed out last, for errors.

    Timing
    ------
    Two cycles from a transfer to its unit, if it waits for nothing. Loads that are counted here take one
    cycle each.
    """

    def __init__(self) -> None:
        super().__init__({
            "descriptors": In(stream.Signature(8 * DESCRIPTOR_BYTES)),
            "load": Out(stream.Signature(LoadOrder)),
            "aggregate": Out(stream.Signature(AGGREGATE)),
            "combine": Out(stream.Signature(COMBINE)),
            "ended": In(data.StructLayout(dict.fromkeys(UNITS, 1))),
            "oldest_begun": In(1),
            "rows_ready": Out(1),
            "unwritten": In(1),
            "skip_resident": In(1),
            "may_end": In(1),
            "run_done": Out(1),
            "draining": Out(1),
            "index": Out(16),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        header = data.View(END, self.descriptors.payload)
        places = {
            name: Signal(layout, name=f"{name}_place", reset_less=True) for name, layout in UNITS.items()
        }
        full = {name: Signal(name=f"{name}_full") for name in UNITS}
        ended = {name: Signal(COUNT_BITS, name=f"{name}_count") for name in UNITS}
        open_ = {name: Signal(COUNT_BITS, name=f"{name}_open") for name in UNITS}  # taken and not ended

        skipped = Signal()
        m.d.comb += skipped.eq(
            self.descriptors.valid
            & (header.opcode == Opcode.LOAD)
            & data.View(LOAD, self.descriptors.payload).resident
            & self.skip_resident
            & (open_["load"] == 0)
        )
        taken = Signal(len(UNITS))
        for n, (name, opcode) in enumerate(
            {"load": Opcode.LOAD, "aggregate": Opcode.AGGREGATE, "combine": Opcode.COMBINE}.items()
        ):
            out = getattr(self, name)
            gone = Signal(name=f"{name}_gone")
            mine = Signal(name=f"{name}_mine")
            m.d.comb += [
                mine.eq(self.descriptors.valid & (header.opcode == opcode) & ~skipped),
                taken[n].eq(mine & (~full[name] | gone)),
                gone.eq(out.valid & out.ready),
            ]
            with m.If(taken[n]):
                m.d.sync += [places[name].eq(self.descriptors.payload), full[name].eq(1)]
            with m.Elif(gone):
                m.d.sync += full[name].eq(0)
            with m.If(gone):
                m.d.sync += self.index.eq(places[name].index)
            m.d.sync += [
                ended[name].eq(ended[name] + (self.ended[name] | (skipped if name == "load" else 0))),
                open_[name].eq(open_[name] + taken[n] - self.ended[name]),
            ]
            self._release(m, name, places[name], full[name], ended)
        end = Signal()
        nothing = Cat(open_[name] != 0 for name in UNITS).any()
        m.d.comb += [
            end.eq(self.descriptors.valid & (header.opcode == Opcode.END)),
            self.run_done.eq(end & ~nothing & self.may_end),
            self.draining.eq(end & ~nothing & ~self.may_end),
            self.descriptors.ready.eq(taken.any() | skipped | self.run_done),
        ]
        self._rows(m, places["aggregate"], ended)
        with m.If(self.run_done):
            m.d.sync += [count.eq(0) for count in ended.values()]
        return m

    def _release(self, m: Module, name: str, place, full: Signal, ended: dict[str, Signal]) -> None:
        """Offers the waiting descriptor to its unit when its time has come."""
        out = getattr(self, name)
        due, enough = Signal(name=f"{name}_due"), Signal(name=f"{name}_enough")
        units = ("load",) if name == "aggregate" else UNITS
        m.d.comb += enough.eq(Cat(ended[unit] >= place[f"after_{unit}"] for unit in units).all())
        if name == "load":
            skip = Signal()
            m.d.comb += [
                skip.eq(place.resident & self.skip_resident),
                due.eq((enough & ~(place.after_writes & self.unwritten)) | skip),
                out.p.load.eq(place),
                out.p.skip.eq(skip),
            ]
        else:
            more = Signal(name=f"{name}_more")
            m.d.comb += [
                more.eq(ended["load"] > place.after_load),
                due.eq(enough & (~place.follows | more | self.oldest_begun)),
                out.payload.eq(place),
            ]
        # What was due once stays due, even if the load that has begun ends in this very cycle; and the
        # comparisons have a cycle of their own.
        known = Signal(name=f"{name}_known")
        m.d.sync += known.eq(full & (due | known) & ~(out.valid & out.ready))
        m.d.comb += out.valid.eq(full & known)

    def _rows(self, m: Module, place, ended: dict[str, Signal]) -> None:
        """Says when the aggregation that has gone out may read rows."""
        enough = []
        for unit in ("aggregate", "combine"):
            after = Signal(COUNT_BITS, name=f"rows_after_{unit}", reset_less=True)
            with m.If(self.aggregate.valid & self.aggregate.ready):
                m.d.sync += after.eq(place[f"after_{unit}"])
            enough.append(ended[unit] >= after)
        m.d.comb += self.rows_ready.eq(Cat(enough).all())
