"""RTL of pyralis.hw.gcn.epilogue against integers (pytest side)."""

import json

import pytest
from amaranth import Module
from amaranth.lib import wiring

from pyralis.hw.gcn.epilogue import EPILOGUE_SETTINGS, BiasLoader, Engine, Epilogue
from pyralis.sim.bench.build import run_cocotb

CASES = {
    "whole": {"lanes": 4, "work": 4, "sum_bits": 32, "tag_bits": 15, "extra": True},
    "halves": {"lanes": 8, "work": 4, "sum_bits": 24, "tag_bits": 3, "extra": False},
    "quarters": {"lanes": 8, "work": 2, "sum_bits": 24, "tag_bits": 9, "extra": True},
}


class LoadedEpilogue(wiring.Component):
    """An epilogue with the loader of its biases."""

    def __init__(self, **sizes):
        self.loader, self.epilogue = BiasLoader(sizes["lanes"], Engine.AGGREGATION), Epilogue(**sizes)
        own = self.epilogue.signature.members
        super().__init__({
            "rows": own["input"],
            "finished": own["output"],
            "settings": wiring.In(EPILOGUE_SETTINGS),
            "biases": self.loader.signature.members["bias"],
            "clear": wiring.In(1),
            "saturated": wiring.Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.loader, m.submodules.epilogue = loader, epilogue = self.loader, self.epilogue
        wiring.connect(m, wiring.flipped(self.rows), epilogue.input)
        wiring.connect(m, wiring.flipped(self.finished), epilogue.output)
        wiring.connect(m, wiring.flipped(self.biases), loader.bias)
        m.d.comb += [
            epilogue.settings.eq(self.settings),
            epilogue.bias.eq(loader.write),
            epilogue.clear.eq(self.clear),
            self.saturated.eq(epilogue.saturated),
        ]
        return m


@pytest.mark.parametrize("name", CASES)
def test_against_golden(name):
    run_cocotb(LoadedEpilogue(**CASES[name]), "cocotb_epilogue", env={"SIZES": json.dumps(CASES[name])})
