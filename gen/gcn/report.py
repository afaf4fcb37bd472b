"""What a graph core is made of: what it does in a cycle, and its memories as its Verilog declares them."""

import re
from collections import Counter
from typing import Any

from pyralis.hw.gcn.config import GcnConfig

__all__ = ["memories", "report"]

MEMORY = re.compile(r"^\s*reg (?:\[(\d+):0\] )?\S+ \[(\d+):0\];", re.MULTILINE)
"""Of Yosys: ``reg [31:0] words [1023:0];``."""

MODULE = re.compile(r"^module (\\\S+|\w+) ?\(.*?^endmodule", re.MULTILINE | re.DOTALL)
INSTANCE = re.compile(r"^  (\\\S+|\w+) +(?:\\\S+|\w+) +\($", re.MULTILINE)


def memories(verilog: str) -> list[dict[str, int]]:
    """Every memory in *verilog*: ``count`` of those with ``depth`` words of ``width`` bits; large ones first.

    A memory counts in each instance of its module. What has copies for further ports in it counts once: which
    it needs, the device decides.
    """
    bodies = {module[1]: module[0] for module in MODULE.finditer(verilog)}
    within: dict[str, Counter[tuple[int, int]]] = {}

    def count(module: str) -> Counter[tuple[int, int]]:
        if module not in within:
            own = MEMORY.findall(bodies[module])
            found = Counter((int(depth) + 1, int(top or 0) + 1) for top, depth in own)
            for inner in INSTANCE.findall(bodies[module]):
                found.update(count(inner) if inner in bodies else {})
            within[module] = found
        return within[module]

    instances = {inner for body in bodies.values() for inner in INSTANCE.findall(body)}
    found: Counter[tuple[int, int]] = Counter()
    for top in bodies.keys() - instances:
        found.update(count(top))
    rows = [
        {"count": count, "depth": depth, "width": width, "bits": count * depth * width}
        for (depth, width), count in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["bits"], row["depth"], row["width"]))


def report(config: GcnConfig, verilog: str) -> dict[str, Any]:
    """Plain data for ``report.json``.

    Parameters
    ----------
    config : GcnConfig
    verilog : str
        The core.

    Returns
    -------
    dict
        ``per_cycle``: additions of the Aggregation Engine, products of the Combination Engine with sparse
        features and with dense rows, elements that the epilogues finish, bytes on the bus. ``memories``: see
        :func:`memories`; and ``memory_bits`` of them all.
    """
    c, found = config, memories(verilog)
    return {
        "per_cycle": {
            "additions": c.simd_lanes,
            "sparse_products": c.gather_lanes,
            "dense_products": c.macs,
            "finished_elements": 2 * c.columns * c.epilogue_lanes,
            "bus_bytes": c.bus_bits // 8,
        },
        "memories": found,
        "memory_bits": sum(row["bits"] for row in found),
    }
