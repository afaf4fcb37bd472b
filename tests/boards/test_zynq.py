"""The Zynq boards: records that agree with the processor, the presets, and the files beside them."""

import importlib.resources
import re

import pytest

from pyralis.boards.base import ZynqBoard, all_boards
from pyralis.gen.boards.vivado.processor import PROCESSORS
from pyralis.gen.snn.capacity import for_board
from pyralis.hw.snn.config import PRESETS

BOARDS = {name: board for name, board in all_boards().items() if isinstance(board, ZynqBoard)}


def test_the_boards():
    assert {name: board.part for name, board in BOARDS.items()} == {
        "kv260": "xck26-sfvc784-2LV-c",
        "pynq_z2": "xc7z020clg400-1",
        "zcu104": "xczu7ev-ffvc1156-2-e",
    }


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_ports_are_those_of_the_processor(board):
    processor = PROCESSORS[board.processing_system]
    window = processor.control_ports[board.control_port]
    assert window.base <= board.control_base < window.base + window.size
    assert set(board.memory_ports) <= set(processor.memory_ports)
    assert len(set(board.memory_ports)) == len(board.memory_ports) >= 2


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_the_preset_can_be_built(board):
    config = for_board(PRESETS[board.presets["snn"]], board)
    assert config.address_bits <= board.address_bits
    assert config.bus_bits <= board.bus_bits
    assert board.fabric_cell == (config.cell == "fabric")
    if not board.fabric_cell:
        assert config.cells <= board.resources.dsps


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_constraints_place_what_the_record_says(board):
    folder = importlib.resources.files(f"pyralis.boards.{board.name}")
    text = (folder / f"{board.name}.xdc").read_text()
    commands = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.match(r"set_(property|false_path) ", line) for line in commands)
    assert set(re.findall(r"get_ports (\w+)", text)) == ({"irq_led"} if board.led else set())
    assert text.count("PACKAGE_PIN") == text.count("IOSTANDARD") == int(board.led)
    assert "Source: " in text


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_board_is_one_small_folder(board):
    folder = importlib.resources.files(f"pyralis.boards.{board.name}")
    files = sorted(item.name for item in folder.iterdir() if not item.name.startswith("__pycache__"))
    assert files == ["__init__.py", f"{board.name}.xdc"]
    assert len((folder / "__init__.py").read_text().splitlines()) < 50
