"""Published latencies of two-layer GCN inference, and what is not alike: none can be compared without it.

Papers measure other arithmetic, other clocks and other memories, and few say whether data begin on chip.
Figures are quoted from the tables named in ``source``; they are the authors' measurements or simulations.
"""

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["ABLATIONS", "CHARACTERISATION", "LATENCIES", "Latency", "beside"]

FLOAT = "fp32 arithmetic, ours is int8"
OLD_NOTE = "not in the paper of HyGCN: quoted by others, and below its own bound of dense combination on Cora"


@dataclass(frozen=True, kw_only=True)
class Latency:
    """One figure.

    Attributes
    ----------
    who, device : str
    dataset : str
    hidden : int
        Width of the hidden layer.
    us : float
        Microseconds for the whole graph.
    state : {"warm", "cold", "host"}
        Data on chip at the start; in DRAM; on a CPU or GPU with its caches and launches.
    source : str
    unlike : tuple of str
        What is not as it is here.
    """

    who: str
    device: str
    dataset: str
    hidden: int
    us: float
    state: str
    source: str
    unlike: tuple[str, ...]


def _series(
    who: str,
    device: str,
    hidden: int,
    figures: dict[str, float],
    state: str,
    source: str,
    *unlike: str,
) -> tuple[Latency, ...]:
    return tuple(
        Latency(
            who=who,
            device=device,
            dataset=dataset,
            hidden=64 if dataset == "nell" and hidden == 16 else hidden,
            us=us,
            state=state,
            source=source,
            unlike=unlike,
        )
        for dataset, us in figures.items()
    )


_STRATIX = "Stratix 10 SX, 4,096 multipliers, 330 MHz"
_IGCN = "Geng et al., I-GCN, MICRO 2021, table 2"
_BOOST = "Zhang et al., BoostGCN, FCCM 2021, table VIII"
_GCNAX = "Li et al., GCNAX, HPCA 2021, figure 8"
_ON_CHIP = "warm by inference: its time is too short to read the graph once from its memory"
_MULTIPLIERS = "4,096 multipliers at 330 MHz; z32 has 2,048, its cycles at 300 MHz"
_14NM = "14 nm FPGA; UltraScale+ is 16 nm"

