"""Golden model of the spike array: exact integer convolution, channels last."""

import torch

__all__ = ["conv"]


def conv(
    inputs: torch.Tensor, weight: torch.Tensor, stride: int = 1, padding: tuple[int, int] = (0, 0)
) -> torch.Tensor:
    """Weighted sums of a layer, without bias: (..., H', W', O) int64.

    Computed in floating point, because PyTorch has no fast integer product, one kernel position at a time
    and with nothing but sums of products: a library convolution may use Winograd's or Fourier's, which round.
    Every partial sum is an integer of magnitude at most ``sum(abs(weight)) * max(abs(input))``. Below 2**24
    float32 holds all such integers, below 2**53 float64 does, so the result is exact in any order of
    summation and the same on every device.

    Parameters
    ----------
    inputs : (..., H, W, I) integer
        Spikes or pixels; zero outside the map.
    weight : (O, I, Kh, Kw) integer
    stride : int
    padding : (rows, columns)
        Of zeros, on both sides.
    """
    out, _, kernel_h, kernel_w = weight.shape
    largest = max(-int(inputs.min()), int(inputs.max()), 1)
    bound = int(weight.to(torch.int64).abs().sum(dim=(1, 2, 3)).max()) * largest
    assert bound < 1 << 53, f"a sum of {bound} is beyond what float64 holds exactly"
    dtype = torch.float32 if bound < 1 << 24 else torch.float64
    top, left = padding
    padded = torch.nn.functional.pad(inputs.to(dtype), (0, 0, left, left, top, top))
    rows = (padded.shape[-3] - kernel_h) // stride + 1
    columns = (padded.shape[-2] - kernel_w) // stride + 1
    taps = weight.to(dtype).permute(2, 3, 1, 0).contiguous()
    total = torch.zeros(*inputs.shape[:-3], rows, columns, out, dtype=dtype, device=inputs.device)
    for y in range(kernel_h):
        for x in range(kernel_w):
            window = padded[..., y : y + (rows - 1) * stride + 1 : stride, :, :]
            window = window[..., x : x + (columns - 1) * stride + 1 : stride, :]
            total += window @ taps[y, x]
    return total.to(torch.int64)
