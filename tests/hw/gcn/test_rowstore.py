"""RTL of pyralis.hw.gcn.rowstore against a dictionary of words (pytest side)."""

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.rowstore import RowStore
from pyralis.sim.bench.build import run_cocotb


def test_against_words():
    config = GcnConfig(lanes=4, store_rows=64, contexts=16)
    run_cocotb(RowStore(config), "cocotb_rowstore")
