"""Parameters of the spiking core and the presets built from them."""

from dataclasses import dataclass
from typing import Literal

from pyralis.hw.axi.dma import DmaConfig

__all__ = ["PRESETS", "SnnConfig"]

PLANES = 8
"""Bit planes of a first-layer pixel (signed 8 bit, most significant plane negative)."""

WEIGHT_BITS = 8
LANE_BITS = 12
"""One SIMD lane of the DSP48E2 in FOUR12: 16 products of int8 and one bit stay within -2048..2032."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SnnConfig:
    """Size of one spiking core. Networks are data; this is all that the hardware fixes.

    Attributes
    ----------
    out_lanes : int
        M, output channels computed in parallel. Multiple of 4 and of ``in_lanes``.
    in_lanes : int
        V, input channels summed in one cascade, at most 16 (a 12-bit lane holds 16 int8 products).
    pixel_lanes : int
        N, output pixels computed in parallel.
    step_lanes : int
        S, time steps (or bit planes of the first layer) computed in parallel: 1, 2, 4 or 8.
    neuron_lanes : int
        P, channels whose S steps the neuron row updates each cycle; divides ``in_lanes``.
        A group of N pixels leaves the array at most every N * M / P cycles.
    cell : {"dsp48e2", "fabric"}
        What the crossbars are made of.
    leak : {"shift", "multiply"}
        Whether the neuron row has multipliers (any beta) or only ``v -= v >> k``.
    leak_bits : int
        Fraction bits of the multiplied leak: beta is represented to 2**-(leak_bits + 1).
    current_bits, potential_bits : int
        Widths of an accumulated current and of a membrane potential, two's complement, in bits.
    weight_depth : int
        Words of out_lanes x in_lanes weights in the on-chip ring.
    parameter_tiles : int
        Tiles of out_lanes biases and thresholds held on chip, at least 2.
    map_words : int
        Words of in_lanes x step_lanes spikes in each of the two feature-map buffers.
    bus_bits : int
        Data width of the AXI4 masters, a power of two from 32 to 512, in bits.
    address_bits : int
        Width of a bus address, in bits.
    """

    out_lanes: int = 8
    in_lanes: int = 8
    pixel_lanes: int = 2
    step_lanes: int = 4
    neuron_lanes: int = 4
    cell: Literal["dsp48e2", "fabric"] = "dsp48e2"
    leak: Literal["shift", "multiply"] = "multiply"
    leak_bits: int = 12
    current_bits: int = 24
    potential_bits: int = 24
    weight_depth: int = 256
    parameter_tiles: int = 16
    map_words: int = 512
    bus_bits: int = 64
    address_bits: int = 40

    def __post_init__(self) -> None:
        m, v, p = self.out_lanes, self.in_lanes, self.neuron_lanes
        if not (2 <= v <= 16 and v % 2 == 0):
            raise ValueError(
                f"in_lanes must be even and in 2..16 (a 12-bit lane holds 16 int8 products), not {v}"
            )
        if m < 4 or m % 4 or m % v:
            raise ValueError(f"out_lanes must be a multiple of 4 and of in_lanes ({v}), not {m}")
        if self.pixel_lanes < 1:
            raise ValueError(f"pixel_lanes must be at least 1, not {self.pixel_lanes}")
        if self.step_lanes not in (1, 2, 4, 8):
            raise ValueError(f"step_lanes must be 1, 2, 4 or 8, not {self.step_lanes}")
        if p < 1 or v % p:
            raise ValueError(f"neuron_lanes must divide in_lanes ({v}), not {p}")
        if self.cell not in ("dsp48e2", "fabric"):
            raise ValueError(f"cell must be 'dsp48e2' or 'fabric', not {self.cell!r}")
        if self.leak not in ("shift", "multiply"):
            raise ValueError(f"leak must be 'shift' or 'multiply', not {self.leak!r}")
        if not 1 <= self.leak_bits <= 15:
            raise ValueError(f"leak_bits must be in 1..15, not {self.leak_bits}")
        for name in ("current_bits", "potential_bits"):
            if not 16 <= getattr(self, name) <= 32:
                raise ValueError(f"{name} must be in 16..32, not {getattr(self, name)}")
        if self.bus_bits not in (32, 64, 128, 256, 512):
            raise ValueError(f"bus_bits must be 32, 64, 128, 256 or 512, not {self.bus_bits}")
        if self.stage_bits % self.bus_bits:
            raise ValueError(
                f"bus_bits ({self.bus_bits}) must divide the {self.stage_bits} bits of weights "
                f"that one cascade stage takes (16 x out_lanes)"
            )
        if 32 * p % self.bus_bits:
            raise ValueError(f"bus_bits ({self.bus_bits}) must divide 32 x neuron_lanes ({32 * p})")
        if self.weight_depth < 2:
            raise ValueError(f"weight_depth must be at least 2, not {self.weight_depth}")
        if self.parameter_tiles < 2:
            raise ValueError(f"parameter_tiles must be at least 2, not {self.parameter_tiles}")
        if not 2 <= self.map_words <= 1 << 15 or self.map_words & (self.map_words - 1):
            raise ValueError(f"map_words must be a power of two in 2..{1 << 15}, not {self.map_words}")
        if not 32 <= self.address_bits <= 64:
            raise ValueError(f"address_bits must be in 32..64, not {self.address_bits}")

    @property
    def dma(self) -> DmaConfig:
        """The AXI4 masters."""
        return DmaConfig(address_bits=self.address_bits, data_bits=self.bus_bits)

    @property
    def stages(self) -> int:
        """Cells in one cascade; each takes two inputs."""
        return self.in_lanes // 2

    @property
    def cells(self) -> int:
        """Crossbar cells (DSP48E2 primitives, or their fabric twins) in the array: M V N S / 8."""
        return self.out_lanes * self.in_lanes * self.pixel_lanes * self.step_lanes // 8

    @property
    def stage_bits(self) -> int:
        """Weight bits that one cascade stage takes from a weight word: 2 inputs x M channels x 8."""
        return 2 * self.out_lanes * WEIGHT_BITS

    @property
    def weight_word_bits(self) -> int:
        return self.in_lanes * self.out_lanes * WEIGHT_BITS

    @property
    def weight_word_beats(self) -> int:
        """Bus beats per weight word."""
        return self.weight_word_bits // self.bus_bits

    @property
    def parameter_beats(self) -> int:
        """Bus beats of the biases and thresholds of one tile (8 bytes a channel)."""
        return 64 * self.out_lanes // self.bus_bits

    @property
    def map_word_bits(self) -> int:
        """Bits of a feature-map word: bit ``s * in_lanes + v`` is channel v at time step s."""
        return self.in_lanes * self.step_lanes

    @property
    def blocks(self) -> int:
        """Neuron-row passes per pixel of one tile: M / P."""
        return self.out_lanes // self.neuron_lanes

    @property
    def slots(self) -> int:
        """Neuron-row passes per pixel group, N * M / P; also the fewest cycles between groups."""
        return self.pixel_lanes * self.blocks

    @property
    def plane_groups(self) -> int:
        """Passes of S bit planes that make one signed 8-bit pixel."""
        return PLANES // self.step_lanes


PRESETS: dict[str, SnnConfig] = {
    "tiny": SnnConfig(cell="fabric"),
    "zu3eg": SnnConfig(out_lanes=16, in_lanes=16, weight_depth=320, map_words=2048, bus_bits=128),
    "zcu104": SnnConfig(
        out_lanes=32, in_lanes=16, pixel_lanes=4, weight_depth=320, map_words=2048, bus_bits=128
    ),
}
"""Named sizes: ``tiny`` fits an ECP5-85F without DSP primitives, ``zu3eg`` has 256 DSP48E2, ``zcu104``
1,024."""
