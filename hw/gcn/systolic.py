"""Systolic module of the Combination Engine: one column's multipliers, dense and for sparse features."""

from itertools import pairwise

from amaranth import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.pairs import ELEMENT_BITS, WordLayout, multiply, split

__all__ = ["CAPTURE", "DENSE_LATENCY", "FEED", "STEP", "SumsLayout", "SystolicModule"]

STEP = data.StructLayout({"valid": 1, "first": 1, "last": 1, "signed": 1})
"""One step of a sum: it begins and ends with a step; the element of the step is int8 if ``signed``, else
uint8."""

FEED = data.StructLayout({"valid": 1, "first": 1, "last": 1, "element": signed(ELEMENT_BITS)})
"""One step of a sum in gather mode, and its element."""

CAPTURE = 6
"""Cycles from the last step of a PE row to the sums in its result register."""

DENSE_LATENCY = 8
"""Cycles from the last step of a dense sum to its PE row 0 on ``row``; PE row i follows i cycles later."""


def SumsLayout(config: GcnConfig) -> data.ArrayLayout:  # noqa: N802 (a layout, named as one)
    """The sums of one PE row."""
    return data.ArrayLayout(signed(config.product_bits), config.lanes)


class SystolicModule(wiring.Component):
    """``pe_rows`` x ``lanes`` multipliers that keep their sums (output stationary).

    Dense: PE row i holds one vertex. Weight words and steps enter PE row 0 and move down one row a cycle, the
    elements of PE row i are given i cycles later than those of row 0. So the rows end one after another, and
    leave through one port, one a cycle.

    Gather: PE row g < ``gather_ports`` takes words and steps of its own. Its sums go into a result register
    when they end, and stay there until the next ones end; each cluster of ``cluster_ports`` rows passes on
    one of its result registers in each cycle, the one that ``drain`` names.

    Nothing here can be stopped. Last steps of dense sums must be at least ``pe_rows`` cycles apart. The mode
    may change when everything has left.

    Ports
    -----
    gather : In(1)
        The mode.
    words : In(ArrayLayout(WordLayout, gather_ports))
        Words of the gather rows; word 0 is also that of the dense mode.
    step : In(STEP)
        Dense: goes with word 0.
    elements : In(ArrayLayout(8, pe_rows))
        Dense: element i belongs to the step of i cycles before.
    feeds : In(ArrayLayout(FEED, gather_ports))
        Gather: goes with the words.
    drain : In(ArrayLayout(range(cluster_ports), clusters))
    gathered : Out(ArrayLayout(SumsLayout, clusters))
        One cycle after ``drain``. A result register holds a sum from ``CAPTURE`` cycles after its last step.
    row : Out({"valid": 1, "sums": SumsLayout})
        Dense results.
    next_word, next_step : Out
        Dense: what leaves the last PE row, ``pe_rows`` cycles after it entered: for the next module in
        cooperative mode.

    Numerics
    --------
    Exact while a sum fits ``product_bits``; the compiler proves that.

    Golden model
    ------------
    :mod:`pyralis.sim.golden.gcn.systolic`, bit exact.

    Source
    ------
    HyGCN (Yan et al., HPCA 2020), section 4.4.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        sums = SumsLayout(c)
        super().__init__({
            "gather": In(1),
            "words": In(data.ArrayLayout(WordLayout(c), c.gather_ports)),
            "step": In(STEP),
            "elements": In(data.ArrayLayout(8, c.pe_rows)),
            "feeds": In(data.ArrayLayout(FEED, c.gather_ports)),
            "drain": In(data.ArrayLayout(range(max(c.cluster_ports, 2)), c.clusters)),
            "gathered": Out(data.ArrayLayout(sums, c.clusters)),
            "row": Out(data.StructLayout({"valid": 1, "sums": sums})),
            "next_word": Out(WordLayout(c)),
            "next_step": Out(STEP),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        results, ended = self._rows(m)
        self._leave(m, results, ended)
        return m

    def _rows(self, m: Module) -> tuple[list[list[Signal]], Signal]:
        """All PE rows; returns where each row's sums are found, and a dense sum of row 0 has ended."""
        c = self.config
        word, step = self.words[0], self.step
        results, ended_first = [], None
        for i in range(c.pe_rows):
            entering, element = Signal(STEP, name=f"entering_{i}"), Signal(ELEMENT_BITS, name=f"element_{i}")
            byte = self.elements[i]
            m.d.comb += [entering.eq(step), element.eq(Cat(byte, byte[-1] & step.signed))]
            entering_word = word
            if i < c.gather_ports:
                with m.If(self.gather):
                    m.d.comb += [entering.eq(self.feeds[i]), element.eq(self.feeds[i].element)]
                entering_word = Mux(self.gather, self.words[i], word) if i else word
            elif i == c.gather_ports:
                m.d.comb += entering.valid.eq(step.valid & ~self.gather)
            word, step = (
                Signal(WordLayout(c), name=f"word_{i}", reset_less=True),
                Signal(STEP, name=f"step_{i}"),
            )
            held = Signal(signed(ELEMENT_BITS), name=f"held_{i}", reset_less=True)
            m.d.sync += [word.eq(entering_word), step.eq(entering), held.eq(element)]
            sums, ended = self._row(m, i, word, step, held)
            results.append(self._captured(m, i, sums, ended) if i < c.gather_ports else sums)
            if ended_first is None:
                ended_first = Signal()
                m.d.comb += ended_first.eq(ended & ~self.gather)
        m.d.comb += [
            self.next_word.eq(word),
            self.next_step.eq(step),
            self.next_step.valid.eq(step.valid & ~self.gather),
        ]
        return results, ended_first

    def _row(self, m: Module, i: int, word, step, held: Signal) -> tuple[list[Signal], Signal]:
        """Multipliers and sums of PE row *i*; returns the sums, and that they are whole."""
        c = self.config
        steps = [step]
        for n in range(3):  # as long as the multiplication
            steps.append(Signal(STEP, name=f"step_{i}_{n}"))
            m.d.sync += steps[-1].eq(steps[-2])
        adding, ended = steps[-1], Signal(name=f"ended_{i}")
        m.d.sync += ended.eq(adding.valid & adding.last)
        sums = []
        for k in range(c.lanes // 2):
            low, high, carry = split(multiply(m, f"{i}_{k}", word[k], held))
            for lane, (product, one) in enumerate(((low, None), (high, carry))):
                total = Signal(signed(c.product_bits), name=f"sum_{i}_{2 * k + lane}", reset_less=True)
                kept = Signal(signed(c.product_bits), name=f"kept_{i}_{2 * k + lane}")
                m.d.comb += kept.eq(Mux(adding.first, 0, total))
                if one is None:
                    following = product + kept
                else:  # a digit below the others makes the carry one of the same adder
                    following = (Cat(one, product).as_signed() + Cat(1, kept).as_signed())[1:]
                with m.If(adding.valid):
                    m.d.sync += total.eq(following)
                sums.append(total)
        return sums, ended

    def _captured(self, m: Module, i: int, sums: list[Signal], ended: Signal) -> list[Signal]:
        """The result register of PE row *i*."""
        results = []
        for lane, total in enumerate(sums):
            result = Signal.like(total, name=f"result_{i}_{lane}")
            with m.If(ended):
                m.d.sync += result.eq(total)
            results.append(result)
        return results

    def _leave(self, m: Module, results: list[list[Signal]], ended: Signal) -> None:
        """Selects results: first one of each few rows, then, of dense ones, one of these."""
        c = self.config
        size = c.cluster_ports
        row_bits, low_bits = (c.pe_rows - 1).bit_length(), (size - 1).bit_length()
        # Dense results come by row number: `at[0]` is the row whose sums are whole in this cycle.
        valid = [Signal(name=f"leaving_{n}") for n in range(3)]
        at = [Signal(row_bits, name=f"at_{n}") for n in range(3)]
        count, more = Signal(row_bits), Signal()
        m.d.comb += [at[0].eq(Mux(ended, 0, count)), valid[0].eq(ended | more)]
        m.d.sync += [
            count.eq(at[0] + 1),
            more.eq(valid[0] & (at[0] != c.pe_rows - 1)),
            *(late.eq(early) for early, late in pairwise(at)),
            *(late.eq(early) for early, late in pairwise(valid)),
        ]
        groups = []
        for group in range(c.pe_rows // size):
            rows = results[group * size : (group + 1) * size]
            captured = group < c.clusters  # a cycle later than the others
            select = Signal(max(low_bits, 1), name=f"select_{group}")
            m.d.comb += select.eq(at[1 if captured else 0][:low_bits])
            if captured:
                with m.If(self.gather):
                    m.d.comb += select.eq(self.drain[group])
            chosen = Signal(SumsLayout(c), name=f"chosen_{group}", reset_less=True)
            for lane in range(c.lanes):
                m.d.sync += chosen[lane].eq(_one_of([row[lane] for row in rows], select))
            if captured:
                m.d.comb += self.gathered[group].eq(chosen)
            else:
                chosen, before = Signal(SumsLayout(c), name=f"later_{group}", reset_less=True), chosen
                m.d.sync += chosen.eq(before)
            groups.append(chosen)
        m.d.sync += self.row.valid.eq(valid[2])
        for lane in range(c.lanes):
            m.d.sync += self.row.sums[lane].eq(_one_of([group[lane] for group in groups], at[2][low_bits:]))


def _one_of(values: list, index):
    """Selects a value: a choice of one takes no index."""
    return Array(values)[index] if len(values) > 1 else values[0]
