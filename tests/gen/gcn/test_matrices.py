"""Words of the row store that matrices take, and what they leave."""

import numpy as np
from densegraphs import gin, near

from pyralis.gen.gcn.matrices import matrices_of, room_of, words_of
from pyralis.gen.gcn.plan import draft
from pyralis.hw.gcn.config import GcnConfig

CONFIG = GcnConfig(store_rows=256)
"""1,024 words."""


def test_the_input_has_what_the_others_leave():
    rng = np.random.default_rng(1)
    network = gin(rng, 100, 13, 8, near(rng, 100, 3))
    steps = draft(network, CONFIG, windows=None).steps
    whole = matrices_of(network, CONFIG, steps, sparse=False)
    assert (whole["x"].words.size, whole["m1"].words.size, words_of(whole.values())) == (200, 100, 300)
    room = room_of(network, CONFIG, steps)
    assert room == 1024 - 100
    some = matrices_of(network, CONFIG, steps, sparse=False, memory=["x"], region=room)
    assert words_of(some.values()) == 1024
    assert some["x"].stride == whole["x"].stride == 100
    assert words_of([]) == 0


def test_rows_that_are_gathered_and_not_added_are_in_every_part_of_a_word():
    rng = np.random.default_rng(2)
    network = gin(rng, 60, 3, 3, near(rng, 60, 3))
    steps = draft(network, CONFIG).steps
    assert {name: each.splits for name, each in matrices_of(network, CONFIG, steps, False).items()} == {
        "x": 0,
        "m1": 0,
    }
