"""Sums of a SIMD core: those of each context, and the parts of narrow rows added to each other."""

from collections.abc import Sequence
from functools import reduce

from amaranth import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data
from amaranth.lib.memory import Memory

from pyralis.hw.gcn.config import GcnConfig

__all__ = ["accumulate", "by_splits", "identity", "joined"]


def identity(maximum, bits: int):
    """What adds nothing: 0, or for the maximum the smallest number of *bits* bits, which no row can reach."""
    return Mux(maximum, Const(-1 << bits - 1, signed(bits)), Const(0, signed(bits)))


def joined(maximum, first, second):
    """Sum or maximum of two signed numbers."""
    return Mux(maximum, Mux(first > second, first, second), first + second)


def accumulate(
    m: Module, config: GcnConfig, settings: data.View, replies: Sequence, head: Signal, out: Signal
) -> tuple[list, list]:
    """Adds replies to the sums of their context, and begins again at *head* when its result leaves.

    Parameters
    ----------
    m : Module
    config : GcnConfig
    settings : AGGREGATION_SETTINGS
    replies : {valid, payload of ReplyLayout}, for each part
    head, out : Signal
        The oldest context; high in the cycle in which its result leaves.

    Returns
    -------
    answered : list of (Value, Value)
        For each part whether a request is answered, and of which context.
    sums : list of list of Signal
        Those at *head*, for each part and lane.
    """
    c = config
    bits, lanes = c.accumulator_bits, c.lanes // c.splits
    maximum = settings.maximum
    answered, sums = [], []
    for part in range(c.splits):
        reply = replies[part]
        valid, context, none = reply.valid, reply.payload.context, reply.payload.none
        elements = []
        for lane in range(lanes):
            byte = reply.payload.data[8 * lane :][:8]
            element = Signal(signed(9), name=f"element_{part}_{lane}")
            m.d.comb += element.eq(Cat(byte, byte[7] & settings.is_signed).as_signed())
            elements.append(element)
        if c.edge_weights:
            valid, context, none, elements = _weighed(m, c, reply, part, elements)
        memory = Memory(shape=lanes * bits, depth=c.contexts, init=[])
        m.submodules[f"sums_{part}"] = memory
        old, new = memory.read_port(domain="comb"), memory.write_port()
        at_head = memory.read_port(domain="comb")
        fresh = Signal(c.contexts, init=(1 << c.contexts) - 1, name=f"fresh_{part}")
        m.d.comb += [
            old.addr.eq(context),
            new.addr.eq(context),
            new.en.eq(valid),
            at_head.addr.eq(head),
        ]
        # Where a context begins again no reply can be on its way to it.
        for k in range(c.contexts):
            with m.If(valid & (context == k)):
                m.d.sync += fresh[k].eq(0)
            with m.Elif(out & (head == k)):
                m.d.sync += fresh[k].eq(1)
        lane_sums = []
        neutral = Signal(signed(bits), name=f"neutral_{part}")
        m.d.comb += neutral.eq(identity(maximum, bits))
        for lane in range(lanes):
            before = Signal(signed(bits), name=f"before_{part}_{lane}")
            operand = Signal(signed(bits), name=f"operand_{part}_{lane}")
            result = Signal(signed(bits), name=f"sum_{part}_{lane}")
            m.d.comb += [
                before.eq(
                    Mux(fresh.bit_select(context, 1), neutral, old.data[bits * lane :][:bits].as_signed())
                ),
                operand.eq(Mux(none, neutral, elements[lane])),
                new.data[bits * lane :][:bits].eq(joined(maximum, before, operand)),
                result.eq(
                    Mux(fresh.bit_select(head, 1), neutral, at_head.data[bits * lane :][:bits].as_signed())
                ),
            ]
            lane_sums.append(result)
        # Of parts that go together the first one counts.
        leads = reduce(
            lambda a, b: a | b,
            (settings.splits == s for s in range(c.splits.bit_length()) if part % (c.splits >> s) == 0),
        )
        answered.append((valid & leads, context))
        sums.append(lane_sums)
    return answered, sums


def _weighed(m: Module, config: GcnConfig, reply, part: int, elements: list) -> tuple:
    """Multiplies a reply by the weight of its entry: one more register."""
    valid = Signal(name=f"weighed_valid_{part}")
    tag = Signal(data.StructLayout({"context": range(config.contexts), "none": 1}))
    weight = Signal(signed(8), name=f"weight_{part}")
    m.d.comb += weight.eq(reply.payload["value"])
    m.d.sync += [
        valid.eq(reply.valid),
        tag.context.eq(reply.payload.context),
        tag.none.eq(reply.payload.none),
    ]
    products = []
    for lane, element in enumerate(elements):
        product = Signal(signed(17), name=f"product_{part}_{lane}", reset_less=True)
        m.d.sync += product.eq(element * weight)
        products.append(product)
    return valid, tag.context, tag.none, products


def by_splits(m: Module, config: GcnConfig, settings: data.View, sums: list) -> list[list]:
    """*sums* of :func:`accumulate` by ``splits``: all parts side by side, then halves added to each other."""
    c = config
    layouts = [[lane for part in sums for lane in part]]
    for splits in range(1, c.splits.bit_length()):
        wide = layouts[-1]
        half = len(wide) // 2
        lanes = []
        for k in range(half):
            both = Signal(signed(c.accumulator_bits), name=f"both_{splits}_{k}")
            m.d.comb += both.eq(joined(settings.maximum, wide[k], wide[half + k]))
            lanes.append(both)
        layouts.append(lanes)
    return layouts
