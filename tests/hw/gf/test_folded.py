"""The folded corrector: its mapped netlist on many syndromes at once, and its ports in a simulator."""

import itertools
import random
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import pytest

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.code import BchCode, product_code, residue_code
from pyralis.hw.gf.decoder import decode
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.folded import FoldedCorrector
from pyralis.sim.bench.build import run_cocotb
from pyralis.sim.netlist.evaluate import Evaluator, pack, unpack

CODES = {"residue": residue_code, "product": product_code}


@lru_cache
def corrector(kind: str, m: int, code_t: int, t: int, points: int) -> tuple[FoldedCorrector, Evaluator]:
    component = FoldedCorrector(Gf2m(m), CODES[kind](m, code_t), t, points)
    mapped = map_gates(emit(component, "folded"), "folded", structural=points > 8)  # ABC is slow there
    return component, Evaluator(mapped.netlist)


def flat(code: BchCode, syndrome: Sequence[int]) -> int:
    return sum(value << n * code.r for n, value in enumerate(syndrome))


def on_product(component: FoldedCorrector, positions: Iterable[int]) -> int:
    """What errors at *positions* add to the reduced product."""
    pattern = sum(1 << k for k in positions)
    if component.code.kind == "residue":
        return component.field.reduce(pattern)
    return pattern >> component.code.parity_bits


def run(component: FoldedCorrector, gates: Evaluator, syndromes: Sequence[int]) -> list[tuple[int, int, int]]:
    """(flips, corrected, uncorrectable) of each syndrome; registers hold rubbish before the reset.

    Starts while busy, in random lanes, change nothing.
    """
    planes = pack(syndromes, len(component.syndrome))
    words = planes.shape[1]
    rng = np.random.default_rng(1)
    state = rng.integers(0, 1 << 64, gates.initial_state(words).shape, np.uint64)

    never, always = np.zeros((1, words), np.uint64), np.full((1, words), ~np.uint64(0))

    def step(start: np.ndarray, syndrome: np.ndarray, reset: np.ndarray = never) -> dict[str, np.ndarray]:
        nonlocal state
        inputs = {"start": start, "rst": reset, "syndrome": syndrome, "clk": never}
        outputs, state = gates.step({port: inputs[port] for port in gates.netlist.inputs}, state)
        return outputs

    for _ in range(2):
        step(never, planes, always)
    for cycle in range(component.cycles):
        again = rng.integers(0, 1 << 64, (1, words), np.uint64)
        outputs = step(again if cycle else always, planes)
        assert not outputs["done"].any() and outputs["busy"].all() == (cycle > 0)
        assert not outputs["corrected"].any() and not outputs["uncorrectable"].any()
    outputs = step(never, ~planes)  # the syndrome may go with the cycle of done
    assert outputs["done"].all() and not outputs["busy"].any()
    later = step(never, ~planes)
    assert not later["done"].any()
    assert all((later[name] == outputs[name]).all() for name in ("flips", "corrected", "uncorrectable"))
    columns = (unpack(outputs[name], len(syndromes)) for name in ("flips", "corrected", "uncorrectable"))
    return list(zip(*columns, strict=True))


SMALL = [
    ("residue", 8, 1, 1, 1),
    ("residue", 8, 2, 1, 1),
    ("residue", 8, 2, 2, 4),
    ("residue", 8, 3, 2, 7),
    ("residue", 8, 3, 3, 1),
    ("residue", 16, 5, 4, 3),
    ("residue", 16, 5, 3, 1),
    ("product", 8, 1, 1, 5),
    ("product", 8, 2, 2, 1),
    ("product", 8, 2, 2, 16),
    ("product", 8, 5, 5, 5),
    ("product", 16, 3, 3, 2),
    ("product", 16, 4, 2, 1),
]


