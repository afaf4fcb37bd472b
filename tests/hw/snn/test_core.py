"""The wiring of pyralis.hw.snn.core; what it computes is compared in tests/sim/snn, a network at once."""

import re

import pytest

from pyralis.gen.emit.verilog import emit
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.core import SnnCore

CONFIG = SnnConfig(
    out_lanes=8, in_lanes=4, pixel_lanes=1, step_lanes=2, neuron_lanes=2, cell="fabric", map_words=16
)


@pytest.fixture(scope="module")
def text() -> str:
    return emit(SnnCore(CONFIG), "snn_core")


def test_ports(text):
    header = re.search(r"^module snn_core\((.*?)\);", text, re.DOTALL | re.MULTILINE)[1]
    names = {name.strip() for name in header.split(",")}
    assert {name for name in names if not re.match(r"(weights|data_read|data_write)_bus__", name)} == {
        *("clk", "rst", "program_address", "weights_address", "drained", "saturated", "class_index"),
        *("class_valid", "observe__enable", "observe__buffer", "observe__address", "observe__data"),
        *("observe_layer", "active"),
    }


def test_every_unit_is_there_once(text):
    """One instance of each unit: everything that repeats inside one is flat."""
    top = re.search(r"^module snn_core\(.*?^endmodule", text, re.DOTALL | re.MULTILINE)[0]
    names = re.findall(r"^  \\snn_core\.\S+ +\\?(\w+)\S* +\(", top, re.MULTILINE)
    units = {
        *("control", "counters", "fetch", "execute", "load", "store", "maps", "weights", "walk", "sequence"),
        *("array", "output", "arbiter", "weight_dma", "data_dma", "write_dma"),
    }
    assert len(names) == len(set(names)) and units <= set(names)
