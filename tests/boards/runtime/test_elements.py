"""Elements as integers and as words."""

import numpy as np
import pytest

from pyralis.boards.runtime.elements import Elements
from pyralis.boards.runtime.errors import DriverError


@pytest.mark.parametrize("m", [1, 31, 32, 33, 163])
def test_every_form_is_taken_and_given_back(m):
    elements = Elements(m)
    values = [0, 1, (1 << m) - 1, 0x123456789ABCDEF0123456789 & (1 << m) - 1]
    array = elements.array(values)
    assert array.shape == (4, -(-m // 32)) and array.dtype == np.uint32
    assert elements.integers(array) == elements.integers(values) == values
    assert elements.integers(array[2]) == [values[2]] == elements.integers(values[2])
    assert elements.alike(values, values) == values
    assert (elements.alike(values, array) == array).all()
    assert elements.alike(values[:1], array[0]).shape == array[0].shape
    assert elements.alike(values[:1], 5) == 0


def test_numpy_integers_are_integers():
    assert Elements(8).integers(np.int64(7)) == [7]
    assert Elements(8).alike([9], np.int64(7)) == 9


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (256, "the operand 0x100 has 9 bits, and an element has 8"),
        ([1, -1], "the operand -0x1 is negative"),
        (np.array([[256]], np.uint32), "the operand 0x100 has 9 bits, and an element has 8"),
    ],
)
def test_what_is_no_element_is_refused(values, what):
    with pytest.raises(DriverError) as caught:
        Elements(8).integers(values)
    assert caught.value.what == what
    assert caught.value.hint == "reduce it to an element of the field first"


@pytest.mark.parametrize(
    "array", [np.zeros((3, 2), np.uint32), np.zeros((3, 1)), np.zeros((1, 3, 1), np.uint32)]
)
def test_arrays_of_another_form_are_refused(array):
    with pytest.raises(DriverError) as caught:
        Elements(8).integers(array)
    assert caught.value.what == (
        "an array of elements has the shape (count, 1) and the type uint32, not "
        f"{array.shape} and {array.dtype}"
    )
    assert caught.value.hint == "give each element as 32-bit words, lowest first, or give Python integers"
