"""What a spiking core takes of a device, against what synthesis has counted."""

from dataclasses import replace

import pytest

from pyralis.boards.base import all_boards
from pyralis.gen.errors import UserError
from pyralis.gen.snn.capacity import fitted, for_board, need
from pyralis.hw.snn.config import PRESETS, SnnConfig

BOARDS = all_boards()


@pytest.mark.parametrize(
    ("board", "preset", "luts", "block_rams", "dsps"),
    [  # the first as placed, the others counted by Yosys 0.70; pipeline registers come and go
        ("ulx3s", "tiny", 41_805, 74, 33),
        ("pynq_z2", "tiny", 22_736, 10, 32),
        ("kv260", "zu3eg", 20_827, 48, 272),
        ("zcu104", "zcu104", 33_944, 96, 1_040),
    ],
)
def test_estimates_are_near_what_synthesis_counts(board, preset, luts, block_rams, dsps):
    found = need(PRESETS[preset], BOARDS[board])
    assert found.luts == pytest.approx(luts, rel=0.1)
    assert found.dsps == pytest.approx(dsps, abs=1)
    assert block_rams <= found.block_rams <= block_rams + 20, "small memories may be made of tables"


def test_fewer_neurons_take_fewer_tables():
    assert need(replace(PRESETS["tiny"], neuron_lanes=2), BOARDS["pynq_z2"]).luts == pytest.approx(
        17_198, rel=0.1
    )


def test_boards_without_dsp48e2_get_cells_in_fabric():
    cells = {name: for_board(PRESETS["zu3eg"], board).cell for name, board in BOARDS.items()}
    assert cells == {"kv260": "dsp48e2", "pynq_z2": "fabric", "ulx3s": "fabric", "zcu104": "dsp48e2"}


def test_configurations_are_fitted_to_the_ports():
    small = for_board(PRESETS["zu3eg"], BOARDS["pynq_z2"])
    assert (small.address_bits, small.bus_bits, small.cell) == (32, 64, "fabric")
    assert for_board(PRESETS["zcu104"], BOARDS["zcu104"]) == PRESETS["zcu104"]
    assert for_board(PRESETS["tiny"], BOARDS["kv260"]) == PRESETS["tiny"]


def test_a_core_that_is_too_large_is_refused():
    assert fitted("tiny", PRESETS["tiny"], BOARDS["ulx3s"]) == PRESETS["tiny"]
    with pytest.raises(UserError) as caught:
        fitted("zu3eg", PRESETS["zu3eg"], BOARDS["ulx3s"])
    assert caught.value.what == (
        "The core zu3eg is larger than LFE5U-85F-6BG381C of Radiona ULX3S 85F: "
        "LUT 88,373 > 83,640 (estimated)."
    )
    assert caught.value.hint == "pyralis boards lists what fits"


def test_a_leak_of_shifts_needs_no_multipliers():
    config = SnnConfig(cell="fabric", leak="shift")
    assert need(config, BOARDS["ulx3s"]).dsps == 0
    assert need(replace(config, cell="dsp48e2"), BOARDS["zcu104"]).dsps == config.cells
