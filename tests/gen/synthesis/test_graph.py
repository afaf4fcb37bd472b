import numpy as np
import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.synthesis.graph import block_of, levels, longest_path, names_of, segments


def test_levels_are_longest_paths():
    # 0 -> 1 -> 3, 0 -> 3, 2 -> 3 twice, 3 -> 4; 5 alone
    source, target = np.array([0, 1, 0, 2, 2, 3]), np.array([1, 3, 3, 3, 3, 4])
    assert levels(6, source, target).tolist() == [0, 1, 0, 2, 3, 0]


def test_nodes_on_a_loop_and_behind_it_have_no_level():
    source, target = np.array([0, 1, 2, 2]), np.array([1, 2, 1, 3])
    assert levels(4, source, target).tolist() == [0, -1, -1, -1]


def test_segments():
    assert segments(np.array([5, 7, 0]), np.array([2, 0, 3])).tolist() == [5, 6, 0, 1, 2]
    assert segments(np.array([], int), np.array([], int)).size == 0


def cell(kind, block=None, **pins):
    return {
        "type": kind,
        "attributes": {} if block is None else {"scopename": block},
        "port_directions": {pin: "output" if pin == "O" else "input" for pin in pins},
        "connections": {pin: [bit] for pin, bit in pins.items()},
    }


def module(*cells, **names):
    nets = {name: {"hide_name": 0, "bits": bits, "attributes": {}} for name, bits in names.items()}
    return {"cells": {str(index): one for index, one in enumerate(cells)}, "netnames": nets}


def test_longest_path_ends_at_flip_flops():
    chain = [cell("LUT1", I0=net, O=net + 1) for net in range(2, 7)]
    assert longest_path(module(*chain), "top", ("FD",)) == 5
    chain[2] = cell("FDRE", D=4, O=5)
    assert longest_path(module(*chain), "top", ("FD",)) == 2
    assert longest_path(module(), "top", ()) == 0


def test_a_loop_is_named():
    looped = module(cell("LUT2", I0=2, I1=4, O=3), cell("LUT1", I0=3, O=4), u=[9, 3], v=[4])
    with pytest.raises(UserError, match=r"combinational loop of 2 cells, through u\[1\], v\."):
        longest_path(looped, "top", ())


def test_the_block_of_a_cell():
    assert block_of(cell("LUT1")) == ""
    assert block_of(cell("LUT1", "x0 p")) == "x0.p"
    assert block_of({"attributes": {"hdlname": "x0 p gate"}}) == "x0.p"


def test_names_put_the_users_first_and_stop():
    nets = module(x=[2], **{f"a{index}": [index] for index in range(3, 9)})
    nets["netnames"]["$1"] = {"hide_name": 1, "bits": [2], "attributes": {}}
    assert names_of(nets, {2}) == "x"
    assert names_of(nets, set(range(2, 9))) == "a3, a4, a5, ..."
