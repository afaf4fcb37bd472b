"""The epilogue of both engines: scales, bias, activation, rounding shift and clamp of rows of sums."""

from amaranth import Array, Cat, Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from pyralis.hw.common.memory import RACELESS
from pyralis.hw.gcn.bias import (
    BIAS_SHIFT_BITS,
    BIAS_SLICES,
    SHIFT_BITS,
    BiasLoad,
    BiasLoader,
    BiasWrite,
    Engine,
)
from pyralis.hw.gcn.clamp import CLAMP_LATENCY, TOTAL_BITS, OutputType, clamped
from pyralis.hw.gcn.lines import SLICE_BITS
from pyralis.hw.gcn.rowqueue import FinishedRow, RowQueue

__all__ = [
    "BIAS_SLICES",
    "EPILOGUE_SETTINGS",
    "LATENCY",
    "TOTAL_BITS",
    "BiasLoad",
    "BiasLoader",
    "BiasWrite",
    "Engine",
    "Epilogue",
    "FinishedRow",
    "OutputType",
    "SummedRow",
]

LATENCY = 4 + CLAMP_LATENCY + 2
"""Cycles from a row's transfer at the input to ``output.valid``."""

_DEPTH = 16  # of the output: what is in the pipeline, and what comes until a place is known to be free


EPILOGUE_SETTINGS = data.StructLayout({
    "relu": 1,
    "output": OutputType,
    "shift": SHIFT_BITS,
    "bias_shift": BIAS_SHIFT_BITS,
    "extra_scale": signed(16),
    "extra_signed": 1,
    "narrow": 1,
})
"""What holds for a whole phase. ``shift`` 0..47; ``extra_signed``: the extra rows are int8, not uint8;
``narrow``: rows have no more elements than an epilogue finishes in a cycle. The shift of the bias, and half
of the last digit, are in the biases that are loaded (:class:`BiasLoad`)."""


class SummedRow(data.StructLayout):
    """A slice of a row as an engine sums it: ``sums[j]``, the row's scale, and with *extra* its extra row."""

    def __init__(self, lanes: int, sum_bits: int, tag_bits: int, *, extra: bool) -> None:
        members = {
            "tag": tag_bits,
            "slice": SLICE_BITS,
            "scale": 16,
            "sums": data.ArrayLayout(signed(sum_bits), lanes),
        }
        super().__init__(members | ({"extra": data.ArrayLayout(8, lanes)} if extra else {}))


