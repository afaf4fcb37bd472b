"""The exact convolution against plain loops and at the edge of what floating point holds."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pyralis.sim.golden.snn.conv import conv


def loops(inputs: np.ndarray, weight: np.ndarray, stride: int, padding: tuple[int, int]) -> np.ndarray:
    """Python integers, one output at a time."""
    height, width, _ = inputs.shape
    out, channels, kernel_h, kernel_w = weight.shape
    rows = (height + 2 * padding[0] - kernel_h) // stride + 1
    columns = (width + 2 * padding[1] - kernel_w) // stride + 1
    result = np.zeros((rows, columns, out), dtype=object)
    for (y, x, o), _ in np.ndenumerate(result):
        for j in range(kernel_h):
            for k in range(kernel_w):
                row, column = y * stride + j - padding[0], x * stride + k - padding[1]
                if 0 <= row < height and 0 <= column < width:
                    for i in range(channels):
                        result[y, x, o] += int(weight[o, i, j, k]) * int(inputs[row, column, i])
    return result


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_equals_plain_loops(data):
    kernel = (data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)))
    padding = (data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3)))
    size = (data.draw(st.integers(4, 7)), data.draw(st.integers(4, 7)))
    stride, channels = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 30)))
    inputs = rng.integers(-128, 128, (*size, channels), dtype=np.int8)
    weight = rng.integers(-128, 128, (2, channels, *kernel), dtype=np.int8)
    got = conv(torch.as_tensor(inputs), torch.as_tensor(weight), stride, padding)
    assert got.dtype == torch.int64
    assert (got.numpy() == loops(inputs, weight, stride, padding)).all()


@pytest.mark.parametrize(("fan_in", "passes_float32"), [(1023, False), (1025, True)])
def test_is_exact_on_both_sides_of_what_float32_holds(fan_in, passes_float32):
    weight = torch.full((2, fan_in, 1, 1), -128, dtype=torch.int8)
    weight[1, 0] = -127
    inputs = torch.full((1, 1, fan_in), -128, dtype=torch.int8)
    expected = torch.tensor([128 * 128 * fan_in, 128 * 128 * fan_in - 128])
    assert (int(expected[0]) > 1 << 24) == passes_float32
    assert torch.equal(conv(inputs, weight)[0, 0], expected)


def test_keeps_leading_dimensions():
    inputs = torch.randint(0, 2, (3, 5, 6, 6, 2), dtype=torch.uint8)
    weight = torch.randint(-9, 9, (4, 2, 3, 3))
    got = conv(inputs, weight, 2, (1, 1))
    assert got.shape == (3, 5, 3, 3, 4)
    assert torch.equal(got[2, 4], conv(inputs[2, 4], weight, 2, (1, 1)))
