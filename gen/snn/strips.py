"""Cuts a layer whose maps are larger than the buffers into strips of output rows."""

from dataclasses import dataclass
from math import gcd

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, Shape
from pyralis.gen.snn.layout import word_bytes
from pyralis.hw.snn.config import SnnConfig

__all__ = ["Strip", "cut"]


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Some output rows of a layer and the input rows that they need.

    Attributes
    ----------
    out_rows, in_rows : (int, int)
        Half-open ranges, after pooling and before padding.
    pad_top : int
        Zero rows above ``in_rows[0]`` that the first output row looks at.
    """

    out_rows: tuple[int, int]
    in_rows: tuple[int, int]
    pad_top: int


def _strip(layer: IntLayer, height: int, first: int, last: int) -> Strip:
    kernel_h, top = layer.weight.shape[2], layer.padding[0]
    begin = first * layer.pool_stride * layer.stride - top
    end = ((last - 1) * layer.pool_stride + layer.pool - 1) * layer.stride - top + kernel_h
    low, high = max(begin, 0), min(end, height)
    return Strip(out_rows=(first, last), in_rows=(low, high), pad_top=low - begin)


def cut(
    config: SnnConfig,
    layer: IntLayer,
    shape: Shape,
    row_words: tuple[int, int],
    where: str,
) -> tuple[Strip, ...]:
    """Strips of *layer* on an input map of *shape*, each as high as the buffers allow.

    *row_words*: feature-map words of an input row and of an output row (0 for results, which are not stored).
    One strip means that the whole layer fits. Strips that are written to memory begin at a bus beat.

    Raises UserError if not even the fewest rows fit.
    """
    _, height, _ = shape
    out_height = layer.pooled_shape(shape)[1]
    whole = Strip(out_rows=(0, out_height), in_rows=(0, height), pad_top=layer.padding[0])
    in_row, out_row = row_words
    if height * in_row <= config.map_words and out_height * out_row <= config.map_words:
        return (whole,)
    if layer.padding[0] >= layer.weight.shape[2]:
        raise UserError(
            f"the maps need {max(height * in_row, out_height * out_row)} feature-map words, this core has "
            f"{config.map_words}, and a layer with more padding ({layer.padding[0]}) than kernel rows "
            f"({layer.weight.shape[2]}) cannot be cut into strips",
            where,
            "choose a larger preset, or less padding",
        )
    # A strip's first beat may begin in the row before.
    slack = max(1, config.bus_bits // 8 // word_bytes(config)) - 1
    unit = config.bus_bits // 8
    step = unit // gcd(unit, out_row * word_bytes(config)) if out_row else 1
    for rows in range(out_height - out_height % step, 0, -step):
        strips = tuple(
            _strip(layer, height, first, min(first + rows, out_height))
            for first in range(0, out_height, rows)
        )
        tallest = max(high - low for low, high in (strip.in_rows for strip in strips))
        if tallest * in_row + slack <= config.map_words and rows * out_row <= config.map_words:
            return strips
    least = _strip(layer, height, 0, min(step, out_height))
    need = max((least.in_rows[1] - least.in_rows[0]) * in_row + slack, min(step, out_height) * out_row)
    raise UserError(
        f"even {min(step, out_height)} output row{'s' * (step > 1)} of this layer need{'s' * (step == 1)} "
        f"{need} feature-map words, and this core has {config.map_words}",
        where,
        "choose a larger preset, or a configuration with more map_words",
    )