@pytest.mark.parametrize(("kind", "m", "code_t", "t", "points"), SMALL)
def test_every_pattern_and_what_is_beyond(kind, m, code_t, t, points):
    component, gates = corrector(kind, m, code_t, t, points)
    code = component.code
    columns = [flat(code, code.syndrome(1 << k)) for k in range(code.length)]
    patterns = {}
    for weight in range(t + 1):
        for positions in itertools.combinations(range(code.length), weight):
            syndrome = 0
            for k in positions:
                syndrome ^= columns[k]
            patterns[syndrome] = on_product(component, positions)
    rng = random.Random(1)
    bits = len(component.syndrome)
    if bits <= 15:
        syndromes = list(range(1 << bits))
    else:
        heavy = [rng.sample(columns, rng.randrange(t + 1, min(2 * t + 4, code.length))) for _ in range(5000)]
        syndromes = list(patterns)
        for some in heavy:
            syndromes.append(0)
            for column in some:
                syndromes[-1] ^= column
        syndromes += [rng.getrandbits(bits) for _ in range(5000)]
    found = run(component, gates, syndromes)
    for syndrome, outcome in zip(syndromes, found, strict=True):
        expected = (patterns[syndrome], 1, 0) if syndrome in patterns else (0, 0, 1)
        assert outcome == expected, f"syndrome {syndrome:#x}"
    assert sum(corrected for _, corrected, _ in found) < len(found) or t == code.t == 1


LARGE = [
    ("residue", 45, 5, 5, 1),
    ("residue", 45, 5, 5, 8),
    ("residue", 45, 5, 2, 4),
    ("residue", 45, 1, 1, 1),
    ("product", 45, 5, 5, 1),
    ("product", 45, 4, 4, 4),
    ("product", 45, 3, 3, 1),
    ("residue", 163, 3, 3, 8),
]


@pytest.mark.parametrize(("kind", "m", "code_t", "t", "points"), LARGE)
def test_random_patterns_of_large_codes(kind, m, code_t, t, points):
    component, gates = corrector(kind, m, code_t, t, points)
    code, rng = component.code, random.Random(2)
    syndromes, expected = [], []
    for weight in range(2 * t + 3):
        for _ in range(150 if weight <= t else 40):
            positions = rng.sample(range(code.length), weight)
            syndrome = code.syndrome(sum(1 << k for k in positions))
            known = positions if weight <= t else decode(code, syndrome, t)
            inside = known is not None and all(k < code.length for k in known)
            syndromes.append(flat(code, syndrome))
            expected.append((on_product(component, known), 1, 0) if inside else (0, 0, 1))
    assert run(component, gates, syndromes) == expected
    assert (0, 0, 1) in expected


def test_ports():
    component = FoldedCorrector(Gf2m(16), residue_code(16, 3), 3, points=3)
    run_cocotb(component, "cocotb_folded", env={"FOLDED": "16 3 3"})


def test_area_at_m_45():
    for kind in CODES:
        _, gates = corrector(kind, 45, 5, 5, 1)
        assert gates.netlist.gate_equivalents < 1900 and len(gates.netlist.ff_d) == 145


def test_cycles():
    field, code = Gf2m(45), residue_code(45, 5)
    assert [FoldedCorrector(field, code, 5, points).cycles for points in (1, 4, 8, 89)] == [181, 116, 105, 94]


@pytest.mark.parametrize(
    ("m", "t", "points", "message"),
    [
        (8, 3, 1, "t must be in 1..2, the errors that the code corrects, not 3."),
        (8, 0, 1, "t must be in 1..2, the errors that the code corrects, not 0."),
        (8, 2, 16, "points must be in 1..15, the positions of the code, not 16."),
        (8, 2, 0, "points must be in 1..15, the positions of the code, not 0."),
        (16, 2, 1, "The field has m = 16 and the code m = 8; they must be the same."),
    ],
)
def test_errors(m, t, points, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        FoldedCorrector(Gf2m(m), residue_code(8, 2), t, points)
