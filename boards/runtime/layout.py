"""Where the inputs and results of a compiled network lie in memory: plain numbers, from the manifest.

The compiler (:mod:`pyralis.gen.snn.compile`) makes a :class:`JobLayout` and writes it into ``manifest.json``
under ``network``; a driver reads it there. Both pack and unpack with the code below.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.words import WordLayout

__all__ = ["JobLayout", "ResultPart"]


@dataclass(frozen=True)
class ResultPart:
    """Rows of the last layer that lie together.

    ``address``: first byte, counted from the run's results; ``tiles`` of output channels; ``rows``.
    """

    address: int
    tiles: int
    rows: int


@dataclass(frozen=True)
class JobLayout:
    """The way in and out of one network on one core.

    Attributes
    ----------
    input_shape : (C, H, W)
    coding : {"direct", "events", "ternary"}
    time_steps : int
    input_scale : float
        Real value of 1 at the input.
    input_range : (int, int)
        Least and greatest value that an input may have.
    images_per_run : int
        Images that one run of the program takes.
    input_stride, output_stride : int
        Bytes of one run.
    raw_pixels : bool
        Inputs lie in memory as they are, [y][x][channel]; otherwise as feature-map words.
    beat_bytes : int
        Bytes of a bus beat; the rows of a strip fill whole ones.
    words : WordLayout
    input_rows : tuple of (int, int)
        Input rows of each strip of the first layer, half open.
    out_lanes : int
        Output channels side by side in a result.
    out_shape : (C, H, W)
        Of the last layer.
    results : tuple of ResultPart
        Its strips, from the top.
    """

    input_shape: tuple[int, int, int]
    coding: str
    time_steps: int
    input_scale: float
    input_range: tuple[int, int]
    images_per_run: int
    input_stride: int
    output_stride: int
    raw_pixels: bool
    beat_bytes: int
    words: WordLayout
    input_rows: tuple[tuple[int, int], ...]
    out_lanes: int
    out_shape: tuple[int, int, int]
    results: tuple[ResultPart, ...]

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Of one input: (C, H, W), or (T, C, H, W) of frames."""
        return self.input_shape if self.coding == "direct" else (self.time_steps, *self.input_shape)

    @property
    def outputs(self) -> int:
        """Scores of one image."""
        return int(np.prod(self.out_shape))

    def runs(self, images: int) -> int:
        """Runs of the program that so many images take."""
        return -(-images // self.images_per_run)

    def check(self, inputs: Any) -> np.ndarray:
        """*inputs* as an array if shape, dtype and values are what the network takes, else DriverError."""
        inputs, shape = np.asarray(inputs), self.image_shape
        if inputs.ndim != len(shape) + 1 or inputs.shape[1:] != shape:
            raise DriverError(
                f"the network takes inputs of shape (images, {', '.join(map(str, shape))}), "
                f"not {inputs.shape}",
                "add the image dimension, or export the network with this input shape",
            )
        if not np.issubdtype(inputs.dtype, np.integer) and inputs.dtype != np.bool_:
            raise DriverError(
                f"the network takes integers, not {inputs.dtype}",
                f"divide by the input scale {self.input_scale:g}, round and convert to int8",
            )
        low, high = self.input_range
        if len(inputs) and (inputs.min() < low or inputs.max() > high):
            raise DriverError(
                f"{self.coding} inputs must lie in {low}..{high}, "
                f"but these reach {inputs.min()}..{inputs.max()}",
                "scale and clip them as the export report says",
            )
        return inputs

    def pack(self, inputs: Any) -> bytes:
        """Bytes of images (B, C, H, W) or frames (B, T, C, H, W), in whole runs; missing images are zeros."""
        inputs = self.check(inputs)
        short = -len(inputs) % self.images_per_run
        if short:
            inputs = np.concatenate([inputs, np.zeros((short, *inputs.shape[1:]), inputs.dtype)])
        if self.raw_pixels:
            packed = np.ascontiguousarray(inputs.astype(np.int8).transpose(0, 2, 3, 1))
        elif self.coding == "direct":
            packed = self.words.pack_planes(inputs)
        else:
            packed = self.words.pack(self._channels(inputs))
        runs = len(inputs) // self.images_per_run
        if not runs:
            return b""
        rows = packed.view(np.uint8).reshape(runs, self.images_per_run, self.input_shape[1], -1)
        parts = []
        for low, high in self.input_rows:
            part = rows[:, :, low:high].reshape(runs, -1)
            parts.append(np.pad(part, ((0, 0), (0, -part.shape[1] % self.beat_bytes))))
        return np.concatenate(parts, axis=1).tobytes()

    def _channels(self, frames: np.ndarray) -> np.ndarray:
        """Event frames (B, T, C, H, W) as 0/1 channels; ternary ones as positive then negative channels."""
        if self.coding == "events":
            return frames.astype(np.uint8)
        return np.concatenate([frames > 0, frames < 0], axis=2).astype(np.uint8)

    def unpack(self, memory: bytes, images: int) -> np.ndarray:
        """Scores (images, outputs) int64 from the bytes of the results; outputs in c, h, w order."""
        channels, _, width = self.out_shape
        runs = self.runs(images)
        stored = np.frombuffer(memory, dtype="<i4", count=runs * self.output_stride // 4).reshape(runs, -1)
        maps = []
        for part in self.results:
            shape = (runs, part.tiles, self.images_per_run, part.rows, width, self.out_lanes)
            begin = part.address // 4
            values = stored[:, begin : begin + int(np.prod(shape[1:]))].reshape(shape)
            rows = values.transpose(0, 2, 1, 5, 3, 4).reshape(
                -1, part.tiles * self.out_lanes, part.rows, width
            )
            maps.append(rows[:images, :channels])
        return np.concatenate(maps, axis=2).reshape(images, self.outputs).astype(np.int64)

    def to_json(self) -> dict[str, Any]:
        """The same as lists, numbers and names."""
        return _listed(asdict(self))

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> "JobLayout":
        """Inverse of :meth:`to_json`; other keys of *facts* are left alone.

        Raises DriverError naming what is missing.
        """
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in facts]
        if missing:
            raise DriverError(
                f"the network's facts in manifest.json have no {missing[0]!r}",
                "generate the core again with the version of Pyralis that this driver comes from",
            )
        known = {name: _frozen(facts[name]) for name in names}
        known["words"] = WordLayout(**facts["words"])
        known["results"] = tuple(ResultPart(**part) for part in facts["results"])
        return cls(**known)


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _listed(content) for name, content in value.items()}
    return [_listed(content) for content in value] if isinstance(value, (tuple, list)) else value


def _frozen(value: Any) -> Any:
    return tuple(_frozen(content) for content in value) if isinstance(value, (tuple, list)) else value
