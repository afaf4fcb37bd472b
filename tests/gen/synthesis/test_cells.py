import pytest

from pyralis.gen.synthesis.cells import CELLS, FLIP_FLOP_EQUIVALENTS, GateKind


def test_every_kind_has_its_cell():
    assert set(CELLS) == set(GateKind)
    assert [len(CELLS[kind].pins) for kind in GateKind] == [1, 2, 2, 2, 2, 2, 2, 2, 2, 3]


AREAS = {"NAND": 1, "NOR": 1, "AND": 1.33, "OR": 1.33, "XOR": 2, "XNOR": 2, "NOT": 0.67, "MUX": 2.33}


@pytest.mark.parametrize("kind", AREAS)
def test_areas_over_that_of_a_nand(kind):
    assert CELLS[GateKind[kind]].equivalents == pytest.approx(AREAS[kind], abs=0.01)


def test_area_of_a_flip_flop():
    assert pytest.approx(5.67, abs=0.01) == FLIP_FLOP_EQUIVALENTS
