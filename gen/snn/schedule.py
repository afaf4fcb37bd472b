"""Order of descriptors: what is loaded, computed and stored when, and where maps wait in memory."""

from typing import Any

from pyralis.gen.snn.layout import word_bytes
from pyralis.gen.snn.plan import LayerPlan
from pyralis.gen.snn.strips import Strip
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import VERSION, Opcode

__all__ = ["Schedule"]


class Schedule:
    """The program of a network.

    Maps stay on chip between two layers that fit into the buffers. A layer that was cut runs strip by strip:
    load the input rows, compute, store the output rows; the map before and behind it lies in memory, after
    the results. Descriptors of layer n have index n + 1 (input loads 0, END the last), whatever their number.

    Attributes
    ----------
    descriptors : list of dict
    input_bytes, output_bytes : int
        Memory that one run's input takes, and its results with the maps behind them.
    """

    def __init__(self, config: SnnConfig, plans: list[LayerPlan], load: dict[str, Any]) -> None:
        self.config, self.plans = config, plans
        self.unit = config.bus_bits // 8
        self.descriptors: list[dict[str, Any]] = []
        self.input_bytes = self.output_bytes = 0
        for program in plans[-1].programs:
            program["result_address"] = self.output_bytes
            self.output_bytes += program["result_beats"] * self.unit
        self._spilled: dict[int, int] = {}
        buffer = 0
        for number, plan in enumerate(plans):
            to_memory = self._meets_a_cut(number)
            from_memory = number > 0 and self._meets_a_cut(number - 1)
            for strip, program in zip(plan.strips, plan.programs, strict=True):
                if number == 0:
                    buffer = self._load_input(load, plan, strip)
                elif from_memory:
                    buffer = self._load_map(number, plan, strip, program)
                program["in_buffer"] = buffer
                self._add(program, number + 1)
                if to_memory:
                    self._store(number, plan, strip, 1 - buffer)
            buffer = 1 - buffer
        self._add({"opcode": Opcode.END}, len(plans) + 1)

    def _meets_a_cut(self, number: int) -> bool:
        """Whether the map behind layer *number* lies in memory."""
        pair = self.plans[number : number + 2]
        return len(pair) == 2 and any(len(plan.strips) > 1 for plan in pair)

    def _add(self, fields: dict[str, Any], index: int) -> None:
        fields.update(version=VERSION, index=index)
        self.descriptors.append(fields)

    def _beats(self, size: int) -> int:
        return -(-size // self.unit)

    def _load_input(self, load: dict[str, Any], plan: LayerPlan, strip: Strip) -> int:
        rows, images = strip.in_rows[1] - strip.in_rows[0], plan.fields["images"]
        words = images * rows * plan.in_row_words
        size = (
            images * rows * load["width"] * load["channels"]
            if load["pixels"]
            else words * word_bytes(self.config)
        )
        beats = self._beats(size)
        self._add(
            {**load, "source": self.input_bytes, "beats": beats, "words": words, "height": images * rows}, 0
        )
        self.input_bytes += beats * self.unit
        return 0

    def _load_map(self, number: int, plan: LayerPlan, strip: Strip, program: dict[str, Any]) -> int:
        """Rows of a map in memory; the words before them in their first beat are loaded and stepped over."""
        size, (low, high) = word_bytes(self.config), strip.in_rows
        begin = self._spilled[number - 1] + low * plan.in_row_words * size
        skipped = begin % self.unit // size
        words = skipped + (high - low) * plan.in_row_words
        program["origin"] = (program["origin"] + skipped) % (1 << 16)
        self._add(
            {
                "opcode": Opcode.LOAD,
                "spilled": 1,
                "source": begin - begin % self.unit,
                "beats": self._beats(words * size),
                "words": words,
            },
            number + 1,
        )
        return 0

    def _store(self, number: int, plan: LayerPlan, strip: Strip, buffer: int) -> None:
        size, row = word_bytes(self.config), plan.out_row_words
        if number not in self._spilled:
            self._spilled[number] = self.output_bytes
            images = plan.fields["images"]
            self.output_bytes += self._beats(images * plan.out_shape[1] * row * size) * self.unit
        words = plan.fields["images"] * (strip.out_rows[1] - strip.out_rows[0]) * row
        self._add(
            {
                "opcode": Opcode.STORE,
                "buffer": buffer,
                "target": self._spilled[number] + strip.out_rows[0] * row * size,
                "words": words,
                "beats": self._beats(words * size),
            },
            number + 1,
        )
