"""Several clock cycles of a netlist as one without flip-flops, so that a sequential circuit can be proven."""

from collections.abc import Mapping, Sequence

import numpy as np

from pyralis.gen.synthesis.graph import levels
from pyralis.gen.synthesis.netlist import Netlist

__all__ = ["unrolled"]


def unrolled(netlist: Netlist, cycles: Sequence[Mapping[str, int]]) -> Netlist:
    """The gates of *netlist* once for every clock cycle, from the initial state on.

    Parameters
    ----------
    netlist : Netlist
        With flip-flops, of which each cycle takes what the one before left.
    cycles : sequence of mappings
        For each cycle the values of the control inputs, the same ports each time. All other inputs are held,
        and stay inputs.

    Returns
    -------
    Netlist
        Without clock; its outputs are those of the last cycle, before its edge.

    Raises
    ------
    ValueError
        There is no cycle, or they name different ports, or one that is no input.
    """
    if not cycles:
        raise ValueError("there must be at least one cycle")
    for number, values in enumerate(cycles):
        if values.keys() != cycles[0].keys() or not values.keys() <= netlist.inputs.keys():
            what = f"cycle {number} sets {', '.join(values) or 'none'}"
            raise ValueError(f"{what}; every cycle must set the same ones of {', '.join(netlist.inputs)}")
    inputs: dict[str, tuple[int, ...]] = {}
    first = 2
    for port, nets in netlist.inputs.items():
        if port not in cycles[0]:
            inputs[port] = tuple(range(first, first + len(nets)))
            first += len(nets)

    gates = netlist.gate_count
    fanin = np.zeros((len(cycles), gates, 3), np.int64)
    number_of = np.zeros(netlist.net_count, np.int64)  # of each net, in the cycle at hand
    number_of[1] = 1
    state = netlist.ff_init.astype(np.int64)  # a value is the net of that constant
    for cycle, values in enumerate(cycles):
        for port, nets in netlist.inputs.items():
            held = inputs.get(port) or [values[port] >> bit & 1 for bit in range(len(nets))]
            number_of[list(nets)] = held
        number_of[netlist.ff_q] = state
        number_of[netlist.out] = first + cycle * gates + np.arange(gates)
        fanin[cycle] = number_of[netlist.fanin]
        state = number_of[netlist.ff_d]

    flat = fanin.reshape(-1, 3)
    source, target = flat.ravel() - first, np.repeat(np.arange(len(flat)), 3)
    level = levels(len(flat), source[source >= 0], target[source >= 0])
    order = np.argsort(level, kind="stable")
    final = np.arange(first + len(flat), dtype=np.int32)
    final[first + order] = np.arange(first, first + len(flat))
    last = final[number_of]
    none = np.zeros(0, np.int32)
    return Netlist(
        top=netlist.top,
        inputs=inputs,
        outputs={port: tuple(last[list(nets)].tolist()) for port, nets in netlist.outputs.items()},
        clock="",
        kind=np.tile(netlist.kind, len(cycles))[order],
        fanin=final[flat[order]],
        out=np.arange(first, first + len(flat), dtype=np.int32),
        level=level[order] + 1,
        block=np.tile(netlist.block, len(cycles))[order],
        ff_d=none,
        ff_q=none,
        ff_init=none.astype(np.uint8),
        ff_block=none,
        blocks=netlist.blocks,
    )
