"""RTL of pyralis.hw.axi.read (pytest side)."""

import pytest

from pyralis.hw.axi.read import DmaConfig, ReadDma
from pyralis.sim.bench.build import run_cocotb


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(DmaConfig(), id="128-bit"),
        pytest.param(
            DmaConfig(data_bits=32, address_bits=32, burst_beats=4, outstanding=3), id="short-bursts"
        ),
        pytest.param(DmaConfig(data_bits=8, burst_beats=1, outstanding=1), id="one-byte-at-a-time"),
        pytest.param(DmaConfig(data_bits=512, burst_beats=64, outstanding=2), id="4-KB-bursts"),
    ],
)
def test_reads_what_memory_holds(config):
    run_cocotb(ReadDma(config), "cocotb_read")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address_bits": 31}, "address_bits must be in 32..64, not 31"),
        ({"data_bits": 48}, "data_bits must be a power of two in 8..1024, not 48"),
        ({"burst_beats": 12}, "burst_beats must be a power of two in 1..256, not 12"),
        ({"burst_beats": 512}, "burst_beats must be a power of two in 1..256, not 512"),
        (
            {"data_bits": 512, "burst_beats": 128},
            r"burst_beats \(128\) x 64 bytes must not exceed 4096 bytes",
        ),
        ({"outstanding": 0}, "outstanding must be in 1..64, not 0"),
    ],
)
def test_config_says_what_is_wrong(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        DmaConfig(**wrong)