class Epilogue(wiring.Component):
    """``y = clamp((relu?(acc * scale + extra * extra_scale + (bias << bias_shift)) + half) >> shift)``.

    ``half`` is ``1 << (shift - 1)``, 0 without shift: rounds to nearest, halves up.

    Parameters
    ----------
    lanes : int
        Elements of a slice, a power of two.
    sum_bits : int
        Width of a sum, in bits.
    tag_bits : int
        Bits that go with a row, unchanged.
    work : int, optional
        Elements that are finished in a cycle: *lanes*, or that over a power of two.
    extra : bool
        Whether there is a multiplier for an extra row in each lane.

    Ports
    -----
    input : In(stream of SummedRow)
        Its slice and ``bias_base`` together are below ``BIAS_SLICES``. Taken with its last part; until then
        it stays, as that of every stream.
    output : Out(stream of FinishedRow)
        In the order of the input. Of narrow rows, elements from *work* on are 0.
    settings : In(EPILOGUE_SETTINGS), bias_base : In(range(BIAS_SLICES))
        Constant while rows of a phase are inside. ``bias_base``: slice of the bias of slice 0.
    bias : In(BiasWrite)
        From a :class:`BiasLoader`; not of a slice that rows inside still need.
    clear : In(1)
        Clears ``saturated``.
    busy : Out(1)
        A row is inside.
    saturated : Out(1)
        Sticky: a clamp has changed a value. Negative sums that relu sets to 0 do not count.

    Timing
    ------
    ``lanes / work`` cycles a row, a narrow one one cycle; latency ``LATENCY``. ``input.ready`` depends on
    registers alone. The pipeline has no enables: a place in the output queue is reserved for each row that
    enters.

    Numerics
    --------
    Exact while the sum, half of the last digit included, fits ``TOTAL_BITS``; the compiler proves that.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.epilogue.epilogue`, bit exact.
    """

    def __init__(
        self,
        lanes: int,
        sum_bits: int,
        tag_bits: int,
        work: int | None = None,
        *,
        extra: bool = True,
        output_depth: int = _DEPTH,
    ) -> None:
        self.lanes, self.sum_bits, self.tag_bits, self.extra = lanes, sum_bits, tag_bits, extra
        self.work = work or lanes
        self.parts, self.output_depth = lanes // self.work, output_depth
        super().__init__({
            "input": In(stream.Signature(SummedRow(lanes, sum_bits, tag_bits, extra=extra))),
            "output": Out(stream.Signature(FinishedRow(lanes, tag_bits))),
            "settings": In(EPILOGUE_SETTINGS),
            "bias_base": In(range(BIAS_SLICES)),
            "bias": In(BiasWrite(lanes)),
            "clear": In(1),
            "saturated": Out(1),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.queue = queue = RowQueue(self.lanes, self.work, self.tag_bits, self.output_depth)
        wiring.connect(m, wiring.flipped(self.output), queue.output)
        self._part, enters = self._parts(m, queue)
        valid, row = Signal(LATENCY - 2), self.input.p
        m.d.sync += valid.eq(Cat(enters, valid))
        m.d.comb += [
            self.busy.eq(queue.spare != queue.depth),
            queue.narrow.eq(self.settings.narrow),
            queue.put.eq(valid[-1]),
            queue.part.eq(_delayed(m, self._part, LATENCY - 2, "part")),
            queue.tag.eq(_delayed(m, row.tag, LATENCY - 2, "tag")),
            queue.slice.eq(_delayed(m, row.slice, LATENCY - 2, "slice")),
        ]
        biases, scale = self._biases(m), _delayed(m, row.scale, 2, "scale")
        changed = Signal(self.work)
        for j in range(self.work):
            value, changes = clamped(m, j, self._total(m, j, scale, biases[j]), self.settings)
            m.d.comb += [queue.values[j].eq(value), changed[j].eq(changes)]
        with m.If(self.clear):
            m.d.sync += self.saturated.eq(0)
        with m.If(valid[-1] & changed.any()):
            m.d.sync += self.saturated.eq(1)
        return m

    def _parts(self, m: Module, queue: RowQueue) -> tuple[Signal, Signal]:
        """Which part of the input enters, and whether one does; a place is needed for the first one only."""
        part, enters = Signal(max(1, ceil_log2(self.parts))), Signal()
        first, last = Signal(), Signal()
        m.d.comb += [
            first.eq(part == 0),
            last.eq(self.settings.narrow | (part == self.parts - 1)),
            self.input.ready.eq(last & ((queue.spare != 0) | ~first)),
            enters.eq(self.input.valid & ((queue.spare != 0) | ~first)),
            queue.reserve.eq(enters & first),
        ]
        if self.parts > 1:
            with m.If(enters):
                m.d.sync += part.eq(part + 1)
                with m.If(last):
                    m.d.sync += part.eq(0)
        return part, enters

    def _chosen(self, values: data.View, j: int):
        """Element *j* of the part that enters."""
        return Array([values[n * self.work + j] for n in range(self.parts)])[self._part]

    def _biases(self, m: Module) -> list[Signal]:
        """Stage 2, or 3 without an extra row: the biases of the part."""
        whole = data.ArrayLayout(signed(TOTAL_BITS), self.work)
        # Biases that a phase reads are not written while it is at work.
        memory = Memory(shape=whole, depth=BIAS_SLICES * self.parts, init=[], attrs=RACELESS)
        m.submodules.biases = memory
        write, read = memory.write_port(granularity=1), memory.read_port(domain="comb")
        index, written = Signal(range(BIAS_SLICES)), Signal(range(BIAS_SLICES))
        lane_bits = ceil_log2(self.work)
        m.d.comb += [
            index.eq(self.input.p.slice + self.bias_base),
            written.eq(self.bias.slice),
            write.addr.eq(Cat(self.bias.lane[lane_bits:], written)),
        ]
        place = Signal.like(read.addr, name="bias_place")
        m.d.comb += [
            place.eq(Cat(self._part, index) if self.parts > 1 else index),
            read.addr.eq(_delayed(m, place, 1 if self.extra else 2, "bias_place")),
        ]
        biases = []
        for j in range(self.work):
            bias = Signal(signed(TOTAL_BITS), name=f"bias_{j}", reset_less=True)
            m.d.comb += [
                write.data[j].eq(self.bias.value),
                write.en[j].eq(self.bias.valid & (self.bias.lane[:lane_bits] == j)),
            ]
            m.d.sync += bias.eq(read.data[j])
            biases.append(bias)
        return biases

    def _total(self, m: Module, j: int, scale: Signal, bias: Signal) -> Signal:
        """Stages 1 to 4: both products, each added to what came before, as two DSP blocks do."""
        sum_, addend = Signal(signed(self.sum_bits), name=f"sum_{j}"), bias
        m.d.comb += sum_.eq(self._chosen(self.input.p.sums, j))
        if self.extra:
            byte = Signal(8, name=f"byte_{j}")
            extra = Signal(signed(9), name=f"extra_{j}", reset_less=True)
            other = Signal(signed(25), name=f"extra_product_{j}", reset_less=True)
            addend = Signal(signed(TOTAL_BITS), name=f"addend_{j}", reset_less=True)
            m.d.comb += byte.eq(self._chosen(self.input.p.extra, j))
            m.d.sync += [
                extra.eq(Cat(byte, byte[-1] & self.settings.extra_signed).as_signed()),
                other.eq(extra * self.settings.extra_scale),
                addend.eq(other + bias),
            ]
        product = Signal(signed(self.sum_bits + 17), name=f"product_{j}", reset_less=True)
        total = Signal(signed(TOTAL_BITS), name=f"total_{j}", reset_less=True)
        factor = Signal(signed(17), name=f"factor_{j}")
        m.d.comb += factor.eq(Cat(scale, 0).as_signed())
        m.d.sync += [product.eq(_delayed(m, sum_, 2, f"acc_{j}") * factor), total.eq(product + addend)]
        return total


def _delayed(m: Module, value, cycles: int, name: str) -> Signal:
    """*value*, *cycles* later."""
    for n in range(cycles):
        later = Signal(value.shape(), name=f"{name}_{n}", reset_less=True)
        m.d.sync += later.eq(value)
        value = later
    return value
