"""PyTorch's own layers as plain arrays: every option is read exactly or refused by name.

Shared by the front ends whose networks are built from ``torch.nn`` layers and neurons of their own.
"""

import numpy as np
import torch
from torch import nn

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.folding import Average, Linear
from pyralis.gen.geometry import Shape

__all__ = ["layer_name", "read_average", "read_batch_norm", "read_conv", "read_linear", "read_window"]

DIVERGED = "the training diverged; load an earlier checkpoint"


def layer_name(path: str, kind: str) -> str:
    """A name for the layer at *path*: ``fc1`` stays, the ``0`` of a Sequential becomes ``conv0``."""
    return f"{kind}{path}" if path.isdigit() else path


def read_conv(module: nn.Conv2d, path: str) -> Linear:
    """The convolution *module*."""
    where = f"layer {path!r} (Conv2d)"
    hint = "only groups=1, dilation=1, padding_mode='zeros' and one stride for both directions are"
    for option, plain in (("groups", 1), ("dilation", (1, 1)), ("padding_mode", "zeros")):
        value = getattr(module, option)
        if value != plain:
            raise UserError(f"{option}={value!r} is not supported", where, hint)
    if module.stride[0] != module.stride[1]:
        raise UserError(f"stride={module.stride!r} is not supported", where, hint)
    weight, bias = _weight_and_bias(module, where)
    return Linear(
        name=layer_name(path, "conv"),
        kind="conv",
        weight=weight,
        bias=bias,
        stride=module.stride[0],
        padding=_padding(module, where),
    )


def read_linear(module: nn.Linear, path: str, shape: Shape) -> Linear:
    """The fully connected *module* after a map of *shape*, flattened: a kernel that covers the map."""
    where = f"layer {path!r} (Linear)"
    inputs = int(np.prod(shape))
    if module.in_features != inputs:
        what = f"in_features is {module.in_features}, but {inputs} values {shape} come before it"
        raise UserError(what, where, "the layers must chain")
    weight, bias = _weight_and_bias(module, where)
    return Linear(
        name=layer_name(path, "linear"), kind="linear", weight=weight.reshape(-1, *shape), bias=bias
    )


def read_batch_norm(module: nn.BatchNorm1d | nn.BatchNorm2d, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shift (C,) of a normalisation at inference."""
    if module.running_mean is None or module.running_var is None:
        hint = "inference needs fixed statistics"
        raise UserError("track_running_stats=False is not supported", where, hint)
    mean = _array(module.running_mean, "running_mean", where)
    scale = 1 / np.sqrt(_array(module.running_var, "running_var", where) + module.eps)
    if not module.affine:
        return scale, -mean * scale
    scale = scale * _array(module.weight, "weight", where)
    return scale, _array(module.bias, "bias", where) - mean * scale


def read_average(module: nn.AvgPool2d, path: str) -> Average:
    """The average pooling *module*."""
    size, stride = read_window(module, f"layer {path!r} (AvgPool2d)")
    return Average(name=path, size=size, stride=stride, divisor=module.divisor_override or size * size)


def read_window(module: nn.AvgPool2d | nn.MaxPool2d, where: str) -> tuple[int, int]:
    """Size and stride of a square pooling window."""
    stride = module.kernel_size if module.stride is None else module.stride
    for name, value in (("kernel_size", module.kernel_size), ("stride", stride)):
        if isinstance(value, tuple) and value[0] != value[1]:
            raise UserError(f"{name}={value!r} is not supported", where, "use a square window")
    if module.padding not in (0, (0, 0)) or module.ceil_mode:
        what = f"padding={module.padding!r} with ceil_mode={module.ceil_mode} is not supported"
        raise UserError(what, where, "use padding=0 and ceil_mode=False")
    if isinstance(module, nn.MaxPool2d) and (module.dilation not in (1, (1, 1)) or module.return_indices):
        what = f"dilation={module.dilation!r} with return_indices={module.return_indices} is not supported"
        raise UserError(what, where, "use dilation=1 and return_indices=False")
    sizes = [value[0] if isinstance(value, tuple) else value for value in (module.kernel_size, stride)]
    return sizes[0], sizes[1]


def _weight_and_bias(module: nn.Conv2d | nn.Linear, where: str) -> tuple[np.ndarray, np.ndarray]:
    weight = _array(module.weight, "weight", where)
    return weight, np.zeros(len(weight)) if module.bias is None else _array(module.bias, "bias", where)


def _array(tensor: torch.Tensor, name: str, where: str) -> np.ndarray:
    array = tensor.detach().cpu().to(torch.float64).numpy()
    bad = int(array.size - np.isfinite(array).sum())
    if bad:
        raise UserError(f"{bad} of {array.size} values of {name} are NaN or infinite", where, DIVERGED)
    return array


def _padding(module: nn.Conv2d, where: str) -> tuple[int, int]:
    if not isinstance(module.padding, str):
        return module.padding[0], module.padding[1]
    if module.padding == "valid":
        return 0, 0
    rows, columns = module.kernel_size[0], module.kernel_size[1]
    if rows % 2 == 0 or columns % 2 == 0:
        hint = "give the padding as numbers"
        raise UserError("padding='same' with an even kernel is not symmetric", where, hint)
    return rows // 2, columns // 2
