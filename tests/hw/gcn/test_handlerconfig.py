"""pyralis.hw.gcn.handlerconfig: sizes, and the remap."""

import random
import re

import pytest

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.gcn.handlerconfig import HandlerConfig


@pytest.mark.parametrize(("bank_bit", "bank_bits"), [(13, 4), (11, 1), (15, 2), (12, 6)])
def test_remap_is_a_permutation_that_the_host_can_undo(bank_bit, bank_bits):
    config = HandlerConfig(dma=DmaConfig(data_bits=512), bank_bit=bank_bit, bank_bits=bank_bits)
    image = random.Random(1).randbytes(config.region_bytes + 5000)
    placed = config.place(image)
    assert len(placed) % config.region_bytes == 0 and 0 <= len(placed) - len(image) < config.region_bytes
    assert config.collect(placed, 0, len(image)) == image
    for at, size in ((0, 1), (1000, 3000), (config.region_bytes - 70, 140)):
        assert config.collect(placed, at, size) == image[at : at + size]
    bursts = range(0, config.region_bytes, 1 << config.burst_bit)
    assert sorted(map(config.remap, bursts)) == list(bursts)
    # Neighbours are in different banks, and the bytes of a burst stay together.
    banks = [config.remap(at) >> bank_bit & (1 << bank_bits) - 1 for at in bursts]
    assert banks[: 1 << bank_bits] == list(range(1 << bank_bits))
    assert config.remap(bursts[-2] + 77) == config.remap(bursts[-2]) + 77


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ({"buffer_bursts": 1}, "buffer_bursts must be in 2..64, not 1"),
        ({"batch_bursts": 0}, "batch_bursts must be in 1..256, not 0"),
        ({"bank_bit": 10}, "the bank's 4 bits from bit 10 on must lie above bit 10 and below bit 32"),
        ({"bank_bit": 29}, "the bank's 4 bits from bit 29 on must lie above bit 10 and below bit 32"),
    ],
)
def test_sizes_out_of_range_are_refused(sizes, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        HandlerConfig(dma=DmaConfig(data_bits=512), **sizes)
