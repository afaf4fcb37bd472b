"""The epilogue of both engines: scales, bias, activation, rounding shift and clamp of one row a cycle."""

from amaranth import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.fixed import saturate
from pyralis.hw.gcn.lines import SLICE_BITS
from pyralis.hw.gcn.reserve import ReservedQueue

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

TOTAL_BITS = 48
"""Width of a sum before the shift: that of the adder of a DSP48E2."""

BIAS_SLICES = 32
"""Slices of ``lanes`` elements that the bias of a phase can have."""

LATENCY = 11
"""Cycles from a row's transfer at the input to ``output.valid``."""

_DEPTH = 16  # of the output: what is in the pipeline, and what comes until a place is known to be free


class Engine(enum.Enum, shape=1):
    """Whose epilogues biases and scales are for."""

    AGGREGATION = 0
    COMBINATION = 1


class OutputType(enum.Enum, shape=2):
    """Type of the elements that leave."""

    INT8 = 0
    UINT8 = 1
    INT16 = 2
    INT32 = 3


EPILOGUE_SETTINGS = data.StructLayout({
    "relu": 1,
    "output": OutputType,
    "shift": 6,
    "bias_shift": 4,
    "extra_scale": signed(16),
    "extra_signed": 1,
})
"""What holds for a whole phase. ``shift`` 0..47; ``extra_signed``: the extra rows are int8, not uint8. The
shift of the bias, and half of the last digit, are in the biases that are loaded (:class:`BiasLoad`)."""


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


class FinishedRow(data.StructLayout):
    """A slice of a row of results: two's complement, or of uint8 zero-extended, to 32 bits."""

    def __init__(self, lanes: int, tag_bits: int) -> None:
        super().__init__({
            "tag": tag_bits,
            "slice": SLICE_BITS,
            "values": data.ArrayLayout(signed(32), lanes),
        })


class BiasLoad(data.StructLayout):
    """One element of the bias of an engine, with the shifts of the phase that it is for."""

    def __init__(self, lanes: int) -> None:
        super().__init__({
            "engine": Engine,
            "slice": SLICE_BITS,
            "lane": range(lanes),
            "value": signed(32),
            "shift": EPILOGUE_SETTINGS.members["shift"],
            "bias_shift": EPILOGUE_SETTINGS.members["bias_shift"],
        })


class BiasWrite(data.StructLayout):
    """One element of the bias as an epilogue keeps it."""

    def __init__(self, lanes: int) -> None:
        super().__init__({
            "valid": 1,
            "slice": SLICE_BITS,
            "lane": range(lanes),
            "value": signed(TOTAL_BITS),
        })


