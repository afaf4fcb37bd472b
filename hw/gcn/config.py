"""Parameters of the graph core and the presets built from them."""

from dataclasses import dataclass

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.gcn.handlerconfig import HandlerConfig

__all__ = ["INDEX_BITS", "LINE", "NO_SOURCE", "PRESETS", "GcnConfig"]

LINE = 8
"""Entries of a line: of what the line buffers hold, and of the largest task."""

INDEX_BITS = 15
"""An entry of a sparse matrix is an index of this many bits and, above it, the mark of a row's last one."""

NO_SOURCE = (1 << INDEX_BITS) - 1
"""Index of an entry that adds nothing: a row without entries is one such entry."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GcnConfig:
    """Size of one graph core. Graphs and networks are data; this is all that the hardware fixes.

    Row v of a matrix belongs to column v mod ``columns``. A column holds a part of the Aggregation Engine, a
    systolic module of the Combination Engine, and the banks of the row store that its rows are written to.

    Attributes
    ----------
    columns : int
        A power of two, in 1..64.
    cores : int
        SIMD cores of a column, 1..4 (a column dispatches one task a cycle).
    lanes : int
        Elements that a core adds, and columns of a systolic module: 4, 8 or 16.
    splits : int
        1, 2 or 4: entries that a core takes a cycle of rows of ``lanes / splits`` elements.
    pe_rows : int
        Rows of a systolic module, one vertex each: a power of two of at least 2.
    gather_ports : int
        PE rows of a module that can take their weights from the Weight Buffer by themselves, for sparse
        features: 1, 2, 4 or 8.
    banks : int
        Banks of the row store in a column, a power of two.
    store_rows : int
        Words of ``lanes`` bytes in a bank, a power of two.
    hubs : int
        Rows of which every core holds a copy: 0, or a power of two.
    rounds : int
        Chances that a core has to win a bank in one service slot, 1..4.
    contexts : int
        Rows that a core adds at a time, a power of two of at least 2.
    weight_rows : int
        Words of ``lanes`` weights in the Weight Buffer, a power of two.
    edge_lines, feature_lines : int
        Lines of eight entries that a column holds of adjacencies, and each of its gather clusters of
        features; powers of two.
    group_bytes : int
        Elements of one row in the Aggregation Buffer: the widest input of a dense combination after an
        aggregation, a power of two.
    accumulator_bits : int
        Width of a sum in the Aggregation Engine, 16..32, in bits.
    product_bits : int
        Width of a sum in the Combination Engine, 20..32, in bits.
    epilogue_lanes : int
        Elements of a row of results that an epilogue finishes in a cycle: ``lanes`` over 1, 2 or 4. Rows come
        at most every second cycle, unless they are narrow. 0 means half of ``lanes``.
    edge_weights : bool
        Whether entries of adjacencies can have int8 weights, and SIMD cores multipliers.
    feature_values : bool
        Whether entries of sparse features can have int8 values; without, every entry counts 1.
    sampler : bool
        Whether aggregations can draw samples of the rows of adjacencies.
    occupancy_words : int
        Words of 64 rows in the memory for the Sparsity Eliminator's bitmaps, a power of two of at least 16;
        or 0, for no eliminator.
    bus_bits : int
        Data width of the AXI4 masters, a power of two from 32 to 512, in bits. The lines in one beat are of
        different columns: at most 128 for each of them.
    scale_rows : int
        Scales that a column holds for each engine, a power of two; 0: as many as it has rows.
    address_bits : int
        Width of a bus address, in bits.
    program_queue : int
        Legal descriptors that wait for execution, 1..16. A table of wide words costs the same for 4 and for
        16, and in 16 most of the next run's program is ready when a run ends; a single one takes no table.
    """

    columns: int = 2
    cores: int = 2
    lanes: int = 8
    splits: int = 2
    pe_rows: int = 4
    gather_ports: int = 2
    banks: int = 2
    store_rows: int = 1024
    hubs: int = 16
    rounds: int = 2
    contexts: int = 4
    weight_rows: int = 256
    edge_lines: int = 2048
    feature_lines: int = 2048
    group_bytes: int = 64
    accumulator_bits: int = 24
    product_bits: int = 32
    epilogue_lanes: int = 0
    edge_weights: bool = False
    feature_values: bool = True
    sampler: bool = False
    occupancy_words: int = 0
    bus_bits: int = 64
    scale_rows: int = 0
    address_bits: int = 40
    program_queue: int = 16

    def __post_init__(self) -> None:
        if not self.epilogue_lanes:
            object.__setattr__(self, "epilogue_lanes", self.lanes // 2)
        ranges = {
            "columns": (1, 64),
            "pe_rows": (2, 64),
            "banks": (1, 16),
            "store_rows": (16, 1 << INDEX_BITS),
            "contexts": (2, 16),
            "weight_rows": (16, 1 << INDEX_BITS),
            "edge_lines": (16, 1 << 16),
            "feature_lines": (16, 1 << 16),
            **({"scale_rows": (16, 1 << 16)} if self.scale_rows else {}),
            "group_bytes": (self.lanes, 4096),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high or value & (value - 1):
                raise ValueError(f"{name} must be a power of two in {low}..{high}, not {value}")
        for name, choices in (
            ("lanes", (4, 8, 16)),
            ("splits", (1, 2, 4)),
            ("gather_ports", (1, 2, 4, 8)),
            ("bus_bits", (32, 64, 128, 256, 512)),
        ):
            if getattr(self, name) not in choices:
                listed = ", ".join(map(str, choices[:-1]))
                raise ValueError(f"{name} must be {listed} or {choices[-1]}, not {getattr(self, name)}")
        for name, low, high in (
            ("cores", 1, 4),
            ("rounds", 1, 4),
            ("accumulator_bits", 16, 32),
            ("product_bits", 20, 32),
            ("address_bits", 32, 64),
            ("program_queue", 1, 16),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be in {low}..{high}, not {getattr(self, name)}")
        if self.epilogue_lanes not in (self.lanes, self.lanes // 2, self.lanes // 4):
            raise ValueError(
                f"epilogue_lanes must be {self.lanes // 4}, {self.lanes // 2} or {self.lanes}, as lanes is "
                f"{self.lanes}, not {self.epilogue_lanes}"
            )
        if self.bus_bits > 16 * LINE * self.columns:
            raise ValueError(
                f"bus_bits ({self.bus_bits}) must not exceed {16 * LINE} for each column ({self.columns})"
            )
        words = self.occupancy_words
        if words and (words & (words - 1) or not 16 <= words <= 2048):
            raise ValueError(f"occupancy_words must be 0 or a power of two in 16..2048, not {words}")
        if words and self.bus_bits > self.row_bits * self.columns:
            raise ValueError(
                f"with occupancy_words, a beat of bus_bits ({self.bus_bits}) must not exceed a word of "
                f"{self.row_bits} bits for each column ({self.columns})"
            )
        if self.gather_ports > self.pe_rows:
            raise ValueError(f"gather_ports ({self.gather_ports}) must not exceed pe_rows ({self.pe_rows})")
        if self.hubs and (self.hubs & (self.hubs - 1) or self.hubs > self.rows):
            raise ValueError(f"hubs must be 0 or a power of two up to {self.rows}, not {self.hubs}")
        if self.rows > 1 << INDEX_BITS:
            raise ValueError(
                f"the row store of {self.rows} words has more than an index of {INDEX_BITS} bits can name"
            )

    @property
    def all_banks(self) -> int:
        """Banks of the row store."""
        return self.columns * self.banks

    @property
    def rows(self) -> int:
        """Words of the row store."""
        return self.all_banks * self.store_rows

    @property
    def row_bits(self) -> int:
        """Bits of a word of the row store, and of the Weight Buffer: ``lanes`` bytes."""
        return 8 * self.lanes

    @property
    def group_words(self) -> int:
        """Words of the row store that loads bring as a whole: those of a bus beat, or one that is longer."""
        return max(1, self.bus_bits // self.row_bits)

    @property
    def clusters(self) -> int:
        """Gather clusters of a column: at most four ports share the tasks of one."""
        return max(1, self.gather_ports // 4)

    @property
    def cluster_ports(self) -> int:
        return self.gather_ports // self.clusters

    @property
    def simd_lanes(self) -> int:
        """Additions a cycle of the Aggregation Engine."""
        return self.columns * self.cores * self.lanes

    @property
    def gather_lanes(self) -> int:
        """Products a cycle of the Combination Engine with sparse features."""
        return self.columns * self.gather_ports * self.lanes

    @property
    def macs(self) -> int:
        """Products a cycle of the systolic modules."""
        return self.columns * self.pe_rows * self.lanes

    @property
    def handler(self) -> HandlerConfig:
        """The Memory Handler: buffers for the latency of DDR4 behind a wide bus, small ones behind others.

        The banks are those of a DDR4 of 64 bits whose bank groups change from line to line, or of an SDRAM
        of 16 bits with rows of 512 columns.
        """
        wide = self.bus_bits >= 256
        dma = DmaConfig(
            address_bits=self.address_bits,
            data_bits=self.bus_bits,
            burst_beats=16,
            outstanding=8 if wide else 4,
            bursts=32 if wide else 4,
        )
        return HandlerConfig(
            dma=dma,
            buffer_bursts=16 if wide else 4,
            batch_bursts=16 if wide else 8,
            bank_bit=15 if wide else 10,
            bank_bits=2,
        )


PRESETS: dict[str, GcnConfig] = {
    "tiny": GcnConfig(
        cores=1,
        lanes=4,
        splits=1,
        pe_rows=2,
        gather_ports=1,
        store_rows=4096,
        hubs=0,
        rounds=1,
        weight_rows=1024,
        scale_rows=1024,
        edge_lines=512,
        feature_lines=512,
        product_bits=24,
        epilogue_lanes=1,
        address_bits=32,
        program_queue=1,
    ),
    "z8": GcnConfig(
        columns=4,
        cores=2,
        lanes=16,
        pe_rows=8,
        gather_ports=4,
        banks=2,
        store_rows=2048,
        hubs=64,
        rounds=4,
        contexts=8,
        weight_rows=4096,
        edge_lines=2048,
        feature_lines=2048,
        group_bytes=256,
        product_bits=24,
        sampler=True,
        occupancy_words=2048,
        bus_bits=256,
    ),
    "z32": GcnConfig(
        columns=16,
        cores=2,
        lanes=16,
        pe_rows=8,
        gather_ports=4,
        banks=2,
        hubs=64,
        rounds=4,
        contexts=8,
        weight_rows=4096,
        edge_lines=2048,
        feature_lines=2048,
        group_bytes=256,
        product_bits=24,
        sampler=True,
        occupancy_words=2048,
        bus_bits=512,
    ),
    "z64": GcnConfig(
        columns=16,
        cores=4,
        lanes=16,
        pe_rows=8,
        gather_ports=4,
        banks=4,
        store_rows=512,
        hubs=64,
        rounds=3,
        contexts=8,
        weight_rows=16384,
        edge_lines=2048,
        feature_lines=2048,
        group_bytes=256,
        product_bits=24,
        sampler=True,
        occupancy_words=2048,
        bus_bits=512,
    ),
}
"""Named sizes: ``tiny`` for an ECP5-85F, with 8 adders and memories for 1,800 nodes with 16 hidden features;
``z8`` for a ZCU104, with 128 adders beside 512 multipliers; ``z32`` and ``z64`` for devices of a million
look-up tables, with 512 and 1,024 adders beside 2,048 multipliers."""
