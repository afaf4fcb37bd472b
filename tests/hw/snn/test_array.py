"""RTL of pyralis.hw.snn.array against pyralis.sim.golden.snn.array (pytest side)."""

from dataclasses import replace

import pytest
import torch

from pyralis.hw.snn.array import SpikeArray
from pyralis.hw.snn.config import SnnConfig
from pyralis.sim.bench import build
from pyralis.sim.golden.snn.array import slots, totals

DSP48E2 = build.MODELS / "DSP48E2.v"

CONFIGS = {
    # Everything odd: three pixels, two steps, slots of two channels.
    "odd": (SnnConfig(out_lanes=8, in_lanes=4, pixel_lanes=3, step_lanes=2, neuron_lanes=2), 3),
    # The longest cascade, which can reach both ends of a 12-bit lane.
    "deep": (SnnConfig(out_lanes=16, in_lanes=16, pixel_lanes=1, step_lanes=1, neuron_lanes=4), 1),
    # A single slot, so that a pass may end in every cycle, and no delay between issue and step.
    "single": (SnnConfig(out_lanes=4, in_lanes=4, pixel_lanes=1, step_lanes=2, neuron_lanes=4), 0),
    # A pass takes most of the FIFO, which is exactly as deep as it must be.
    "tight": (
        SnnConfig(out_lanes=8, in_lanes=2, pixel_lanes=3, step_lanes=1, neuron_lanes=1, bus_bits=32),
        0,
    ),
}


@pytest.mark.parametrize("cell", ["dsp48e2", "fabric"])
@pytest.mark.parametrize("name", CONFIGS)
def test_against_golden(name, cell):
    config, issue_latency = CONFIGS[name]
    array = SpikeArray(replace(config, cell=cell), issue_latency=issue_latency)
    extra = [DSP48E2] if cell == "dsp48e2" else []
    build.run_cocotb(array, "cocotb_array", extra=extra, env={"ISSUE_LATENCY": str(issue_latency)})


def test_golden_against_a_convolution():
    """A pass over the kernel positions of one pixel is torch's own convolution at that pixel."""
    weights = torch.randint(-128, 128, (8, 4, 3, 3))
    image = torch.randint(0, 2, (2, 4, 3, 5))  # (S, V, H, W): pixels 0..2 of the only output row
    expected = torch.nn.functional.conv2d(image.double(), weights.double())[:, :, 0, :].long()  # (S, M, N)
    words = weights.permute(2, 3, 1, 0).reshape(9, 4, 8)
    windows = torch.stack([image[:, :, r, k : k + 3] for r in range(3) for k in range(3)])  # (9, S, V, N)
    total = totals(words, windows.permute(0, 3, 1, 2))
    assert torch.equal(total, expected.permute(2, 0, 1))
    order = slots(total, 2)
    assert order.shape == (12, 2, 2)
    assert torch.equal(order[5, 1], total[1, :, 3])  # pixel 1, block 1, its second channel


def test_a_negative_issue_latency_is_refused():
    with pytest.raises(ValueError, match="issue_latency must be at least 0, not -1"):
        SpikeArray(SnnConfig(), issue_latency=-1)
