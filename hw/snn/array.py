"""The array: cascades of cells for every (pixel, step, channel), accumulators behind them, slots out."""

from amaranth import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.stream import held
from pyralis.hw.snn.config import WEIGHT_BITS, SnnConfig
from pyralis.hw.snn.crossbar import CELLS, CHANNELS, cascade

__all__ = ["SlotLayout", "SpikeArray", "StepSignature"]


class SlotLayout(data.ArrayLayout):
    """Currents of one slot: P channels x S steps of one pixel; ``slot[p][s]``."""

    def __init__(self, config: SnnConfig) -> None:
        current = signed(config.current_bits)
        super().__init__(data.ArrayLayout(current, config.step_lanes), config.neuron_lanes)


class StepSignature(wiring.Signature):
    """One step of the array: V input channels x S time steps of N pixels, seen from the side that makes them.

    ``first`` and ``last`` frame the steps of one pass (they may coincide); all four belong to the same cycle.
    ``spikes[n][s][v]``.
    """

    def __init__(self, config: SnnConfig) -> None:
        lanes = data.ArrayLayout(config.in_lanes, config.step_lanes)
        super().__init__({
            "valid": Out(1),
            "first": Out(1),
            "last": Out(1),
            "spikes": Out(data.ArrayLayout(lanes, config.pixel_lanes)),
        })


