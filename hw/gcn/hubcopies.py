"""Copies of the hubs: the first rows of matrices, which every core reads without the banks."""

from collections.abc import Sequence

from amaranth import Cat, Const, Module, Signal
from amaranth.lib import data
from amaranth.lib.memory import Memory

from pyralis.hw.common.stream import Queue
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.matching import hub_address_bits

__all__ = ["hub_queues", "hub_words"]


def hub_queues(
    m: Module, config: GcnConfig, writes: Sequence, words: list[Signal], settled: Signal
) -> Signal | None:
    """Queues of hub rows: a word of one column goes to the copies of all cores in a cycle.

    Parameters
    ----------
    m : Module
    config : GcnConfig
    writes : stream of StoreWriteLayout, for each column
        Its ``ready`` is driven here.
    words : list of Signal
        What each column writes, narrow rows repeated.
    settled : Signal
        Driven: no copy waits to be written.

    Returns
    -------
    Signal or None
        ``valid``, and ``address`` and ``data`` of the ``word`` that is written; None without hubs.
    """
    c = config
    if not c.hubs:
        m.d.comb += [settled.eq(1), *(port.ready.eq(1) for port in writes)]
        return None
    layout = data.StructLayout({"address": hub_address_bits(c), "data": c.row_bits})
    hub_write = Signal(data.StructLayout({"valid": 1, "word": layout}))
    m.d.sync += hub_write.valid.eq(0)
    free = Const(1)  # no queue before this one has a word
    waiting = []
    for column in range(c.columns):
        port = writes[column]
        queue = Queue(layout, max(4, c.hubs // c.columns))
        m.submodules[f"hub_queue_{column}"] = queue
        m.d.comb += [
            port.ready.eq(queue.input.ready),
            queue.input.valid.eq(port.valid & port.p.hub),
            queue.input.p.address.eq(port.p.hub_address),
            queue.input.p.data.eq(words[column]),
            queue.output.ready.eq(free),
        ]
        with m.If(queue.output.valid & free):
            m.d.sync += [hub_write.valid.eq(1), hub_write.word.eq(queue.output.p)]
        free = free & ~queue.output.valid
        waiting.append(_queued(m, queue, column))
    m.d.comb += settled.eq(~Cat(waiting, hub_write.valid).any())
    return hub_write


def _queued(m: Module, queue: Queue, column: int) -> Signal:
    """High while a word is in *queue*."""
    count = Signal(range(queue.depth + 3), name=f"hub_queued_{column}")
    m.d.sync += count.eq(
        count + (queue.input.valid & queue.input.ready) - (queue.output.valid & queue.output.ready)
    )
    return count != 0


def hub_words(
    m: Module, config: GcnConfig, part: int, won: list[Signal], hub_write: Signal | None
) -> list[Signal]:
    """Copies of the hubs, one memory for each core; read in step with the banks.

    Memories with one port that reads are what look-up tables are used as, whoever maps them. (Yosys tries all
    ways to share out the ports of one memory: 12 readers take more than 6 GB.)
    """
    c = config
    if hub_write is None:
        return []
    bits = c.row_bits // c.splits
    words = []
    for core in range(len(won)):
        memory = Memory(shape=bits, depth=max(2, c.hubs), init=[])
        m.submodules[f"hubs_{part}_{core}"] = memory
        write = memory.write_port()
        read = memory.read_port()
        word = Signal(bits, name=f"hub_data_{part}_{core}", reset_less=True)
        m.d.comb += [
            write.addr.eq(hub_write.word.address),
            write.data.eq(hub_write.word.data[part * bits :][:bits]),
            write.en.eq(hub_write.valid),
            read.addr.eq(won[core].word),
        ]
        m.d.sync += word.eq(read.data)
        words.append(word)
    return words
