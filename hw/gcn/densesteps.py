"""Order of a dense combination: steps of sums, weight rows and elements, group after group."""

from amaranth import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.aggbuffer import fetch_layout
from pyralis.hw.gcn.config import INDEX_BITS, GcnConfig
from pyralis.hw.gcn.lines import ROW_BITS, SLICE_BITS
from pyralis.hw.gcn.systolic import STEP
from pyralis.hw.gcn.weightbuffer import READ_LATENCY, WEIGHT_READ

__all__ = ["DenseSettings", "DenseSteps"]


def DenseSettings(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """What holds for a phase.

    ``groups``: of every column, at least 1. ``elements``: of a row, at least 1; ``boundary``: of these, how
    many belong to the first source, the others to the second; ``signed``, ``second_signed``: whether they are
    int8 or uint8. ``slices``: of a row of results, at least 1. ``base``: the weight row of element 0 and
    slice 0; ``elements`` rows for each slice follow. ``stride``: as in the Aggregation Buffer.
    """
    return data.StructLayout({
        "groups": ROW_BITS,
        "elements": range(config.group_bytes + 1),
        "boundary": range(config.group_bytes + 1),
        "signed": 1,
        "second_signed": 1,
        "slices": SLICE_BITS,
        "base": INDEX_BITS,
        "stride": range((2 * config.group_bytes // config.lanes - 1).bit_length()),
    })


class DenseSteps(wiring.Component):
    """Makes the steps of one systolic module, or of the first one of a chain.

    Results cannot be stopped, so a sum's last step waits for room for all of its ``pe_rows`` results, and for
    the last step before to be ``pe_rows`` cycles away.

    Ports
    -----
    settings : In(DenseSettings)
        Constant until ``busy`` has fallen.
    start : In(1)
        A phase begins.
    busy : Out(1)
        Not all steps of the phase have been made.
    offered : In(1), take : Out(1)
        See :class:`pyralis.hw.gcn.aggbuffer.AggBuffer`.
    room : In(1), reserve : Out(1)
        There is room for ``pe_rows`` results; it is claimed. ``room`` may know that a cycle late.
    hold : In(1)
        No weight must be read in the next cycle.
    read : Out(WEIGHT_READ), fetch : Out(fetch_layout)
        In the same cycle.
    step : Out(STEP)
        With the word of the read, ``READ_LATENCY`` cycles later.

    Timing
    ------
    A step a cycle, without a gap between slices or groups, where sums have ``pe_rows`` elements or more and
    the next group has been offered in time.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        super().__init__({
            "settings": In(DenseSettings(config)),
            "start": In(1),
            "busy": Out(1),
            "offered": In(1),
            "take": Out(1),
            "room": In(1),
            "reserve": Out(1),
            "hold": In(1),
            "read": Out(WEIGHT_READ),
            "fetch": Out(fetch_layout(config)),
            "step": Out(STEP),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c, settings = self.config, self.settings
        left, having = Signal(ROW_BITS), Signal()  # groups not taken yet; one is being worked on
        element, index = Signal(range(c.group_bytes)), Signal(SLICE_BITS)
        row, address = Signal(INDEX_BITS), Signal.like(self.fetch.address)
        begin, following = Signal.like(address), Signal.like(address)  # of this group, of the next one
        apart = Signal(range(c.pe_rows))
        issue, last, slice_over, group_over = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            last.eq(element + 1 == settings.elements),
            issue.eq(having & ~self.hold & (~last | (self.room & (apart == 0)))),
            slice_over.eq(issue & last),
            group_over.eq(slice_over & (index + 1 == settings.slices)),
            self.reserve.eq(slice_over),
            self.take.eq(self.offered & (left != 0) & (~having | group_over)),
            self.busy.eq(having | (left != 0)),
        ]
        with m.If(slice_over):
            m.d.sync += apart.eq(c.pe_rows - 1)
        with m.Elif(apart != 0):
            m.d.sync += apart.eq(apart - 1)
        with m.If(issue):
            m.d.sync += [element.eq(element + 1), row.eq(row + 1), address.eq(address + 1)]
        with m.If(slice_over):
            m.d.sync += [element.eq(0), index.eq(index + 1), address.eq(begin)]
        with m.If(group_over):
            m.d.sync += having.eq(0)
        with m.If(self.take):
            m.d.sync += [
                having.eq(1),
                left.eq(left - 1),
                index.eq(0),
                row.eq(settings.base),
                address.eq(following),
                begin.eq(following),
                following.eq(following + (c.lanes << settings.stride)),
            ]
        with m.If(self.start):
            m.d.sync += [left.eq(settings.groups), having.eq(0), following.eq(0), element.eq(0), apart.eq(0)]

        step = Signal(STEP, name="step_0")
        m.d.sync += [
            self.read.enable.eq(issue),
            self.read.row.eq(row),
            self.fetch.address.eq(address),
            self.fetch.release.eq(group_over),
            step.valid.eq(issue),
            step.first.eq(element == 0),
            step.last.eq(last),
            step.signed.eq(settings.signed),
        ]
        with m.If(element >= settings.boundary):
            m.d.sync += step.signed.eq(settings.second_signed)
        for n in range(READ_LATENCY):
            step, before = Signal(STEP, name=f"step_{n + 1}"), step
            m.d.sync += step.eq(before)
        m.d.comb += self.step.eq(step)
        return m
