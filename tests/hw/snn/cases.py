"""Random layers as the output path sees them, and what has to come out."""

import random
from dataclasses import dataclass

import torch
from slots import all_neurons, neuron_fields

from pyralis.gen.intnetwork import IntNeuron
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.group import GroupLayout
from pyralis.hw.snn.program import LAYER, Output
from pyralis.sim.bench.stream import pack
from pyralis.sim.golden.snn.neuron import neuron as golden
from pyralis.sim.golden.snn.planes import from_planes
from pyralis.sim.golden.snn.pool import pool


@dataclass(kw_only=True)
class Case:
    """One layer: *height* x *width* unpooled pixels, *tiles* of M channels of which *channels* exist."""

    config: SnnConfig
    rng: random.Random
    neuron: IntNeuron
    output: Output = Output.SPIKES
    planes: bool = False
    height: int = 4
    width: int = 4
    pool_size: int = 1
    pool_stride: int = 1
    steps: int = 4
    tiles: int = 1
    channels: int = 8
    limit: int = 100
    in_buffer: int = 0
    argmax: bool = False
    base: int = 0
    quiet_padding: bool = True

    def __post_init__(self) -> None:
        c = self.config
        all_channels = self.tiles * c.out_lanes
        self.groups = -(-self.steps // c.step_lanes)
        pixels = self.height * self.width
        self.bias = self._numbers(-self.limit // 4, self.limit // 4, all_channels)
        self.threshold = self._numbers(1, self.limit // 2, all_channels)
        if self.quiet_padding:  # as the compiler does it
            self.bias[self.channels :] = 0
            self.threshold[self.channels :] = (1 << c.potential_bits - 1) - 1
        if self.planes:
            self.sums = self._numbers(
                -self.limit // 256, self.limit // 256, c.plane_groups, c.step_lanes, pixels, all_channels
            )
            currents = from_planes(self.sums).expand(self.steps, pixels, all_channels)
        else:
            currents = self._numbers(-self.limit // 2, self.limit, self.steps, pixels, all_channels)
            if self.quiet_padding:
                currents[..., self.channels :] = 0
            empty = self._numbers(-9, 9, self.groups * c.step_lanes - self.steps, pixels, all_channels)
            self.sums = torch.cat([currents, empty]).view(self.groups, c.step_lanes, pixels, all_channels)
        spikes, self.potentials, saturated = golden(
            currents, self.bias, self.threshold, self.neuron, c.potential_bits
        )
        self.spikes = spikes.clone()
        self.spikes[..., self.channels :] = 0
        maps = self.spikes.view(self.steps, self.height, self.width, all_channels).permute(0, 3, 1, 2)
        self.pooled = pool(maps, self.pool_size, self.pool_stride)  # (T, C, H, W)
        walked = sorted({pixel for window in self.windows() for pixel in window})
        self.saturated = bool(saturated[:, walked, : self.channels].any())

    def _numbers(self, first: int, last: int, *shape: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(self.rng.getrandbits(32))
        return torch.randint(first, last + 1, shape, generator=generator)

    @property
    def out_size(self) -> tuple[int, int]:
        return tuple((n - self.pool_size) // self.pool_stride + 1 for n in (self.height, self.width))

    @property
    def pixel_words(self) -> int:
        """Words of a pixel: those of channels that exist."""
        return -(-self.channels // self.config.in_lanes) * self.groups

    def windows(self) -> list[list[int]]:
        """Unpooled pixels of each pooling window, row by row."""
        rows, columns = self.out_size
        span = range(self.pool_size)
        return [
            [
                (y * self.pool_stride + dy) * self.width + x * self.pool_stride + dx
                for dy in span
                for dx in span
            ]
            for y in range(rows)
            for x in range(columns)
        ]

    def layer(self) -> int:
        return LAYER.const({
            **neuron_fields(self.neuron),
            "planes": self.planes,
            "in_buffer": self.in_buffer,
            "output": self.output,
            "argmax": self.argmax,
            "pool": self.pool_size > 1,
            "out_tiles": self.tiles,
            "out_channels": self.channels,
            "in_groups": self.config.plane_groups if self.planes else self.groups,
            "out_groups": self.groups,
            "time_steps": self.steps,
        }).as_bits()

    def stream(self) -> tuple[list[int], list[int]]:
        """Payloads of ``groups`` and of ``currents``."""
        c, (_, columns) = self.config, self.out_size
        lanes = [
            {
                "used": 1,
                "first": i == 0,
                "last": i == len(window) - 1,
                "row": n % columns == columns - 1,
                "address": self.base + n * self.pixel_words,
                "pixel": pixel,
            }
            for n, window in enumerate(self.windows())
            for i, pixel in enumerate(window)
        ]
        while len(lanes) % c.pixel_lanes:
            rubbish = {key: self.rng.getrandbits(1) for key in ("first", "last", "row", "address")}
            lanes.append({**rubbish, "pixel": 0})
        layout = GroupLayout(c)
        groups, currents = [], []
        for tile in range(self.tiles):
            for i in range(0, len(lanes), c.pixel_lanes):
                part = lanes[i : i + c.pixel_lanes]
                fields = [{k: v for k, v in lane.items() if k != "pixel"} for lane in part]
                last = i + c.pixel_lanes == len(lanes)
                groups.append(layout.const({"lanes": fields, "tile_end": last}).as_bits())
                for sums in self.sums:
                    for lane in part:
                        currents += self._slots(sums[:, lane["pixel"]], tile, "used" in lane)
        return groups, currents

    def _slots(self, sums: torch.Tensor, tile: int, used: bool) -> list[int]:
        """The M / P slots of one lane; rubbish if it is not used."""
        c = self.config
        channels = sums[:, tile * c.out_lanes : (tile + 1) * c.out_lanes].T.tolist()  # [M][S]
        if not used:
            top = 1 << c.current_bits - 1
            channels = [[self.rng.randrange(-top, top) for _ in channel] for channel in channels]
        return [
            pack([value for channel in channels[j : j + c.neuron_lanes] for value in channel], c.current_bits)
            for j in range(0, c.out_lanes, c.neuron_lanes)
        ]

    def parameters(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Biases and thresholds (M / P, P) of each tile."""
        shape = self.tiles, self.config.blocks, self.config.neuron_lanes
        return list(zip(self.bias.view(shape), self.threshold.view(shape), strict=True))

    def words(self) -> dict[int, int]:
        """Address -> feature-map word, for output ``SPIKES``."""
        c = self.config
        v, s = c.in_lanes, c.step_lanes
        words = {}
        padded = torch.cat([
            self.pooled,
            self.pooled.new_zeros(self.groups * s - self.steps, *self.pooled.shape[1:]),
        ])
        flat = padded.flatten(2).tolist()  # [T][C][pixel]
        for n in range(self.out_size[0] * self.out_size[1]):
            for k in range(self.pixel_words // self.groups):
                for g in range(self.groups):
                    bits = [flat[g * s + step][k * v + lane][n] for step in range(s) for lane in range(v)]
                    words[self.base + n * self.pixel_words + k * self.groups + g] = pack(bits, 1)
        return words

    def values(self) -> torch.Tensor:
        """(pixels, tiles * M) results."""
        return self.spikes.sum(0, dtype=torch.int64) if self.output == Output.COUNTS else self.potentials[-1]

    def results(self) -> list[list[int]]:
        """Transfers of P values: [tile][pixel][block]. Unpooled."""
        c = self.config
        tiles = self.values().view(-1, self.tiles, c.blocks, c.neuron_lanes).transpose(0, 1)
        return tiles.reshape(-1, c.neuron_lanes).tolist()


def random_case(config: SnnConfig, rng: random.Random, **fixed) -> Case:
    tiles = rng.randrange(1, 4)
    size, stride = rng.choice([(1, 1), (1, 1), (2, 2), (3, 3), (3, 2)])
    results = rng.random() < 0.25
    groups = rng.randrange(1, 4)
    fields = {
        "neuron": rng.choice(all_neurons(config, rng)),
        "planes": rng.random() < 0.4,
        "output": rng.choice([Output.COUNTS, Output.POTENTIALS]) if results else Output.SPIKES,
        "height": rng.randrange(size, 6),
        "width": rng.randrange(size, 6),
        "pool_size": 1 if results else size,
        "pool_stride": 1 if results else stride,
        "steps": rng.randrange((groups - 1) * config.step_lanes + 1, groups * config.step_lanes + 1),
        "tiles": tiles,
        "channels": rng.randrange((tiles - 1) * config.out_lanes + 1, tiles * config.out_lanes + 1),
        "in_buffer": rng.getrandbits(1),
        "base": rng.randrange(40),
        "limit": rng.choice([100, 3000, (1 << min(config.potential_bits, config.current_bits) - 1) - 1]),
        **fixed,
    }
    return Case(config=config, rng=rng, **fields)
