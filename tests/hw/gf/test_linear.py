"""XOR gates of linear maps, against the maps themselves."""

import random

import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from finitefields import settle
from hypothesis import given, settings
from hypothesis import strategies as st

from pyralis.hw.gf import linear


@st.composite
def maps(draw, most=12, inputs=None):
    columns = inputs or draw(st.integers(1, most))
    rows = draw(st.lists(st.integers(0, (1 << columns) - 1), min_size=1, max_size=12))
    return tuple(rows), columns


def vectors(inputs):
    return range(1 << inputs) if inputs < 8 else random.Random(inputs).sample(range(1 << inputs), 100)


def apply_plan(plan, vector):
    values = [vector >> k & 1 for k in range(plan.inputs)]
    for a, b in plan.gates:
        assert max(a, b) < len(values), "a gate uses a later one"
        values.append(values[a] ^ values[b])
    return sum(values[k] << index for index, k in enumerate(plan.outputs) if k >= 0)


def by_definition(rows, vector):
    return sum(
        (sum(row >> i & vector >> i & 1 for i in range(row.bit_length())) % 2) << k
        for k, row in enumerate(rows)
    )


@given(maps(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_plan_computes_the_map(some, share):
    rows, inputs = some
    plan = linear.plan(rows, inputs, share=share)
    for vector in vectors(inputs):
        assert apply_plan(plan, vector) == by_definition(rows, vector) == linear.sums(rows, vector)


@given(maps())
@settings(max_examples=100, deadline=None)
def test_sharing_never_costs_gates_and_trees_are_balanced(some):
    rows, inputs = some
    alone = linear.plan(rows, inputs, share=False)
    assert len(alone.gates) == sum(max(row.bit_count() - 1, 0) for row in rows)
    assert alone.levels == max((row.bit_count() - 1).bit_length() if row else 0 for row in rows)
    shared = linear.plan(rows, inputs)
    assert len(shared.gates) <= len(alone.gates)
    assert len(set(map(frozenset, shared.gates))) == len(shared.gates), "the same gate twice"
    depth = [0] * inputs
    for a, b in shared.gates:
        depth.append(1 + max(depth[a], depth[b]))
    assert shared.levels == max((depth[k] for k in shared.outputs if k >= 0), default=0)


def test_sums_that_stand_in_several_outputs_are_made_once():
    rows = (0b1111, 0b0111, 0b0011)
    assert len(linear.plan(rows, 4).gates) == 3
    assert len(linear.plan(rows, 4, share=False).gates) == 6
    assert len(linear.plan((0b11, 0b11, 0b11), 2).gates) == 1


def test_map_of_more_inputs_than_are_searched_together():
    rng = random.Random(3)
    inputs = 2 * linear.CHUNK + 5
    rows = tuple(rng.getrandbits(inputs) for _ in range(20))
    plan = linear.plan(rows, inputs)
    assert len(plan.gates) < 0.8 * sum(row.bit_count() - 1 for row in rows)
    for _ in range(50):
        vector = rng.getrandbits(inputs)
        assert apply_plan(plan, vector) == linear.sums(rows, vector)


def test_plan_without_inputs_that_matter():
    plan = linear.plan((0, 0b10), 2)
    assert plan.gates == () and plan.outputs == (-1, 1) and plan.levels == 0
    assert linear.plan((), 3).outputs == ()


@given(maps())
@settings(max_examples=50, deadline=None)
def test_transpose(some):
    rows, inputs = some
    columns = linear.transpose(rows, inputs)
    assert len(columns) == inputs
    for k, column in enumerate(columns):
        assert column == linear.sums(rows, 1 << k)
    assert linear.transpose(columns, len(rows)) == rows


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_compose_and_linear_rows(data):
    inner, inputs = data.draw(maps(6))
    outer, _ = data.draw(maps(inputs=len(inner)))
    rows = linear.compose(outer, inner)
    for vector in range(1 << inputs):
        assert linear.sums(rows, vector) == linear.sums(outer, linear.sums(inner, vector))
    assert linear.linear_rows(lambda v: linear.sums(inner, v), inputs, len(inner)) == inner


class Mapped(wiring.Component):
    def __init__(self, rows, inputs, share) -> None:
        self.rows, self.share = rows, share
        super().__init__({"x": In(inputs), "y": Out(len(rows)), "z": Out(len(rows))})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += self.y.eq(linear.apply(m, self.rows, self.x, name="y", share=self.share))
        terms = [linear.combine([self.x[k] for k in range(len(self.x)) if row >> k & 1]) for row in self.rows]
        for k, term in enumerate(terms):
            m.d.comb += self.z[k].eq(term)
        return m


@pytest.mark.parametrize("share", [True, False])
def test_apply_and_combine_in_hardware(share):
    rng = random.Random(4)
    inputs = 9
    rows = (0, 1, (1 << inputs) - 1, *(rng.getrandbits(inputs) for _ in range(6)))
    found = settle(Mapped(rows, inputs, share), [{"x": x} for x in range(1 << inputs)], "y", "z")
    assert found == [(linear.sums(rows, x),) * 2 for x in range(1 << inputs)]


def test_combine_is_a_balanced_tree():
    class Counted:
        def __init__(self, level=0, leaves=1):
            self.level, self.leaves = level, leaves

        def __xor__(self, other):
            return Counted(1 + max(self.level, other.level), self.leaves + other.leaves)

    for count in range(1, 40):
        result = linear.combine([Counted()] * count)
        assert result.leaves == count and result.level == (count - 1).bit_length()