class BiasLoader(wiring.Component):
    """Makes ``(bias << bias_shift) + half`` of each bias, once for all epilogues of an engine.

    Half of the last digit is added here, not behind the sum: a negative sum less than half away from zero
    rounds to zero either way, so the order of activation and rounding makes no difference. An epilogue needs
    it even where there is no bias: then the biases are zeros.

    Parameters
    ----------
    lanes : int
        Elements of a slice.
    engine : Engine
        Biases of the other one are ignored.

    Ports
    -----
    bias : In(stream of BiasLoad)
        Always taken.
    write : Out(BiasWrite)
        Two cycles later.
    """

    def __init__(self, lanes: int, engine: Engine) -> None:
        self.lanes, self.engine = lanes, engine
        super().__init__({
            "bias": In(stream.Signature(BiasLoad(lanes))),
            "write": Out(BiasWrite(lanes)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        shifted = Signal(signed(TOTAL_BITS), reset_less=True)
        half = Signal(TOTAL_BITS, reset_less=True)
        place = Signal(BiasWrite(self.lanes))
        m.d.comb += self.bias.ready.eq(1)
        m.d.sync += [
            shifted.eq(self.bias.p.value << self.bias.p.bias_shift),
            half.eq((1 << self.bias.p.shift)[1:]),
            place.valid.eq(self.bias.valid & (self.bias.p.engine == self.engine)),
            place.slice.eq(self.bias.p.slice),
            place.lane.eq(self.bias.p.lane),
            self.write.eq(place),
            self.write.value.eq(shifted + half),
        ]
        return m


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
    extra : bool
        Whether there is a multiplier for an extra row in each lane.

    Ports
    -----
    input : In(stream of SummedRow)
        Its slice and ``bias_base`` together are below ``BIAS_SLICES``.
    output : Out(stream of FinishedRow)
        In the order of the input.
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
    A row a cycle; latency ``LATENCY``. ``input.ready`` depends on registers alone. The pipeline has no
    enables: a place in the output queue is reserved for each row that enters.

    Numerics
    --------
    Exact while the sum, half of the last digit included, fits ``TOTAL_BITS``; the compiler proves that.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.epilogue.epilogue`, bit exact.
    """

    def __init__(
        self, lanes: int, sum_bits: int, tag_bits: int, *, extra: bool = True, output_depth: int = _DEPTH
    ) -> None:
        self.lanes, self.sum_bits, self.tag_bits, self.extra = lanes, sum_bits, tag_bits, extra
        self.output_depth = output_depth
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
        m.submodules.queue = queue = ReservedQueue(FinishedRow(self.lanes, self.tag_bits), self.output_depth)
        taken, valid, place = Signal(), Signal(LATENCY - 2), Signal(self.tag_bits + len(queue.word.slice))
        m.d.comb += [
            self.input.ready.eq(queue.spare != 0),
            taken.eq(self.input.valid & self.input.ready),
            queue.reserve.eq(taken),
            self.busy.eq(queue.spare != queue.depth),
            place.eq(Cat(self.input.p.tag, self.input.p.slice)),
            queue.put.eq(valid[-1]),
        ]
        m.d.sync += valid.eq(Cat(taken, valid))
        place = _delayed(m, place, LATENCY - 2, "place")
        m.d.comb += Cat(queue.word.tag, queue.word.slice).eq(place)
        wiring.connect(m, wiring.flipped(self.output), queue.output)

        biases = self._biases(m)
        scale = _delayed(m, self.input.p.scale, 2, "scale")
        changed = Signal(self.lanes)
        for j in range(self.lanes):
            total = self._total(m, j, scale, biases[j])
            shifted = self._shifted(m, j, total)
            value, clamped = self._clamped(m, j, shifted)
            m.d.comb += [queue.word.values[j].eq(value), changed[j].eq(clamped)]
        with m.If(self.clear):
            m.d.sync += self.saturated.eq(0)
        with m.If(valid[-1] & changed.any()):
            m.d.sync += self.saturated.eq(1)
        return m

    def _biases(self, m: Module) -> list[Signal]:
        """Stage 1: the bias of the row's slice."""
        whole = data.ArrayLayout(signed(TOTAL_BITS), self.lanes)
        m.submodules.biases = memory = Memory(shape=whole, depth=BIAS_SLICES, init=[])
        write, read = memory.write_port(granularity=1), memory.read_port(domain="comb")
        m.d.comb += [write.addr.eq(self.bias.slice), read.addr.eq(self.input.p.slice + self.bias_base)]
        biases = []
        for j in range(self.lanes):
            bias = Signal(signed(TOTAL_BITS), name=f"bias_{j}", reset_less=True)
            m.d.comb += [
                write.data[j].eq(self.bias.value),
                write.en[j].eq(self.bias.valid & (self.bias.lane == j)),
            ]
            m.d.sync += bias.eq(read.data[j])
            biases.append(bias)
        return biases

    def _total(self, m: Module, j: int, scale: Signal, bias: Signal) -> Signal:
        """Stages 2 to 5: both products, each added to what came before, as two DSP blocks do."""
        acc = _delayed(m, self.input.p.sums[j], 2, f"acc_{j}")
        if self.extra:
            extra = Signal(signed(9), name=f"extra_{j}", reset_less=True)
            byte = self.input.p.extra[j]
            other = Signal(signed(25), name=f"extra_product_{j}", reset_less=True)
            m.d.sync += [
                extra.eq(Cat(byte, byte[-1] & self.settings.extra_signed).as_signed()),
                other.eq(extra * self.settings.extra_scale),
            ]
            addend = Signal(signed(TOTAL_BITS), name=f"addend_{j}", reset_less=True)
            m.d.sync += addend.eq(other + _delayed(m, bias, 1, f"bias_later_{j}"))
        else:
            addend = _delayed(m, bias, 2, f"addend_{j}")
        product = Signal(signed(self.sum_bits + 17), name=f"product_{j}", reset_less=True)
        total = Signal(signed(TOTAL_BITS), name=f"total_{j}", reset_less=True)
        factor = Signal(signed(17), name=f"factor_{j}")
        m.d.comb += factor.eq(Cat(scale, 0).as_signed())
        m.d.sync += product.eq(acc * factor)
        later = _delayed(m, product, 1, f"product_later_{j}")
        m.d.sync += total.eq(later + _delayed(m, addend, 1, f"addend_later_{j}"))
        return total

    def _shifted(self, m: Module, j: int, total: Signal) -> Signal:
        """Stages 6 and 7: bytes, then bits."""
        coarse = Signal(signed(TOTAL_BITS), name=f"coarse_{j}", reset_less=True)
        fine = Signal(signed(TOTAL_BITS), name=f"fine_{j}", reset_less=True)
        by_bytes = Array([total >> 8 * n for n in range(6)])
        m.d.sync += [
            coarse.eq(by_bytes[self.settings.shift[3:]]),
            fine.eq(coarse >> self.settings.shift[:3]),
        ]
        return fine

    def _clamped(self, m: Module, j: int, value: Signal) -> tuple[Signal, Signal]:
        """Stages 8 and 9: which types the value does not fit; then the value, or the nearest that fits."""
        beyond = Signal(4, name=f"beyond_{j}", reset_less=True)
        low = Signal(32, name=f"low_{j}", reset_less=True)
        sign = Signal(name=f"sign_{j}", reset_less=True)
        m.d.sync += [
            beyond[OutputType.INT8.value].eq(saturate(value, 8)[1]),
            beyond[OutputType.UINT8.value].eq(value[8:].any()),
            beyond[OutputType.INT16.value].eq(saturate(value, 16)[1]),
            beyond[OutputType.INT32.value].eq(saturate(value, 32)[1]),
            low.eq(value),
            sign.eq(value[-1]),
        ]
        result = Signal(signed(32), name=f"value_{j}", reset_less=True)
        changed = Signal(name=f"changed_{j}", reset_less=True)
        over, rectified, limit = Signal(name=f"over_{j}"), Signal(name=f"rectified_{j}"), Signal(32)
        m.d.comb += [
            over.eq(beyond.bit_select(self.settings.output.as_value(), 1)),
            rectified.eq(sign & self.settings.relu),
        ]
        with m.Switch(self.settings.output):
            for kind, bits in ((OutputType.INT8, 8), (OutputType.INT16, 16), (OutputType.INT32, 32)):
                with m.Case(kind):
                    m.d.comb += limit.eq(Cat((~sign).replicate(bits - 1), sign.replicate(33 - bits)))
            with m.Case(OutputType.UINT8):
                m.d.comb += limit.eq((~sign).replicate(8))
        m.d.sync += [
            result.eq(Mux(rectified, 0, Mux(over, limit, low)).as_signed()),
            changed.eq(over & ~rectified),
        ]
        return result, changed


def _delayed(m: Module, value, cycles: int, name: str) -> Signal:
    """*value*, *cycles* later."""
    for n in range(cycles):
        later = Signal(value.shape(), name=f"{name}_{n}", reset_less=True)
        m.d.sync += later.eq(value)
        value = later
    return value
