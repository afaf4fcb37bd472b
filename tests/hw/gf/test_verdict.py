"""RTL of pyralis.hw.gf.verdict against counts on integers and a table of all correctable patterns."""

import random
from itertools import combinations

import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from finitefields import settle

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.code import BchCode, product_code, residue_code
from pyralis.hw.gf.keyequation import KeyEquation
from pyralis.hw.gf.locator import Locator
from pyralis.hw.gf.verdict import RestSyndrome, RootCount, Verdict, rest_channels
from pyralis.sim.netlist.evaluate import Evaluator, pack, unpack


def patterns(length: int, weight: int, limit: int = 400) -> list[int]:
    """All patterns of up to so many of *length* bits, or *limit* of each weight at random."""
    rng, found = random.Random(length), [0]
    for w in range(1, min(weight, length) + 1):
        some = [sum(1 << k for k in rng.sample(range(length), w)) for _ in range(limit)]
        if length**w < 10 * limit:
            some = [sum(1 << k for k in chosen) for chosen in combinations(range(length), w)]
        found += some
    return found


@pytest.mark.parametrize("t", range(1, 6))
@pytest.mark.parametrize("code", [residue_code(m, 1) for m in (2, 3, 4, 8, 45)], ids=str)
def test_counts_roots(code, t):
    some = patterns(code.length, t)
    found = settle(RootCount(code, t), [{"errors": errors} for errors in some], "count")
    assert found == [(errors.bit_count(),) for errors in some]


@pytest.mark.parametrize(
    ("code", "t"), [(residue_code(8, 3), 1), (residue_code(45, 5), 2), (product_code(45, 3), 2)], ids=str
)
def test_rest_is_the_syndrome_of_the_channels_not_used(code, t):
    some = patterns(code.length, t)
    found = settle(RestSyndrome(code, t), [{"errors": errors} for errors in some], "rest")
    channels = rest_channels(code, t)
    assert channels == tuple(range(t, code.t))
    for errors, (value,) in zip(some, found, strict=True):
        assert value == sum(code.syndrome(errors)[index] << n * code.r for n, index in enumerate(channels))


def test_the_rest_is_never_empty():
    assert rest_channels(BchCode("residue", 4, 3, 3), 2) == (1,)


def test_every_condition_of_the_verdict():
    """All values of the ports that decide, and a rest that agrees or differs in one bit."""
    code = residue_code(8, 3)
    rng, inputs, expected = random.Random(0), [], []
    for count in range(6):
        for degree in range(6):
            for flags in range(4):
                for differ in (0, *(1 << k for k in range(2 * code.r))):
                    fail, error = flags & 1, flags >> 1
                    rest = rng.getrandbits(2 * code.r)
                    used = rng.getrandbits(code.r)
                    syndrome = (rest ^ differ) << code.r | used
                    inputs.append({"count": count, "degree": degree, "fail": fail, "error": error})
                    inputs[-1] |= {"rest": rest, "syndrome": syndrome}
                    right = count == degree and not fail and not differ
                    expected.append((error and right, error and not right))
    assert settle(Verdict(code, 1), inputs, "corrected", "uncorrectable") == expected


class Decoder(wiring.Component):
    """Everything between the syndrome and the verdict."""

    def __init__(self, code: BchCode, t: int, form: str) -> None:
        self.blocks = {
            "key": KeyEquation(code, t, form),
            "locator": Locator(code, t),
            "count": RootCount(code, t),
            "rest": RestSyndrome(code, t),
            "verdict": Verdict(code, t),
        }
        width = code.r * len(code.channels)
        super().__init__({
            "syndrome": In(width),
            "errors": Out(code.length),
            "corrected": Out(1),
            "uncorrectable": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        for name, block in self.blocks.items():
            m.submodules[name] = block
        key, locator, count, rest, verdict = self.blocks.values()
        m.d.comb += [
            key.i.syndrome.eq(self.syndrome),
            locator.locator.eq(key.o.locator),
            count.errors.eq(locator.errors),
            rest.errors.eq(locator.errors),
            verdict.count.eq(count.count),
            verdict.degree.eq(key.o.degree),
            verdict.fail.eq(key.o.fail),
            verdict.error.eq(self.syndrome.any()),
            self.errors.eq(locator.errors),
            self.corrected.eq(verdict.corrected),
            self.uncorrectable.eq(verdict.uncorrectable),
        ]
        if "rest" in verdict.signature.members:
            m.d.comb += [verdict.rest.eq(rest.rest), verdict.syndrome.eq(self.syndrome)]
        return m


@pytest.mark.parametrize("form", ["closed", pytest.param("bm", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "code",
    [residue_code(8, 1), residue_code(8, 2), residue_code(8, 3), product_code(8, 2), product_code(8, 3)],
    ids=str,
)
def test_every_syndrome(code, form):
    """Corrected exactly if the table of all patterns of up to t errors has the syndrome; and then by that."""
    width = code.r * len(code.channels)
    for t in range(1, code.t + 1):
        table = {}
        for weight in range(t + 1):
            for chosen in combinations(range(code.length), weight):
                errors = sum(1 << k for k in chosen)
                flat = sum(value << n * code.r for n, value in enumerate(code.syndrome(errors)))
                assert table.setdefault(flat, errors) == errors
        netlist = map_gates(emit(Decoder(code, t, form), "decoder"), "decoder", structural=True).netlist
        planes = Evaluator(netlist).run({"syndrome": pack(range(1 << width), width)})
        ports = ("corrected", "uncorrectable", "errors")
        found = zip(*(unpack(planes[port], 1 << width) for port in ports), strict=True)
        for syndrome, (corrected, uncorrectable, errors) in enumerate(found):
            right = syndrome in table
            assert (corrected, uncorrectable) == (right and syndrome != 0, not right), (t, syndrome)
            assert not right or errors == table[syndrome], (t, syndrome)


def test_refusals():
    with pytest.raises(ValueError, match=r"^t must be in 1\.\.3, what the code corrects, not 4\.$"):
        Verdict(residue_code(8, 3), 4)
    with pytest.raises(ValueError, match=r"^t must be in 1\.\.5, not 6\.$"):
        RootCount(residue_code(8, 3), 6)
