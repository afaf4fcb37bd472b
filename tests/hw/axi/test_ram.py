"""RTL of pyralis.hw.axi.ram (pytest side)."""

import json
import random

import pytest

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis import yosys
from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.axi.ram import BlockRam
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize(
    ("size", "data_bits", "readers", "writers", "filled"),
    [
        pytest.param(1 << 14, 64, 3, 2, 10_001, id="64-bit"),
        pytest.param(1 << 12, 32, 1, 1, 0, id="32-bit"),
        pytest.param(12 << 10, 128, 2, 0, 12 << 10, id="128-bit-12-KB"),
    ],
)
def test_memory_behind_bursts(size, data_bits, readers, writers, filled):
    contents = random.Random(1).randbytes(filled)
    ram = BlockRam(size, DmaConfig(address_bits=32, data_bits=data_bits), readers, writers, contents)
    run_cocotb(ram, "cocotb_ram", env={"SIZES": json.dumps([size, readers, writers, filled])})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"size_bytes": 6000}, "size_bytes must be a multiple of 4096, not 6000"),
        ({"size_bytes": 0}, "size_bytes must be a multiple of 4096, not 0"),
        ({"config": DmaConfig(data_bits=16)}, "data_bits must be at least 32, not 16"),
        ({"readers": -1}, "readers and writers must be at least 0, not -1 and 1"),
        ({"writers": -2}, "readers and writers must be at least 0, not 1 and -2"),
        ({"contents": bytes(4097)}, "contents of 4097 bytes do not fit into 4096 bytes"),
    ],
)
def test_parameters_are_checked(wrong, sentence):
    good = {"size_bytes": 4096, "config": DmaConfig(data_bits=64), "readers": 1, "writers": 1}
    with pytest.raises(ValueError, match=rf"^{sentence}$"):
        BlockRam(**{**good, **wrong})


def test_the_host_reaches_every_word():
    assert BlockRam(1 << 16, DmaConfig(data_bits=64), 1, 1).host_address_bits == 16
    assert BlockRam(12 << 10, DmaConfig(data_bits=64), 1, 1).host_address_bits == 14


@pytest.mark.parametrize(
    ("size", "blocks"), [(1 << 13, 4), pytest.param(1 << 16, 32, marks=pytest.mark.slow)]
)
def test_it_is_block_ram_on_ecp5(size, blocks):
    """2 KiB to a DP16KD: byte enables and contents cost no further block, and the queue takes none."""
    ram = BlockRam(size, DmaConfig(address_bits=32, data_bits=64), 3, 1, random.Random(1).randbytes(size))
    script = "read_verilog ram.v\nhierarchy -top ram\nproc\nopt_clean -purge\nsynth_ecp5 -top ram\n"
    script += "tee -q -o cells.json stat -json\n"
    stat = json.loads(yosys.run(script, {"ram.v": emit(ram, "ram")}, ["cells.json"])["cells.json"])
    cells = stat["design"]["num_cells_by_type"]
    assert cells["DP16KD"] == blocks
    assert cells["TRELLIS_FF"] < 1000
