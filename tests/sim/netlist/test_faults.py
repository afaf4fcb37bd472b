import dataclasses
import random

import numpy as np
import pytest
from circuits import COUNTER, compared, two_step

from pyralis.gen.synthesis.cells import GateKind
from pyralis.gen.synthesis.flows import map_gates
from pyralis.gen.synthesis.netlist import Netlist
from pyralis.sim.netlist.evaluate import ALL_ONES, Evaluator, pack, unpack
from pyralis.sim.netlist.faults import Fault, FaultKind, Faults, FaultSimulator

FLIP, STUCK0, STUCK1 = FaultKind


def operands(bits: int, lanes: int, seed: int = 1) -> dict[str, np.ndarray]:
    chance = random.Random(seed)
    return {port: pack([chance.getrandbits(bits) for _ in range(lanes)], bits) for port in "ab"}


def with_faults(netlist: Netlist, case: tuple[Fault, ...]) -> Netlist:
    """The same netlist with the faulty gates replaced: what a fault should do, made another way."""
    inverse = {
        GateKind.AND: GateKind.NAND,
        GateKind.OR: GateKind.NOR,
        GateKind.XOR: GateKind.XNOR,
        GateKind.NAND: GateKind.AND,
        GateKind.NOR: GateKind.OR,
        GateKind.XNOR: GateKind.XOR,
    }
    kind, fanin = netlist.kind.copy(), netlist.fanin.copy()
    for fault in case:
        gate = fault.net - netlist.first_gate_net
        if fault.kind == FLIP:
            kind[gate] = inverse[GateKind(kind[gate])]
        else:
            kind[gate], fanin[gate] = GateKind.AND, int(fault.kind == STUCK1)
    return dataclasses.replace(netlist, kind=kind, fanin=fanin)


@pytest.mark.parametrize("width", [1, 2])
def test_as_if_the_gates_were_others(width):
    netlist = map_gates(two_step(8), "multiplier").netlist
    inputs = operands(8, 100)
    faults = Faults.singles(netlist) if width == 1 else Faults.pairs(netlist, 300, seed=4)
    simulator = FaultSimulator(netlist, inputs)
    outputs = simulator.run(faults)["c"]
    assert outputs.shape == (len(faults), 8, 2)
    for case in range(len(faults)):
        assert len(faults[case]) == width
        assert (outputs[case] == Evaluator(with_faults(netlist, faults[case])).run(inputs)["c"]).all()
    assert (simulator.golden["c"] == Evaluator(netlist).run(inputs)["c"]).all()
    assert (outputs != simulator.golden["c"]).any(axis=(1, 2)).mean() > 0.9


def test_batches_are_parts_of_the_whole(monkeypatch):
    netlist = map_gates(two_step(8), "multiplier").netlist
    simulator, faults = FaultSimulator(netlist, operands(8, 64)), Faults.singles(netlist)
    whole = simulator.run(faults)["c"]
    monkeypatch.setattr("pyralis.sim.netlist.evaluate.CHUNK_BYTES", 8 * 50 * netlist.net_count)
    batches = list(simulator.batches(faults))
    assert [batch.cases.stop - batch.cases.start for batch in batches] == [50] * 8 + [17]
    assert all((batch.outputs["c"] == whole[batch.cases]).all() for batch in batches)


def test_a_comparison_sees_every_fault_of_one_copy():
    netlist = map_gates(compared(8), "top").netlist
    faults = Faults.singles(netlist, netlist.out[netlist.gates_within("x0")], kinds=[FLIP])
    simulator = FaultSimulator(netlist, operands(8, 256))
    outputs = simulator.run(faults)
    wrong = (outputs["c"] ^ simulator.golden["c"]).any(axis=1)
    lanes = np.bitwise_or.reduce(outputs["c"] ^ simulator.golden["c"], axis=1)
    assert wrong.any(axis=1).all()
    assert (outputs["bad"][:, 0] == lanes).all()
    assert not simulator.golden["bad"].any()


def test_the_same_fault_in_both_copies_is_not_seen():
    # The reason why two copies must not share a gate.
    netlist = map_gates(compared(8), "top").netlist
    left, right = (netlist.out[netlist.gates_within(copy)] for copy in ("x0", "x1"))
    faults = Faults.of([
        [Fault(one, FLIP), Fault(other, FLIP)] for one, other in zip(left, right, strict=True)
    ])
    outputs = FaultSimulator(netlist, operands(8, 64)).run(faults)
    assert not outputs["bad"].any()


def test_faults_of_inputs():
    netlist = map_gates(two_step(8), "multiplier").netlist
    inputs = operands(8, 64)
    faults = Faults.singles(netlist, np.array(netlist.inputs["a"])[[3]])
    outputs = FaultSimulator(netlist, inputs).run(faults)["c"]
    for case, change in enumerate((
        lambda bit: bit ^ ALL_ONES,
        lambda bit: bit & 0,
        lambda bit: bit | ALL_ONES,
    )):
        other = inputs["a"].copy()
        other[3] = change(other[3])
        assert (outputs[case] == Evaluator(netlist).run({**inputs, "a": other})["c"]).all()


def test_flip_flops_over_several_cycles():
    netlist = map_gates(COUNTER, "top").netlist
    inputs = {"rst": pack([0], 1), "en": pack([1], 1), "step": pack([1], 4)}
    low = netlist.outputs["count"][0]
    assert low in netlist.ff_q
    faults = Faults.of([[Fault(low, kind)] for kind in FaultKind])
    simulator = FaultSimulator(netlist, [inputs] * 3)
    assert unpack(simulator.golden["count"], 1) == [11]
    counts = [unpack(planes, 1)[0] for planes in simulator.run(faults)["count"]]
    # 9 + 1 + 1, with the lowest bit seen inverted, as 0, or as 1 in each of the three cycles.
    assert counts == [8, 8, 13]
    once = [unpack(planes, 1)[0] for planes in simulator.run(faults, active={0})["count"]]
    assert once == [10, 10, 11]


def test_what_a_list_of_faults_holds():
    netlist = map_gates(COUNTER, "top").netlist
    faults = Faults.singles(netlist)
    assert len(faults) == 3 * (netlist.gate_count + netlist.flip_flop_count)
    assert faults[1] == (Fault(int(netlist.ff_q[0]), STUCK0),)
    pairs = Faults.pairs(netlist, 1000, seed=1)
    assert (pairs.nets[:, 0] != pairs.nets[:, 1]).all()
    assert set(pairs.kinds.ravel().tolist()) == {0, 1, 2}
    assert (pairs.nets == Faults.pairs(netlist, 1000, seed=1).nets).all()
    assert (pairs.nets != Faults.pairs(netlist, 1000, seed=2).nets).any()
    with pytest.raises(ValueError, match="a pair needs two nets, not 1"):
        Faults.pairs(netlist, 1, seed=1, nets=netlist.out[:1])
