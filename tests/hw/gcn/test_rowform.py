"""Numbers of pyralis.hw.gcn.rowform against Python's."""

import random

import pytest
from amaranth import Module
from amaranth.lib import wiring
from pysim import simulate

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import OutputType
from pyralis.hw.gcn.rowform import AHEAD_BITS, RESULT_SETTINGS, RESULT_WORDS, RowForm, row_form

SIZES = {OutputType.INT8: 1, OutputType.UINT8: 1, OutputType.INT16: 2, OutputType.INT32: 4}


class Forms(wiring.Component):
    def __init__(self, config) -> None:
        self.config = config
        super().__init__({
            "settings": wiring.In(RESULT_SETTINGS),
            "form": wiring.Out(RowForm(config)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.form.eq(row_form(m, self.config, self.settings))
        return m


def numbers(settings: dict, lanes: int) -> dict[str, int]:
    """By lists of the words of a row, and of the rows that have places."""
    size = SIZES[settings["output"]]
    words = [(s, k) for s in range(settings["slices"] - 1) for k in range(size)]
    last = [min(lanes, settings["last"] - at) for at in range(0, settings["last"], lanes)]
    words += [(settings["slices"] - 1, k) for k in range(len(last))]
    rows = RESULT_WORDS // (1 << settings["parts"])
    return {
        "size_bits": [1, 2, 4].index(size),
        "last_slice": words[-1][0],
        "last_part": words[-1][1],
        "last_word": len(words) - 1,
        "tail": last[-1],
        "parts": settings["parts"],
        "step": 1 << settings["parts"],
        "beyond": sum(1 << bit for bit in range(AHEAD_BITS) if 1 << bit >= rows),
        "group_mask": (1 << settings["group"]) - 1,
        "first_groups": rows // (1 << settings["group"]),
    }


@pytest.mark.parametrize("lanes", [4, 16])
def test_numbers_of_random_rows(lanes):
    rng, forms = random.Random(lanes), Forms(GcnConfig(lanes=lanes, pe_rows=4))

    async def bench(ctx):
        for _ in range(200):
            output = rng.choice(list(OutputType))
            size = SIZES[output]
            slices, last = rng.randint(1, 32), rng.randint(1, lanes * size)
            parts = ((slices - 1) * size + -(-last // lanes) - 1).bit_length()
            group = rng.randint(0, 9 - parts)
            values = {"output": output, "slices": slices, "last": last, "parts": parts, "group": group}
            ctx.set(forms.settings, {**values, "address": 0, "stride": 0})
            await ctx.tick().repeat(2)
            found = ctx.get(forms.form)
            assert {name: found[name] for name in RowForm(forms.config).members} == numbers(values, lanes)

    simulate(forms, bench)