class SpikeArray(wiring.Component):
    """Sums V weighted spikes a cycle for N pixels x S steps x M channels, and adds those sums over a pass.

    Cascades of V / 2 cells make the sums; the accumulators behind them are wide. At the last step of a pass
    all accumulators are copied and leave P x S at a time through a FIFO, while the next pass already runs.
    Passes follow each other without a dead cycle.

    The array cannot be stopped, so room is counted where steps are issued: a last step is issued only while
    ``room`` is high, which keeps last steps at least ``slots`` cycles apart and reserves a place in the FIFO
    for every slot. The FIFO is so deep that a consumer that takes a slot whenever one is there never holds up
    a pass of ``slots`` or more steps.

    Ports
    -----
    steps : In(StepSignature)
        Arrives ``issue_latency`` cycles after its issue. Steps that are not valid may come between any two.
    weights : In(ArrayLayout(stage_bits, stages))
        Stage k must hold, in cycle t + k, the weights of the step of cycle t; byte ``i * M + m`` of a stage
        is the int8 weight of its input i (input channel 2 k + i) to output channel m.
    room : Out(1)
        The last step of a pass may be issued in this cycle.
    issued_last : In(1)
        The last step of a pass is issued in this cycle.
    currents : Out(stream.Signature(SlotLayout))
        ``slots`` transfers a pass: pixel lane n slowest, then block j; channel = j * P + p.
    active : Out(1)
        A valid step is in the first stage of the cascades.

    Timing ------ Initiation interval 1 step. The first slot of a pass is offered ``issue_latency + latency``
    cycles after the issue of its last step, the others one a cycle, unless earlier slots are still waiting.

    Numerics
    --------
    Exact while the sum of a pass fits ``current_bits``; the compiler proves that from the weights.

    Golden model
    ------------
    :func:`pyralis.sim.golden.snn.array.totals` and ``slots``, bit exact.

    Source ------ FireFly v2 (Li et al., TCAD 2024) for the output-stationary order; accumulators are wide
    here instead of 12-bit saturating, and leave through a copy so that no pass waits for another.
    """

    def __init__(self, config: SnnConfig, *, issue_latency: int = 1) -> None:
        if issue_latency < 0:
            raise ValueError(f"issue_latency must be at least 0, not {issue_latency}")
        self.config = config
        self.issue_latency = issue_latency
        super().__init__({
            "steps": In(StepSignature(config)),
            "weights": In(data.ArrayLayout(config.stage_bits, config.stages)),
            "room": Out(1),
            "issued_last": In(1),
            "currents": Out(stream.Signature(SlotLayout(config))),
            "active": Out(1),
        })

    @property
    def latency(self) -> int:
        """Cycles from a last step to its first slot: cascade, accumulator, copy, slot, FIFO, output."""
        return self.config.stages + 6

    @property
    def depth(self) -> int:
        """Slots of the FIFO: a pass and all that may be issued until the place of its first is free again."""
        need = self.issue_latency + self.latency + 1 + self.config.slots
        return 1 << (need - 1).bit_length()

    def elaborate(self, platform) -> Module:
        m = Module()
        sums = self._cascades(m)
        load, totals = self._accumulators(m, sums)
        put, slot = self._copy(m, load, totals)
        self._queue(m, put, slot)
        self._credit(m)
        return m

    def _stage_layout(self) -> data.ArrayLayout:
        """Bytes of one stage: input, four channels, channel."""
        four = data.ArrayLayout(signed(WEIGHT_BITS), CHANNELS)
        return data.ArrayLayout(data.ArrayLayout(four, self.config.out_lanes // CHANNELS), 2)

    def _cascades(self, m: Module) -> dict[tuple[int, int, int], Signal]:
        """Adds the cells; returns each (pixel, step, channel)'s sum, ``stages + 1`` cycles after the step."""
        c = self.config
        kind = CELLS[c.cell]
        lanes = [(n, s) for n in range(c.pixel_lanes) for s in range(c.step_lanes)]
        # Stage k works k cycles after stage 0: its spikes wait, the weight store reads its weights later.
        waiting = {(n, s): self.steps.spikes[n][s] for n, s in lanes}
        gates: dict[tuple[int, int], list] = {lane: [] for lane in lanes}
        for k in range(c.stages):
            for n, s in lanes:
                now = waiting[n, s]
                gates[n, s].append(kind.spikes(m, f"{n}_{s}_{k}", [now[0], now[1]]))
                if k + 1 < c.stages:
                    waiting[n, s] = Signal(len(now) - 2, name=f"spikes_{n}_{s}_{k + 1}", reset_less=True)
                    m.d.sync += waiting[n, s].eq(now[2:])
        sums = {}
        for quad in range(c.out_lanes // CHANNELS):
            weights = []
            for k in range(c.stages):
                stage = data.View(self._stage_layout(), self.weights[k])
                word = [[stage[i][quad][lane] for lane in range(CHANNELS)] for i in range(2)]
                weights.append(kind.weights(m, f"{quad}_{k}", word))
            for n, s in lanes:
                totals = cascade(m, c.cell, f"{n}_{s}_{quad}", weights, gates[n, s])
                for lane, total in enumerate(totals):
                    sums[n, s, quad * CHANNELS + lane] = total
        return sums

    def _accumulators(self, m: Module, sums) -> tuple[Signal, dict[tuple[int, int, int], Signal]]:
        """Adds the sums of a pass; returns (all totals are complete in this cycle, totals)."""
        c = self.config
        # Valid, first and last travel beside the cascades; bit d is d + 1 cycles behind the step.
        valid, first, last = (Signal(c.stages + 1, name=name) for name in ("valid", "first", "last"))
        for pipe, bit in ((valid, self.steps.valid), (first, self.steps.first), (last, self.steps.last)):
            m.d.sync += pipe.eq(Cat(bit, pipe))
        m.d.comb += self.active.eq(valid[0])
        totals = {}
        for (n, s, channel), total in sums.items():
            kept = Signal(signed(c.current_bits), name=f"total_{n}_{s}_{channel}", reset_less=True)
            totals[n, s, channel] = kept
            with m.If(valid[-1]):
                m.d.sync += kept.eq(Mux(first[-1], 0, kept) + total)
        complete = Signal()
        m.d.sync += complete.eq(valid[-1] & last[-1])
        return complete, totals

    def _copy(self, m: Module, load: Signal, totals) -> tuple[Signal, Signal]:
        """Copies the totals when *load*, then presents one slot a cycle; returns (slot is valid, slot)."""
        c = self.config
        copies = {}
        for key, total in totals.items():
            copies[key] = Signal.like(total, name="copy_" + "_".join(map(str, key)))
            with m.If(load):
                m.d.sync += copies[key].eq(total)
        index = Signal(range(max(c.slots, 2)))
        busy = Signal()
        put = Signal()
        slot = Signal(SlotLayout(c), reset_less=True)
        with m.If(load):
            m.d.sync += [index.eq(0), busy.eq(1)]
        with m.Elif(busy):
            m.d.sync += [index.eq(index + 1), busy.eq(index != c.slots - 1)]
        m.d.sync += put.eq(busy)
        for p in range(c.neuron_lanes):
            for s in range(c.step_lanes):
                lane = [(i // c.blocks, s, i % c.blocks * c.neuron_lanes + p) for i in range(c.slots)]
                choices = [copies[key] for key in lane]
                m.d.sync += slot[p][s].eq(Array(choices)[index])
        return put, slot

    def _queue(self, m: Module, put: Signal, slot) -> None:
        """FIFO in distributed memory with an output register. It cannot overflow: see :meth:`_credit`."""
        m.submodules.queue = queue = Memory(shape=SlotLayout(self.config), depth=self.depth, init=[])
        write, read = queue.write_port(), queue.read_port(domain="comb")
        head, tail = (Signal(range(2 * self.depth), name=name) for name in ("head", "tail"))
        m.d.comb += [write.addr.eq(tail), write.data.eq(slot), write.en.eq(put), read.addr.eq(head)]
        payload = held(m, self.currents.payload)
        m.d.sync += tail.eq(tail + put)
        with m.If(self.currents.ready | ~self.currents.valid):
            m.d.sync += self.currents.valid.eq(head != tail)
            with m.If(head != tail):
                m.d.sync += [payload.eq(read.data), head.eq(head + 1)]

    def _credit(self, m: Module) -> None:
        """Counts places of the FIFO that no issued pass has claimed, and cycles between lasts."""
        slots = self.config.slots
        # Free places less one pass: not negative while another pass fits.
        most = self.depth - slots
        spare = Signal(signed(max(most, slots).bit_length() + 1), init=most)
        taken = self.currents.valid & self.currents.ready
        m.d.sync += spare.eq(spare - Mux(self.issued_last, slots, 0) + taken)
        apart = Signal(range(max(slots, 2)))
        with m.If(self.issued_last):
            m.d.sync += apart.eq(slots - 1)
        with m.Elif(apart != 0):
            m.d.sync += apart.eq(apart - 1)
        m.d.comb += self.room.eq((spare >= 0) & (apart == 0))
