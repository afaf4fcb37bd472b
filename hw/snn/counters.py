"""Cycle and event counters, for the whole job and for each layer."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from pyralis.hw.common.sums import DescriptorSums

__all__ = ["LAYERS", "TOTALS", "Counters", "LayerSums"]

LAYERS = 64
"""Descriptors 0..63 have counters of their own; those of later ones are filed under the index modulo 64."""

TOTALS = ("cycles", "active", "weight_stalls", "weight_beats", "read_beats", "write_beats")
"""Job totals, 48 bits: busy cycles; cycles with a step in the array; cycles in which a step waited for its
weights; bus beats of weights, of program and input, of results."""


class LayerSums(DescriptorSums):
    """:class:`~pyralis.hw.common.sums.DescriptorSums` of the layers, which are three cycles apart or more."""

    def __init__(self) -> None:
        super().__init__(LAYERS)


class Counters(wiring.Component):
    """What the driver reads to see where the time went.

    Ports
    -----
    clear : In(1)
        At the start of a job.
    events : In({name: 1 for name in TOTALS})
    layer_index : In, layer_end : In(1)
        Layer that is being issued, and that its last step is. Its cycles count from the end of the one
        before, so they include waiting for input and weights.
    leaving_index : In, layer_done : In(1), spikes : In(16)
        Layer that is leaving the output path, and its spikes in this cycle.
    totals : Out({name: 48})
    select : In, layer_cycles, layer_active, layer_stalls, layer_spikes : Out(40)

    Timing
    ------
    An event shows in its total 2 cycles later. All inputs but ``select`` go through registers first: they
    come from the ends of other units' paths.
    """

    def __init__(self) -> None:
        index = ceil_log2(LAYERS)
        super().__init__({
            "clear": In(1),
            **{name: In(1) for name in TOTALS},
            "layer_index": In(index),
            "layer_end": In(1),
            "leaving_index": In(index),
            "layer_done": In(1),
            "spikes": In(16),
            **{f"total_{name}": Out(48) for name in TOTALS},
            "select": In(index),
            "layer_cycles": Out(40),
            "layer_active": Out(40),
            "layer_stalls": Out(40),
            "layer_spikes": Out(40),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        held = {}
        for name in ("clear", *TOTALS, "layer_index", "layer_end", "leaving_index", "layer_done", "spikes"):
            held[name] = Signal.like(getattr(self, name), name=f"{name}_held")
            m.d.sync += held[name].eq(getattr(self, name))
        for name in TOTALS:
            total = getattr(self, f"total_{name}")
            m.d.sync += total.eq(Mux(held["clear"], 0, total + held[name]))
        sources = {
            "cycles": ("cycles", "layer_end", "layer_index"),
            "active": ("active", "layer_end", "layer_index"),
            "stalls": ("weight_stalls", "layer_end", "layer_index"),
            "spikes": ("spikes", "layer_done", "leaving_index"),
        }
        for name, inputs in sources.items():
            event, end, index = (held[member] for member in inputs)
            m.submodules[name] = sums = LayerSums()
            count = Signal(32, name=f"{name}_now")
            amount = Signal(32, name=f"{name}_amount")
            m.d.comb += [
                amount.eq(count + event),
                sums.clear.eq(held["clear"]),
                sums.add.eq(end),
                sums.index.eq(index),
                sums.amount.eq(amount),
                sums.select.eq(self.select),
                getattr(self, f"layer_{name}").eq(sums.value),
            ]
            m.d.sync += count.eq(Mux(held["clear"] | end, 0, amount))
        return m
