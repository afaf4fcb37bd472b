"""The epilogue against Python's integers."""

import numpy as np
import pytest
import torch

from pyralis.gen.gcn.intnetwork import RANGES, Epilogue
from pyralis.sim.golden.gcn.epilogue import epilogue


def by_hand(total: int, shift: int, relu: bool, output: str) -> tuple[int, bool]:
    if relu and total < 0:
        total = 0
    value = (total + (1 << shift >> 1)) // (1 << shift)  # Python's // rounds down
    low, high = RANGES[output]
    kept = min(max(value, low), high)
    return kept, kept != value


@pytest.mark.parametrize("output", ["int8", "uint8", "int16", "int32"])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("shift", [0, 1, 7, 19, 47])
def test_random_values(output, relu, shift):
    rng = np.random.default_rng(shift)
    span = RANGES[output][1] << shift  # sums are chosen so that some values fit and some do not
    reach = min(max(span // 300, 2), (1 << 31) - 1)
    sums = rng.integers(-reach, reach + 1, (40, 7))
    scale = rng.integers(0, 600, 40).astype(np.uint16)
    extra, extra_scale = rng.integers(0, 256, (40, 7)), -min(max(span >> 10, 0), 321)
    bias = rng.integers(-1, 2, 7).astype(np.int32) * np.int32(min(span >> 7, 1 << 20))
    settings = Epilogue(
        scale=scale,
        extra="e",
        extra_scale=extra_scale,
        bias=bias,
        bias_shift=5,
        shift=shift,
        relu=relu,
        output=output,
    )
    rows, saturated = epilogue(torch.as_tensor(sums), settings, torch.as_tensor(extra))
    for v in range(40):
        for j in range(7):
            total = int(sums[v, j]) * int(scale[v]) + int(extra[v, j]) * extra_scale + (int(bias[j]) << 5)
            assert (int(rows[v, j]), bool(saturated[v, j])) == by_hand(total, shift, relu, output)
    if span < 1 << 38:
        assert saturated.any() and not saturated.all()
        assert rows.unique().numel() > 2


def test_halves_round_up_and_one_scale_serves_all():
    sums = torch.tensor([[-3, -2, -1, 0, 1, 2, 3]])
    rows, saturated = epilogue(sums, Epilogue(scale=1, shift=1))
    assert rows.tolist() == [[-1, -1, 0, 0, 1, 1, 2]]
    assert not saturated.any()


def test_what_relu_cuts_off_does_not_saturate():
    sums = torch.tensor([[-300, 255, 256]])
    rows, saturated = epilogue(sums, Epilogue(relu=True, output="uint8"))
    assert (rows.tolist(), saturated.tolist()) == ([[0, 255, 255]], [[False, False, True]])
    rows, saturated = epilogue(sums, Epilogue(output="uint8"))
    assert (rows.tolist(), saturated.tolist()) == ([[0, 255, 255]], [[True, False, True]])
    rows, saturated = epilogue(sums, Epilogue(relu=True, output="int8"))
    assert (rows.tolist(), saturated.tolist()) == ([[0, 127, 127]], [[False, True, True]])