LATENCIES: tuple[Latency, ...] = (
    *_series(
        "I-GCN",
        _STRATIX,
        16,
        {"cora": 1.3, "citeseer": 1.9, "pubmed": 15.1, "nell": 590.0},
        "warm",
        _IGCN,
        *(FLOAT, _MULTIPLIERS, _ON_CHIP, _14NM),
    ),
    *_series(
        "AWB-GCN",
        _STRATIX,
        16,
        {"cora": 2.3, "citeseer": 4.0, "pubmed": 30.0, "nell": 1600.0},
        "warm",
        f"{_IGCN} (AWB-GCN's own table was not read)",
        *(FLOAT, _MULTIPLIERS, _ON_CHIP, _14NM),
    ),
    *_series(
        "BoostGCN",
        "Stratix 10 GX 10M, 3,584 DSP blocks, 250 MHz, 77 GB/s",
        16,
        {"cora": 19.4, "citeseer": 25.3, "pubmed": 166.2},
        "cold",
        _BOOST,
        *(FLOAT, "77 GB/s of DRAM, ours is 19.2 GB/s", "250 MHz, ours is counted at 300 MHz", _14NM),
    ),
    *_series(
        "ASAP'20",
        "Alveo U200, dense update",
        16,
        {"cora": 687.0, "citeseer": 2100.0, "pubmed": 2300.0},
        "cold",
        _BOOST,
        *(FLOAT, "dense features", "77 GB/s class of DRAM, ours is 19.2 GB/s"),
    ),
    *_series(
        "GCNAX",
        "40 nm ASIC, simulated, 16 multipliers, 1 GHz, 128 GB/s",
        16,
        {"cora": 200.0, "citeseer": 250.0, "pubmed": 1800.0, "nell": 76_000.0},
        "cold",
        _GCNAX,
        *("fp64 arithmetic, ours is int8", "16 multipliers", "1 GHz, 40 nm, never built", "128 GB/s"),
    ),
    *_series(
        "HyGCN at GCNAX's size",
        "simulated by others with 16 multipliers, 580 KB, 128 GB/s",
        16,
        {"cora": 2300.0, "citeseer": 2500.0, "pubmed": 12_000.0, "nell": 1_900_000.0},
        "cold",
        _GCNAX,
        *("fp64 arithmetic, ours is int8", "16 multipliers", "1 GHz, 40 nm, simulated by others"),
    ),
    *_series(
        "PyG on a GPU",
        "Titan Xp",
        16,
        {"cora": 637.0, "citeseer": 805.0, "pubmed": 1100.0},
        "host",
        _BOOST,
        *(FLOAT, "launches of kernels are in the time", "GPU of 16 nm, 250 W class"),
    ),
    *_series(
        "DGL on a GPU",
        "Titan Xp",
        16,
        {"cora": 980.0, "citeseer": 1100.0, "pubmed": 1200.0},
        "host",
        _BOOST,
        *(FLOAT, "launches of kernels are in the time", "GPU of 16 nm, 250 W class"),
    ),
    *_series(
        "PyG on a CPU",
        "Xeon Gold 5120, 28 cores",
        16,
        {"cora": 2500.0, "citeseer": 3800.0, "pubmed": 15_000.0},
        "host",
        _BOOST,
        *(FLOAT, "a framework's overheads are in the time"),
    ),
    *_series(
        "DGL on a CPU",
        "Xeon Gold 5120, 28 cores",
        16,
        {"cora": 2200.0, "citeseer": 8200.0, "pubmed": 9700.0},
        "host",
        _BOOST,
        *(FLOAT, "a framework's overheads are in the time"),
    ),
    *_series(
        "I-GCN",
        _STRATIX,
        128,
        {"cora": 8.2, "citeseer": 12.9, "pubmed": 110.0},
        "warm",
        _IGCN,
        *(FLOAT, _MULTIPLIERS, _ON_CHIP, _14NM),
    ),
    *_series(
        "AWB-GCN",
        _STRATIX,
        128,
        {"cora": 17.0, "citeseer": 29.0, "pubmed": 230.0},
        "warm",
        f"{_IGCN} (AWB-GCN's own table was not read)",
        *(FLOAT, _MULTIPLIERS, _ON_CHIP, _14NM),
    ),
    *_series(
        "HyGCN",
        "12 nm ASIC, simulated, 4,608 units, 1 GHz, HBM of 256 GB/s",
        128,
        {"cora": 21.0, "citeseer": 300.0, "pubmed": 640.0},
        "cold",
        "BoostGCN, FCCM 2021, tables VI and VIII",
        *("32-bit fixed point, ours is int8", "1 GHz and 12 nm, never built", "256 GB/s", OLD_NOTE),
    ),
    *_series(
        "BoostGCN",
        "Stratix 10 GX 10M, 3,584 DSP blocks, 250 MHz, 77 GB/s",
        128,
        {"cora": 76.5, "citeseer": 125.8, "pubmed": 1140.0},
        "cold",
        "BoostGCN, FCCM 2021, tables VI and VIII",
        *(FLOAT, "77 GB/s of DRAM, ours is 19.2 GB/s", "250 MHz, ours is counted at 300 MHz", _14NM),
    ),
    *_series(
        "PyG on a GPU",
        "Titan Xp",
        128,
        {"cora": 945.0, "citeseer": 1500.0, "pubmed": 3400.0},
        "host",
        _BOOST,
        *(FLOAT, "launches of kernels are in the time", "GPU of 16 nm, 250 W class"),
    ),
    *_series(
        "PyG on a CPU",
        "Xeon Gold 5120, 28 cores",
        128,
        {"cora": 17_100.0, "citeseer": 22_000.0, "pubmed": 229_000.0},
        "host",
        _BOOST,
        *(FLOAT, "a framework's overheads are in the time"),
    ),
)

ABLATIONS: dict[str, dict[str, Any]] = {
    "elimination": {"cora": 0.88, "pubmed": 0.90, "what": "bytes of the Aggregation Engine"},
    "pipeline": {"cora": 2.13, "pubmed": 1.37, "what": "speed-up"},
    "coordination": {"cora": 1 / 0.28, "pubmed": 1 / 0.25, "what": "speed-up, read off a figure, HBM"},
    "launch": {
        "cora": 1 / 0.93,
        "pubmed": 1 / 0.73,
        "what": "speed-up of a vertex, latency- over energy-aware",
    },
}
"""Yan et al., HyGCN (HPCA 2020), its own ablations: width 128, aggregation first, 4,608 units, 1 GHz, HBM."""

CHARACTERISATION: dict[str, dict[str, float]] = {
    "aggregation": {"utilisation": 0.50, "bytes_per_operation": 2.35, "hit_rate": 0.0687},
    "combination": {"utilisation": 0.90, "bytes_per_operation": 0.01, "hit_rate": 0.825},
}
"""Yan et al., "Characterizing and understanding GCNs on GPU" (IEEE Computer Architecture Letters, 2020),
GraphSAGE on Reddit with a V100: compute units, DRAM bytes, L2 cache. Combination comes first there."""


def beside(dataset: str, hidden: int) -> list[dict[str, Any]]:
    """Figures of the same graph and width, the fastest first, as plain data."""
    same = [each for each in LATENCIES if (each.dataset, each.hidden) == (dataset, hidden)]
    return [asdict(each) for each in sorted(same, key=lambda each: each.us)]
